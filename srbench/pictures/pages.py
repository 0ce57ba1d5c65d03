"""The pictures of a TIFF that holds several, from directories alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Literal

from srbench.pictures import orientation
from srbench.pictures.array import Image
from srbench.pictures.chain import pictures
from srbench.pictures.directories import ACROSS, DOWN, RESOLUTION_UNIT, Directory
from srbench.pictures.header import Refused, check_size
from srbench.pictures.reading import opaque, opened, split

_UNITS: dict[int, Literal["inch", "cm"]] = {2: "inch", 3: "cm"}


@dataclass(frozen=True)
class TiffPage:
    """A picture of a TIFF in full resolution, as its directory tells of it.

    index: which of the file's pages it is, reduced ones and masks counted, from 0. size: height and width, upright.
    depth: the type of its pixels. white_is_zero: the file holds it inverted. resolution: pixels for each
    `resolution_unit`, down and across, where the file says so. description: the text that programs write about the
    file; of its first picture alone.
    """

    path: Path
    index: int
    size: tuple[int, int]
    depth: str
    white_is_zero: bool
    resolution: tuple[Fraction, Fraction] | None
    resolution_unit: Literal["", "inch", "cm"]
    description: str
    _place: tuple[int, int, int | None]

    def read(self) -> Image:
        """Its pixels as `read_image` has those of a file with this page alone. Raises `ImageError`."""
        from srbench.pictures import tiff  # which brings Pillow

        offset, moved, mask = self._place
        with opened(self.path) as (file, _):
            picture = Directory(file, offset, self.index, moved)
            image = orientation.upright(*tiff.decode_page(picture, None if mask is None else Directory(file, mask)))
        return opaque(self.path, *split(self.path, image))


def tiff_pages(path: Path, most: int | None = None) -> list[TiffPage]:
    """The pictures of a TIFF in full resolution, in the file's order, the first `most`; levels of pyramids, previews
    and masks are passed over.

    Raises `ImageError` where the file is no TIFF, holds none, or is damaged.
    """
    from srbench.pictures import tiff

    with opened(path) as (file, decoder):
        if decoder is not tiff:
            raise Refused("is no TIFF: it does not begin as one")
        return [
            _page(path, picture, mask, described=not number)
            for number, (picture, mask) in enumerate(islice(pictures(file), most))
        ]


def _page(path: Path, picture: Directory, mask: Directory | None, described: bool) -> TiffPage:
    from srbench.pictures import tiff

    check_size(*picture.size)
    width, height = picture.size
    across, down = picture.rational(ACROSS), picture.rational(DOWN)
    if orientation.swaps(picture.orientation):
        width, height, across, down = height, width, down, across
    resolution = None if down is None or across is None else (down, across)
    return TiffPage(
        path,
        picture.index,
        (height, width),
        tiff.depth(picture),
        tiff.white_is_zero(picture),
        resolution,
        _UNITS.get(picture.number(RESOLUTION_UNIT, 2), "") if resolution else "",
        picture.description if described else "",
        (picture.offset, picture.moved, None if mask is None else mask.offset),
    )
