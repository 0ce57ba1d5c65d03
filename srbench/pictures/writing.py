"""Pictures onto disk, losslessly."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np

from srbench.pictures.array import Image, ImageError
from srbench.pictures.values import Values

_OF_PNG = (np.uint8, np.uint16)


def write_image(path: str | os.PathLike[str], image: Image, alpha: Image | None = None) -> None:
    """Write a picture `(H, W, C)` losslessly in its own depth: PNG for uint8 and uint16, TIFF for others.

    The name must end as `suffix_for(image)` says. alpha: `(H, W, 1)` in the same depth. `read_image` (or
    `read_with_alpha`) gives back the same array. Raises `ImageError` and `OSError`.
    """
    path = Path(path)
    if path.suffix != suffix_for(image):
        raise ImageError(f"{path}: a {image.dtype.name} picture is written as {suffix_for(image)}")
    try:
        data = encoded(image, alpha)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from None
    path.write_bytes(data)


def encoded(image: Image, alpha: Image | None = None) -> bytes:
    """The bytes of the file that `write_image` writes. Raises `ImageError`."""
    if image.ndim != 3 or image.shape[-1] not in (1, 3) or not image.size:
        raise ImageError(f"cannot write the shape {image.shape}; it should be (H, W, 1) or (H, W, 3)")
    if alpha is not None:
        if alpha.shape != (*image.shape[:2], 1) or alpha.dtype != image.dtype:
            raise ImageError(f"alpha is {alpha.shape} {alpha.dtype}; the picture {image.shape} {image.dtype}")
        image = np.concatenate([image, alpha], axis=-1)
    image = np.ascontiguousarray(image)
    plain = image[..., 0] if image.shape[-1] == 1 else image
    if image.dtype == np.uint16:
        import imagecodecs

        return bytes(imagecodecs.png_encode(plain))
    file = io.BytesIO()
    if image.dtype not in _OF_PNG:
        import tifffile

        colours = "minisblack" if image.shape[-1] < 3 else "rgb"
        extra = None if alpha is None else ["unassalpha"]
        tifffile.imwrite(file, plain, photometric=colours, extrasamples=extra, compression="zlib", metadata=None)
    else:
        from PIL import Image as Pillow

        Pillow.fromarray(plain).save(file, "PNG", compress_level=3)
    return file.getvalue()


def suffix_for(image: Image) -> str:
    """`.png` for uint8 and uint16, `.tiff` for others."""
    Values.of(image)  # refuses what is no picture
    return ".png" if image.dtype in _OF_PNG else ".tiff"
