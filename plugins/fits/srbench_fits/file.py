"""A FITS file of a stranger, opened: no more of it is read than is needed, and all that is wrong is said in words."""

from __future__ import annotations

import gzip
import io
import itertools
import math
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from astropy.io import fits

from srbench import ImageError
from srbench.pictures import MAX_PIXELS

MAX_BYTES = 4 * 1024**3
"""A gzip file that holds more is refused: what it holds is held in memory as a whole."""
MAX_PLANES = 1_000_000
"""A header that promises more pictures in an HDU is refused: each is a frame in memory."""

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 24
_BLOCK = 2880
"""All of FITS comes in blocks of so many bytes, and some writers save the end of the last."""


@contextmanager
def opened(path: Path) -> Iterator[fits.HDUList]:
    """The HDUs of a file, read as they are asked for, with numbers as they are stored.

    Raises `ImageError` that names the file for whatever goes wrong, in here or in the block.
    """
    try:
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")  # astropy tells what it mends
            source: BinaryIO = file
            if file.read(2) == _GZIP:
                status = path.stat()
                source = io.BytesIO(_unpacked(path, status.st_size, status.st_mtime_ns))
            source.seek(0)
            if source.read(6) != b"SIMPLE":
                raise ImageError("is not FITS: it does not begin with SIMPLE")
            source.seek(0)
            with fits.open(source, memmap=False, do_not_scale_image_data=True, lazy_load_hdus=True) as hdus:
                yield hdus
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ImageError(f"{path}: damaged or truncated: {error}") from error
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # whatever a stranger's header brings astropy to
        raise ImageError(f"{path}: damaged, or not FITS: {error or type(error).__name__}") from error


def each(hdus: fits.HDUList) -> Iterator[tuple[int, Any]]:
    """The HDUs with their numbers. Raises `ImageError` for one that promises more than the file holds."""
    for number in itertools.count():
        try:
            hdu = hdus[number]
        except IndexError:
            return
        if not hasattr(hdu, "fileinfo"):
            raise ImageError(f"its HDU {number} is damaged, or not of standard FITS")
        place = hdu.fileinfo()
        if place["datSpan"] and place["datLoc"] + place["datSpan"] - place["file"].size >= _BLOCK:
            raise ImageError(f"damaged or truncated: the data of HDU {number} are not all in the file")
        yield number, hdu


def is_picture(hdu: Any) -> bool:
    """Whether an HDU holds an image of two dimensions or planes of it, tile-compressed or not.

    Raises `ImageError` for a header that promises too much, and for HCOMPRESS, of which astropy's decoder writes beyond
    its memory where a tile is damaged.
    """
    kinds = (fits.PrimaryHDU, fits.ImageHDU, fits.CompImageHDU)
    if not isinstance(hdu, kinds) or isinstance(hdu, fits.GroupsHDU) or len(hdu.shape) < 2:
        return False
    *further, height, width = hdu.shape
    planes = math.prod(further)
    if min(height, width) < 2 or planes < 1:
        return False
    if height * width > MAX_PIXELS:
        raise ImageError(f"its header promises {width} x {height} pixels, more than {MAX_PIXELS:,}; cut it up")
    if planes > MAX_PLANES:
        raise ImageError(f"its header promises {planes:,} planes, more than {MAX_PLANES:,}; split it")
    if getattr(hdu, "compression_type", "").startswith("HCOMPRESS"):
        raise ImageError("its tiles are compressed by HCOMPRESS; unpack it (funpack), or pack it with Rice or gzip")
    return True


@lru_cache(maxsize=1)
def _unpacked(path: Path, size: int, changed: int) -> bytes:
    """What a gzip file holds, its checksum compared. The last is kept: its planes are asked for one by one."""
    held = io.BytesIO()
    with gzip.open(path) as packed:
        while chunk := packed.read(_CHUNK):
            held.write(chunk)
            if held.tell() > MAX_BYTES:
                raise ImageError(f"decompresses to more than {MAX_BYTES:,} bytes; split it")
    return held.getvalue()
