"""Pictures from disk, in their native depth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from srbench.pictures import orientation
from srbench.pictures.array import Image, ImageError
from srbench.pictures.header import MAX_PIXELS, REFUSED, Refused
from srbench.pictures.values import DEPTHS, Values

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm", ".pam"}
)


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read one picture, losing nothing.

    Returns `(H, W, C)`, C 1 or 3, in the file's own depth (float16 and float64 become float32; 1, 2 and 4 bits become
    the 8-bit values they stand for). The content decides the format, not the suffix. Palettes become the colours they
    stand for (grey, when all are grey), an opaque alpha channel is dropped, an orientation in EXIF or XMP is applied,
    colour profiles are not. NaN stays: nothing was measured there. What has no single honest reading (transparency,
    CMYK, several frames, an odd depth, infinity, a damaged or empty file) raises `ImageError` with the file's name.
    """
    return opaque(path, *read_with_alpha(path))


def read_with_alpha(path: str | os.PathLike[str]) -> tuple[Image, Image | None]:
    """Read one picture that may be transparent: colours as `read_image` has them, and alpha `(H, W, 1)`.

    Alpha is of the same depth, from 0 to that depth's white; None where the picture is opaque. Colours are straight:
    those that a file holds multiplied by alpha are divided by it again.
    """
    path = Path(path)
    with opened(path) as (file, decoder):
        image = orientation.upright(*decoder.decode(file))
    return split(path, image)


def opaque(path: str | os.PathLike[str], image: Image, alpha: Image | None) -> Image:
    """The picture. Raises `ImageError` for one that is transparent."""
    if alpha is not None:
        raise ImageError(f"{path}: has transparent pixels, which have no single colour; flatten it first")
    return image


def split(path: Path, image: Image) -> tuple[Image, Image | None]:
    """What a decoder gave as colours, in a type that pictures have, and alpha. Raises `ImageError`."""
    if image.dtype in (np.float16, np.float64):
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
            image = image.astype(np.float32)
    if image.ndim != 3 or image.shape[-1] not in (1, 2, 3, 4):
        raise ImageError(f"{path}: has the shape {image.shape}; a picture has 1 or 3 channels")
    if image.dtype.name not in DEPTHS:
        raise ImageError(f"{path}: its pixels are {image.dtype.name}; use {', '.join(DEPTHS)}")
    if image.dtype == np.float32 and np.isinf(image).any():
        raise ImageError(f"{path}: holds values that are infinite")
    if image.dtype == np.float32 and np.isnan(image).all():
        raise ImageError(f"{path}: no pixel was measured (all are NaN)")
    image = image.astype(image.dtype.newbyteorder("="), copy=False)
    colours = image.shape[-1] - (image.shape[-1] + 1) % 2  # the even counts are those with alpha
    alpha = image[..., colours:]
    opaque = bool((alpha == Values.of(image).high).all())
    return np.ascontiguousarray(image[..., :colours]), None if opaque else np.ascontiguousarray(alpha)


def image_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Height and width of the picture that `read_image` would return, with no pixel decoded.

    Raises `ImageError` when nothing in the file says so.
    """
    with opened(Path(path)) as (file, decoder):
        width, height, held = decoder.size(file)
    return (width, height) if orientation.swaps(held) else (height, width)


class _Decoder(Protocol):
    """A module that decodes some formats; each raises `Refused` where a file is not what it can decode."""

    def decode(self, file: BinaryIO) -> tuple[Image, int]:
        """The picture with alpha, if it has any, as its last channel; and its orientation."""

    def size(self, file: BinaryIO) -> tuple[int, int, int]:
        """Width, height and orientation, from the header alone."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, _Decoder]]:
    """The file and its decoder; whatever is raised while it is open becomes an `ImageError` that names it."""
    from PIL import Image as Pillow

    try:
        file = path.open("rb")
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from None
    try:
        with file:
            yield file, _decoder(file)
    except Refused as refused:
        raise ImageError(f"{path}: {refused}") from None
    except MemoryError:
        raise
    except Pillow.DecompressionBombError:
        raise ImageError(f"{path}: its header promises more than {MAX_PIXELS:,} pixels; {REFUSED}") from None
    except Exception as error:  # every decoder has its own exceptions; whatever they say, the file is the culprit
        raise ImageError(f"{path}: not a readable picture ({type(error).__name__}: {error})") from None


def _decoder(file: BinaryIO) -> _Decoder:
    """The decoder that the first bytes of the file ask for; each is imported when it is first needed."""
    head = file.read(8)
    file.seek(0)
    if not head:
        raise Refused("the file is empty")
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        from srbench.pictures import tiff

        return tiff
    if head == b"\x89PNG\r\n\x1a\n":
        from srbench.pictures import png

        return png
    if head[:1] == b"P" and head[1:2] in b"1234567" and (head[2:3].isspace() or head[2:3] == b"#"):
        from srbench.pictures import netpbm

        return netpbm
    if head[:3] == b"\xff\xd8\xff":
        from srbench.pictures import jpeg

        return jpeg
    from srbench.pictures import pillow

    return pillow
