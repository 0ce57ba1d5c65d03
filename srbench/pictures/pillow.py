"""Pictures that Pillow decodes: BMP, WebP and GIF; the pixels of JPEG and 8-bit PNG; of TIFF the colours YCbCr."""

from __future__ import annotations

import warnings
from typing import BinaryIO

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFile, TiffImagePlugin, WebPImagePlugin  # noqa: F401 (Pillow registers the other formats itself)

from srbench.pictures import orientation
from srbench.pictures.array import Image
from srbench.pictures.header import Refused, check_frames, check_size

# Odd metadata does not make a picture bad. Said once, since `catch_warnings` is not for several threads.
warnings.filterwarnings("ignore", module=r"PIL\b")

# Only plain raster formats: a PostScript file called .png must not start Ghostscript.
_FORMATS = ("BMP", "WEBP", "GIF", "JPEG", "PNG", "TIFF")

_MOST_IN_RUNS = 2**22
"""Pillow undoes run lengths in Python, pixel by pixel."""


def decode(file: BinaryIO) -> tuple[Image, int]:
    """The picture with alpha, if it has any, as its last channel; and its orientation."""
    with opened(file) as picture:
        check_frames(getattr(picture, "n_frames", 1))
        return pixels(picture), _orientation(picture)


def size(file: BinaryIO) -> tuple[int, int, int]:
    """Width, height and orientation, from the header alone."""
    with opened(file) as picture:
        return *picture.size, _orientation(picture)


def opened(file: BinaryIO) -> ImageFile.ImageFile:
    """The file, its header read and its size checked."""
    picture = Pillow.open(file, formats=_FORMATS)
    check_size(*picture.size)
    if any(tile.codec_name == "bmp_rle" for tile in picture.tile) and picture.width * picture.height > _MOST_IN_RUNS:
        raise Refused(f"is a BMP in run lengths of more than {_MOST_IN_RUNS:,} pixels; save it as PNG")
    return picture


def pixels(picture: ImageFile.ImageFile) -> Image:
    """The picture with alpha, if it has any, as its last channel; in 8 bits."""
    mode = picture.mode
    if mode == "P":
        return grey_if_colourless(np.asarray(picture.convert("RGBA")))
    if "transparency" in picture.info and mode in ("1", "L", "RGB"):
        keyed = np.asarray(picture.convert("RGBA"))
        return keyed if mode == "RGB" else keyed[..., 2:]
    if mode in ("LA", "RGBA"):
        image = np.asarray(picture)
        # A BMP with room for alpha and nothing in it was written without: every viewer shows it.
        return image if picture.format != "BMP" or image[..., -1].any() else image[..., :-1]
    if mode == "1":
        return np.asarray(picture.convert("L"))[..., None]
    if mode == "L":
        return np.asarray(picture)[..., None]
    if mode == "RGB":
        return np.asarray(picture)
    raise Refused(f"its colours are {mode}; save it as grey or RGB")


def grey_if_colourless(image: Image) -> Image:
    """The picture with one grey channel in place of three colours that are equal everywhere; alpha stays."""
    if (image[..., :3] == image[..., :1]).all():
        return image[..., [0, *range(3, image.shape[-1])]]
    return image


def _orientation(picture: ImageFile.ImageFile) -> int:
    return orientation.stated(picture.info.get("exif"), picture.info.get("xmp"))
