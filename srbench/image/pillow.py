"""Pictures that Pillow decodes: every format but TIFF, and of TIFF the colours YCbCr."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFile, TiffImagePlugin, WebPImagePlugin  # noqa: F401 (Pillow registers the other formats itself)

from srbench.image.array import Image, ImageError
from srbench.image.header import ORIENTATION, check_size

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM", "GIF")


def decode(path: Path) -> tuple[Image, int]:
    """The picture with alpha, if it has any, as its last channel; and its orientation."""
    with opened_file(path) as opened:
        if opened.format == "PNG":
            opened.verify()  # decoding alone does not compare all checksums; closes the file
    with opened_file(path) as opened:
        frames = getattr(opened, "n_frames", 1)
        # Further pictures in a camera's JPEG (MPO) are previews and gain maps, which no viewer shows.
        if frames > 1 and opened.format != "MPO":
            raise ImageError(f"{path}: holds {frames} frames; save each as a picture of its own")
        if opened.format == "PPM":
            _check_white(path, opened)
        image = _decode_png16(path) if _png_depth(path, opened) == 16 else pixels(path, opened)
        return image, _orientation(opened)


def size(path: Path) -> tuple[int, int, int]:
    """Width, height and orientation, from the header alone; an orientation behind the pixels of a PNG is not seen."""
    with opened_file(path) as opened:
        in_header = opened.format != "PNG" or "exif" in opened.info
        return (*opened.size, _orientation(opened) if in_header else 1)


def opened_file(path: Path) -> ImageFile.ImageFile:
    """The file, its header read and its size checked."""
    # Only plain raster formats: a PostScript file called .png must not start Ghostscript.
    opened = Pillow.open(path, formats=_FORMATS)
    try:
        check_size(path, *opened.size)
    except ImageError:
        opened.close()
        raise
    return opened


def _png_depth(path: Path, opened: ImageFile.ImageFile) -> int:
    if opened.format != "PNG":
        return 8
    with path.open("rb") as file:
        return file.read(25)[24]  # signature 8, length and name of IHDR 8, width and height 8, then the depth


def _decode_png16(path: Path) -> Image:
    # Pillow silently narrows 16-bit RGB to 8 bits.
    import imagecodecs

    image = np.asarray(imagecodecs.png_decode(path.read_bytes()))
    return image[..., None] if image.ndim == 2 else image


def _check_white(path: Path, opened: ImageFile.ImageFile) -> None:
    # Pillow rescales every white but 255 (and, in binary grey, 65535), in colour to 8 bits.
    for tile in opened.tile:
        white = tile.args[-1] if isinstance(tile.args, tuple) else 255
        if tile.codec_name.startswith("ppm") and white != 255 and opened.mode != "1":
            raise ImageError(f"{path}: its white is {white}; save it as PNG or TIFF of 8 or 16 bits")


def pixels(path: Path, opened: ImageFile.ImageFile) -> Image:
    """The picture with alpha, if it has any, as its last channel; 8 bits, but for the 16 of a grey PGM."""
    mode = opened.mode
    if mode == "P":
        return grey_if_colourless(np.asarray(opened.convert("RGBA")))
    if "transparency" in opened.info and mode in ("1", "L", "RGB"):
        keyed = np.asarray(opened.convert("RGBA"))
        return keyed if mode == "RGB" else keyed[..., 2:]
    if mode in ("LA", "RGBA"):
        return np.asarray(opened)
    if mode == "1":
        return np.asarray(opened.convert("L"))[..., None]
    if mode == "L":
        return np.asarray(opened)[..., None]
    if mode == "RGB":
        return np.asarray(opened)
    if mode == "I" and opened.format == "PPM":  # 65535 is white: checked above
        return np.asarray(opened).astype(np.uint16)[..., None]
    raise ImageError(f"{path}: its colours are {mode}; save it as grey or RGB")


def grey_if_colourless(image: Image) -> Image:
    """Of an RGB picture, or RGBA, that without two of its colour channels, where all three are equal."""
    if (image[..., :3] == image[..., :1]).all():
        return image[..., [0, *range(3, image.shape[-1])]]
    return image


def _orientation(opened: ImageFile.ImageFile) -> int:
    try:
        return int(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # unreadable metadata says nothing about how to turn the picture
        return 1
