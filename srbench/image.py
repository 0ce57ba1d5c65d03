"""Pictures on disk and in memory, in their native depth.

In memory a picture is a numpy array `(H, W, C)` with C 1 (grey) or 3 (RGB): `uint8`, `uint16` or `float32`. Its
*peak* is the value that means white: 255, 65535 or 1.0, or what the dataset declares (a 12-bit sensor: 4095).
Torch appears only in the two functions that cross over to tensors, so that looking at a dataset needs no torch.
"""

from __future__ import annotations

import os
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch

Image = npt.NDArray[Any]

PEAKS: dict[str, float] = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})
MAX_PIXELS = 2**28
"""A header that promises more pixels than this is refused before anything is decoded."""


class ImageError(SrbenchError):
    """A picture that cannot be read as one grey or RGB image; the message names the file."""


def peak_of(image: Image) -> float:
    """The white of an array by its type: 255 for uint8, 65535 for uint16, 1.0 for float32."""
    try:
        return PEAKS[image.dtype.name]
    except KeyError:
        raise ImageError(f"pictures are uint8, uint16 or float32, not {image.dtype.name}") from None


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read one picture, losing nothing.

    Returns `(H, W, C)`, C 1 or 3, in the file's own depth. Palettes become the colours they stand for (grey, when all
    are grey), an opaque alpha channel is dropped, an EXIF rotation is applied. What has no single honest reading
    (transparency, CMYK, several frames, NaN, a damaged or empty file) raises `ImageError` with the file's name.
    """
    path = Path(path)
    try:
        head = path.open("rb").read(32)
    except OSError as error:
        raise ImageError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not head:
        raise ImageError(f"{path}: the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image = _decode(path, head)
    except ImageError:
        raise
    except MemoryError:
        raise
    except Exception as error:  # every decoder has its own exceptions; whatever they say, the file is the culprit
        raise ImageError(f"{path}: not a readable picture ({type(error).__name__}: {error})") from None
    if image.dtype == np.float32 and not np.isfinite(image).all():
        raise ImageError(f"{path}: holds values that are not finite (NaN or infinity)")
    return np.ascontiguousarray(image)


def _decode(path: Path, head: bytes) -> Image:
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 26:
        width, height, depth, colour = struct.unpack(">IIBB", head[16:26])
        _check_size(path, width, height)
        if depth == 16:
            return _decode_png16(path, colour)
    elif head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _decode_tiff(path)
    return _decode_pillow(path)


def _check_size(path: Path, width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ImageError(f"{path}: its header says {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{path}: its header promises {width} x {height} pixels, more than {MAX_PIXELS:,}; refused unread. "
            "Cut it into smaller pictures."
        )


def _decode_png16(path: Path, colour: int) -> Image:
    # Pillow silently narrows 16-bit RGB to 8 bits.
    import imagecodecs

    image = imagecodecs.png_decode(path.read_bytes())
    if image.ndim == 2:
        image = image[..., None]
    if image.shape[-1] in (2, 4):
        image = _drop_opaque_alpha(path, image)
    return np.asarray(image, dtype=np.uint16)


def _decode_tiff(path: Path) -> Image:
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        if len(tiff.pages) != 1:
            raise ImageError(f"{path}: holds {len(tiff.pages)} frames; save each as a picture of its own")
        page = tiff.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        _check_size(path, page.imagewidth, page.imagelength)
        photometric = getattr(page.photometric, "name", str(page.photometric))
        if photometric not in ("MINISBLACK", "RGB"):
            if photometric in ("PALETTE", "MINISWHITE", "YCBCR") and page.bitspersample <= 8:
                return _decode_pillow(path)
            raise ImageError(f"{path}: its colours are {photometric}; save it as grey or RGB")
        image = page.asarray()
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim == 3 and image.shape[-1] in (2, 4):
        image = _drop_opaque_alpha(path, image)
    if image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise ImageError(f"{path}: has the shape {image.shape}; a picture has 1 or 3 channels")
    if image.dtype == np.bool_:
        return image.astype(np.uint8) * np.uint8(255)
    if image.dtype == np.float64:
        image = image.astype(np.float32)
    if image.dtype.name not in PEAKS:
        raise ImageError(f"{path}: its pixels are {image.dtype.name}; use uint8, uint16 or float32")
    return image


def _decode_pillow(path: Path) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageOps

    with Pillow.open(path) as opened:
        _check_size(path, *opened.size)
        if getattr(opened, "n_frames", 1) > 1:
            raise ImageError(f"{path}: holds {opened.n_frames} frames; save each as a picture of its own")
        picture = ImageOps.exif_transpose(opened)
        if picture.mode == "P" or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            alpha_free = _drop_opaque_alpha(path, np.asarray(picture))
            return _grey_if_colourless(alpha_free)
        if picture.mode in ("LA", "RGBA"):
            return _drop_opaque_alpha(path, np.asarray(picture))
        if picture.mode == "1":
            return np.asarray(picture.convert("L"))[..., None]
        if picture.mode in ("L", "RGB"):
            image = np.asarray(picture)
            return image[..., None] if image.ndim == 2 else image
        if picture.mode.startswith("I;16"):
            return np.asarray(picture).astype(np.uint16)[..., None]
        raise ImageError(f"{path}: its colours are {picture.mode}; save it as grey or RGB")


def _drop_opaque_alpha(path: Path, image: Image) -> Image:
    alpha = image[..., -1]
    if alpha.size and alpha.min() != np.iinfo(image.dtype).max:
        raise ImageError(f"{path}: has transparent pixels, which have no single colour; flatten it first")
    return image[..., :-1]


def _grey_if_colourless(image: Image) -> Image:
    if (image == image[..., :1]).all():
        return image[..., :1]
    return image


def write_image(path: str | os.PathLike[str], image: Image) -> None:
    """Write a picture losslessly in its own depth: PNG for uint8 and uint16, TIFF for float32.

    The name must end as `suffix_for(image)` says.
    """
    path = Path(path)
    if path.suffix != suffix_for(image):
        raise ImageError(f"{path}: a {image.dtype.name} picture is written as {suffix_for(image)}")
    if image.dtype == np.float32:
        import tifffile

        tifffile.imwrite(path, image.squeeze(-1) if image.shape[-1] == 1 else image, compression="zlib")
    elif image.dtype == np.uint16:
        import imagecodecs

        path.write_bytes(imagecodecs.png_encode(image.squeeze(-1) if image.shape[-1] == 1 else image))
    else:
        from PIL import Image as Pillow

        Pillow.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(path, compress_level=3)


def suffix_for(image: Image) -> str:
    """`.png` for uint8 and uint16, `.tiff` for float32."""
    peak_of(image)
    return ".tiff" if image.dtype == np.float32 else ".png"


def to_tensor(image: Image, peak: float, dtype: torch.dtype | None = None) -> torch.Tensor:
    """`(H, W, C)` in native depth to a tensor `(C, H, W)` with white at 1; float32 unless told."""
    import torch

    # NumPy turns, converts and divides in one pass, and without threads that would wait for each other.
    values = np.divide(image.transpose(2, 0, 1), peak, dtype=np.float32 if dtype is None else np.float64, order="C")
    return torch.from_numpy(values).to(dtype or torch.float32)


def to_image(tensor: torch.Tensor, like: Image, peak: float) -> Image:
    """A tensor `(C, H, W)` with white at 1 to `(H, W, C)` in the depth of `like`: clamped, then rounded.

    Float pictures are clamped to [0, peak] and not rounded.
    """
    scaled = (tensor.double().clamp(0, 1) * peak).permute(1, 2, 0).cpu()
    if like.dtype != np.float32:
        scaled = scaled.round()
    return np.ascontiguousarray(scaled.numpy().astype(like.dtype))
