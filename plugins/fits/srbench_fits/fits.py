"""FITS, which astropy understands: pictures of the sky, planes of cubes, compressed or not."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from srbench import Format, Frame, Image, ImageError, Scale

_SHARED = ("OBJECT", "TELESCOP", "INSTRUME", "DETECTOR", "FILTER", "FILTER1", "FILTER2", "IMAGETYP")
"""What the primary header tells of all images of a file."""
_OWN = ("EXTNAME", "EXTVER", "BUNIT")


class Fits(Format):
    """Images of FITS files. Row 0 of a picture is row 1 of the file, as astropy has it: at the bottom of most displays.

    Numbers are those of the file with BSCALE and BZERO, NaN where they are NaN or BLANK. Nobody knows which mean black
    and white: the dataset has to declare them, in the unit that the fact `BUNIT` names.
    """

    suffixes = (".fits", ".fit", ".fts", ".fits.gz", ".fits.fz")

    def __init__(self, hdu: int | str | None = None) -> None:
        """hdu: which HDU, by its number (0 is the primary one) or by EXTNAME, all that have this name; `all` for every
        one that holds a picture. By default the first that does.
        """
        self.hdu = hdu

    def frames(self, path: Path) -> Sequence[Frame]:
        """Each image, and each plane of a cube, with the header's `OBJECT`, `INSTRUME`, `FILTER` and the like as facts,
        those of the primary header where an image has none of its own; `HDU` and `PLANE` are their numbers.
        """
        from . import file, wcs

        found = []
        with file.opened(path) as hdus:
            for number, hdu in self._chosen(hdus):
                facts = {
                    name: str(header[name]).strip()
                    for header, names in ((hdus[0].header, _SHARED), (hdu.header, _SHARED + _OWN))
                    for name in names
                    if header.get(name)
                }
                spacing = wcs.spacing(hdu.header)
                for plane in np.ndindex(hdu.shape[:-2]):
                    place = {"HDU": str(number)} | ({"PLANE": ".".join(map(str, plane))} if plane else {})
                    key = ".".join(map(str, (number, *plane)))
                    found.append(Frame(path, key, hdu.shape[-2:], None, spacing, "arcsec", facts=facts | place))
        return found if len(found) > 1 else [replace(found[0], key="")]

    def besides(self, path: Path) -> Sequence[str]:
        """The HDUs that hold pictures and were not asked for, by number and EXTNAME."""
        from . import file

        with file.opened(path) as hdus:
            chosen = {number for number, _ in self._chosen(hdus)}
            return [
                _called(number, hdu) for number, hdu in file.each(hdus) if number not in chosen and file.is_picture(hdu)
            ]

    def read(self, frame: Frame) -> Image:
        """The pixels `(H, W, 1)` of a frame: whole numbers where they are meant as such, else float32, to which numbers
        of 64 bits are rounded.
        """
        from . import file, numbers

        with file.opened(frame.path) as hdus:
            if frame.key:
                number, *plane = map(int, frame.key.split("."))
            else:
                number, hdu = next(self._chosen(hdus))
                plane = [0] * (len(hdu.shape) - 2)
            hdu = hdus[number]
            return numbers.to_image(hdu.section[(*plane, slice(None), slice(None))], hdu.header)

    def write(self, path: Path, source: Path, images: Sequence[Image], scale: Scale, made_by: str) -> None:
        """The file `source` with SR in place of its pictures, everything else as it was, all headers included: they
        tell of the sky and of who looked at it, not of patients. Coordinates follow, BITPIX stays, HISTORY tells.
        """
        from astropy.io import fits

        from . import file, sr

        left, buffer = iter(images), io.BytesIO()
        with file.opened(source) as hdus:
            chosen = {number for number, _ in self._chosen(hdus)}
            made = [
                sr.enlarged(hdu, left, scale, f"SR x{scale} by {made_by}") if number in chosen else hdu
                for number, hdu in file.each(hdus)
            ]
            fits.HDUList(made).writeto(buffer, output_verify="silentfix")
        data = buffer.getvalue()
        path.write_bytes(gzip.compress(data, 6, mtime=0) if path.name.lower().endswith(".gz") else data)

    def _chosen(self, hdus: Any) -> Iterator[tuple[int, Any]]:
        """The numbers and HDUs of the pictures asked for. Raises `ImageError` if there is none."""
        from . import file

        there, found = [], False
        for number, hdu in file.each(hdus):
            there.append(_called(number, hdu))
            named = isinstance(self.hdu, str) and hdu.name.upper() == self.hdu.upper()
            if (self.hdu in (None, "all", number) or named) and file.is_picture(hdu):
                yield number, hdu
                found = True
                if self.hdu in (None, number):
                    return
        if not found:
            asked = "" if self.hdu in (None, "all") else f" in HDU {self.hdu!r}"
            raise ImageError(f"holds no picture of two dimensions{asked}; it has HDU {', '.join(there)}")


def _called(number: int, hdu: Any) -> str:
    return f"{number} ({hdu.name})" if hdu.name else str(number)
