"""Pictures from disk, in their native depth."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from srbench.image.array import PEAKS, Image, ImageError, peak_of
from srbench.image.header import MAX_PIXELS, REFUSED

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read one picture, losing nothing.

    Returns `(H, W, C)`, C 1 or 3, in the file's own depth (float16 and float64 become float32; 1, 2 and 4 bits become
    the 8-bit values they stand for). The content decides the format, not the suffix. Palettes become the colours they
    stand for (grey, when all are grey), an opaque alpha channel is dropped, an EXIF rotation is applied, colour
    profiles are not. What has no single honest reading (transparency, CMYK, several frames, an odd depth, NaN, a
    damaged or empty file) raises `ImageError` with the file's name.
    """
    image, alpha = read_with_alpha(path)
    if alpha is not None:
        raise ImageError(f"{path}: has transparent pixels, which have no single colour; flatten it first")
    return image


def read_with_alpha(path: str | os.PathLike[str]) -> tuple[Image, Image | None]:
    """Read one picture that may be transparent: colours as `read_image` has them, and alpha `(H, W, 1)`.

    Alpha is of the same depth, with the same white; None where the picture is opaque. Colours are straight: those that
    a file holds multiplied by alpha are divided by it again.
    """
    path = Path(path)
    with _blaming(path):
        image = _upright(*_decoder(path).decode(path))
    if image.dtype in (np.float16, np.float64):
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused below
            image = image.astype(np.float32)
    if image.ndim != 3 or image.shape[-1] not in (1, 2, 3, 4):
        raise ImageError(f"{path}: has the shape {image.shape}; a picture has 1 or 3 channels")
    if image.dtype.name not in PEAKS:
        raise ImageError(f"{path}: its pixels are {image.dtype.name}; use uint8, uint16 or float32")
    if image.dtype == np.float32 and not np.isfinite(image).all():
        raise ImageError(f"{path}: holds values that are not finite (NaN or infinity)")
    image = image.astype(image.dtype.newbyteorder("="), copy=False)
    colours = image.shape[-1] - (image.shape[-1] + 1) % 2  # the even counts are those with alpha
    alpha = image[..., colours:]
    opaque = bool((alpha == peak_of(image)).all())
    return np.ascontiguousarray(image[..., :colours]), None if opaque else np.ascontiguousarray(alpha)


def image_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Height and width of the picture that `read_image` would return, from the header alone.

    Raises `ImageError` when there is no such header. An orientation that stands behind the pixels (allowed in a PNG)
    is not seen.
    """
    path = Path(path)
    with _blaming(path):
        width, height, orientation = _decoder(path).size(path)
    return (width, height) if orientation >= 5 else (height, width)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into an `ImageError` that names the file."""
    from PIL import Image as Pillow

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata does not make a picture bad
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            yield
    except (ImageError, MemoryError):
        raise
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError):
        raise ImageError(f"{path}: its header promises more than {MAX_PIXELS:,} pixels; {REFUSED}") from None
    except Exception as error:  # every decoder has its own exceptions; whatever they say, the file is the culprit
        raise ImageError(f"{path}: not a readable picture ({type(error).__name__}: {error})") from None


class _Decoder(Protocol):
    """A module that decodes some formats."""

    def decode(self, path: Path) -> tuple[Image, int]:
        """The picture with alpha, if it has any, as its last channel; and its orientation."""

    def size(self, path: Path) -> tuple[int, int, int]:
        """Width, height and orientation, from the header alone."""


def _decoder(path: Path) -> _Decoder:
    """The decoder that the first bytes of the file ask for; each is imported when it is first needed."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not head:
        raise ImageError(f"{path}: the file is empty")
    if head in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        from srbench.image import tiff

        return tiff
    from srbench.image import pillow

    return pillow


def _upright(image: Image, orientation: int) -> Image:
    """Undo the camera's rotation; EXIF 2.3, tag Orientation, values 1 to 8 (others mean nothing)."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image
