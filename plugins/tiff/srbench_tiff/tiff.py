"""Stacks of TIFF: a page a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np

from srbench import Format, Frame, Image, ImageError, Scale, Values
from srbench.pictures import DEPTHS, TiffPage, tiff_pages

from . import imagej, ome
from .stack import Plane, Stack

_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_UNITS = {"": "NONE", "inch": "INCH", "cm": "CENTIMETER"}
_MILLIMETRES = {"inch": 25.4, "cm": 10.0}
_BIG = 2**32 - 2**25
"""Bytes of pixels from which on a file is a BigTIFF."""


@dataclass(frozen=True)
class _File:
    """A file that was looked at: the pages that are asked for by their keys, and the planes of those that have one."""

    description: str
    stack: Stack | None
    pages: Mapping[str, TiffPage]

    @property
    def planes(self) -> list[Plane]:
        assert self.stack is not None
        return [self.stack.planes[page.index] for page in self.pages.values()]


class Tiff(Format):
    """Pages of TIFFs that hold several, and OME-TIFF. A TIFF with one page is a picture as PNG is, and none of this.

    Levels of pyramids, previews and masks are no pages. Each page is read as a TIFF of it alone is, inverted where
    white is zero. Numbers of 8 bits mean black and white by themselves, and others where OME-XML says how many bits
    count; what the rest means the dataset has to declare.
    """

    suffixes = (".tif", ".tiff")

    def __init__(self, channel: int | str | None = None) -> None:
        """channel: which channel of OME-TIFF or of an ImageJ hyperstack, by its number (from 0), or by its name, all
        that have this name. By default every one.
        """
        self.channel = channel
        self._last: tuple[object, _File] | None = None

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether it is a TIFF of several pages, or OME-TIFF, by its content."""
        if not head.startswith(_STARTS):
            return False
        try:
            pages = tiff_pages(path, most=2)
        except ImageError:
            return False  # whoever reads single pictures says what is wrong
        return len(pages) > 1 or ome.is_ome(pages[0].description)

    def frames(self, path: Path) -> Sequence[Frame]:
        """Each page; `Channel`, `C`, `Z`, `T` and `Image` as facts where the file tells them, else `Page`, from 0."""
        file = self._file(path)
        return [
            Frame(path, key, page.size, *_values_and_spacing(page, file.stack), facts=_facts(page, file.stack))
            for key, page in file.pages.items()
        ]

    def read(self, frame: Frame) -> Image:
        """The pixels of a page, in the file's own depth: float16 and float64 become float32, 1, 2 and 4 bits the 8-bit
        values that they stand for, palettes colours.
        """
        try:
            page = self._file(frame.path).pages[frame.key]
        except KeyError:
            raise ImageError(f"{frame.path}: has no page {frame.key!r} any more") from None
        return page.read()

    def write(self, path: Path, source: Path, images: Sequence[Image], scale: Scale, made_by: str) -> None:
        """A TIFF of the same pages, compressed without loss, inverted where they were.

        Resolution and its unit, channels and their names, slices and times follow; other tags and texts, which may tell
        names, do not. `Software` names the method.
        """
        import tifffile

        file = self._file(source)
        software, description = f"SR x{scale} by {made_by}", None
        if file.stack is not None and ome.is_ome(file.description):
            description = ome.write(file.description, file.planes, images, scale, software).encode()
        elif file.stack is not None:
            description = imagej.write(file.description, file.planes).encode()
        with tifffile.TiffWriter(path, bigtiff=sum(image.nbytes for image in images) > _BIG) as out:
            for number, (page, image) in enumerate(zip(file.pages.values(), images, strict=True)):
                grey = image.shape[-1] == 1
                stored = image[..., 0] if grey else image
                if page.white_is_zero:
                    stored = np.iinfo(stored.dtype).max - stored
                out.write(
                    stored,
                    photometric="miniswhite" if page.white_is_zero else "minisblack" if grey else "rgb",
                    compression="zlib",
                    description=None if number else description,
                    software=software,
                    resolution=_resolution(page, scale),
                    resolutionunit=_UNITS[page.resolution_unit],
                    metadata=None,
                )

    def _file(self, path: Path) -> _File:
        # The last one is kept: to look for a page in a long file takes long.
        try:
            status = path.stat()
        except OSError as error:
            raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from error
        identity = (path, status.st_size, status.st_mtime_ns, status.st_ino)
        if self._last is None or self._last[0] != identity:
            with _named(path):
                self._last = identity, self._looked_at(path)
        return self._last[1]

    def _looked_at(self, path: Path) -> _File:
        pages = tiff_pages(path)
        text = pages[0].description
        stack = None
        if ome.is_ome(text):
            stack = ome.read(text, path, pages)
        elif imagej.is_imagej(text):
            stack = imagej.read(text, pages)
        if stack is None or not stack.series:
            if self.channel is not None:
                raise ImageError(f"tells of no channels, and so not of the channel {self.channel!r}")
            width = len(str(len(pages) - 1))
            keys = (f"{number:0{width}}" if len(pages) > 1 else "" for number in range(len(pages)))
            return _File(text, None, dict(zip(keys, pages, strict=True)))
        held = [page for page in pages if page.index in stack.planes]
        chosen = {stack.key(plane): page for page in held if self._asked(stack, plane := stack.planes[page.index])}
        if not chosen:
            there = dict.fromkeys(f"{plane.channel} ({stack.name(plane)})" for plane in stack.planes.values())
            raise ImageError(f"has no channel {self.channel!r}; there are {', '.join(there) or 'none in this file'}")
        return _File(text, stack, chosen)

    def _asked(self, stack: Stack, plane: Plane) -> bool:
        if isinstance(self.channel, str):
            return stack.name(plane).lower() == self.channel.lower()
        return self.channel in (None, plane.channel)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Whatever a stranger's text brings about is told with the name of the file."""
    try:
        yield
    except ImageError as error:
        raise error if str(path) in str(error) else ImageError(f"{path}: {error}") from None
    except (ValueError, KeyError, RecursionError) as error:
        raise ImageError(f"{path}: its description cannot be meant: {error}") from error


def _values_and_spacing(page: TiffPage, stack: Stack | None) -> tuple[Values | None, tuple[float, float] | None, str]:
    series = None if stack is None else stack.series[stack.planes[page.index].image]
    values = DEPTHS["uint8"] if page.depth == "uint8" else None
    if series is not None and series.bits and page.depth.startswith("uint") and not page.white_is_zero:
        bits = int(page.depth.removeprefix("uint"))
        values = Values(0.0, 2.0**series.bits - 1) if series.bits < bits else values
    if series is not None and series.spacing is not None:
        return values, series.spacing, series.unit
    if page.resolution is None or not page.resolution_unit:
        return values, None, "mm"
    down, across = (_MILLIMETRES[page.resolution_unit] / float(number) for number in page.resolution)
    return values, (down, across), "mm"


def _facts(page: TiffPage, stack: Stack | None) -> dict[str, str]:
    if stack is None:
        return {"Page": str(page.index)}
    plane = stack.planes[page.index]
    numbers = {"Image": plane.image, "C": plane.channel, "Z": plane.z, "T": plane.t}
    return {"Channel": stack.name(plane)} | {name: str(number) for name, number in numbers.items()}


def _resolution(page: TiffPage, scale: Scale) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Pixels for each unit across and down, as TIFF has them: two whole numbers of 32 bits, as near as they come."""
    if page.resolution is None:
        return None
    down, across = (
        (number * scale).limit_denominator(max(1, (2**32 - 1) // ceil(number * scale))).as_integer_ratio()
        for number in page.resolution
    )
    return across, down
