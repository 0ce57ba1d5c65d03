"""Pictures in memory: arrays, their white, and the way to tensors and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch

Image = npt.NDArray[Any]

PEAKS: dict[str, float] = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}

_BAND = 2**22
"""How many values are converted at once where an image is gone through in bands."""


class ImageError(SrbenchError):
    """A picture that cannot be read as one grey or RGB image; the message names the file."""


def peak_of(image: Image) -> float:
    """The white of an array by its type: 255 for uint8, 65535 for uint16, 1.0 for float32."""
    try:
        return PEAKS[image.dtype.name]
    except KeyError:
        raise ImageError(f"pictures are uint8, uint16 or float32, not {image.dtype.name}") from None


def in_digits(value: float) -> str:
    """A value of a picture in as many digits as tell it from its neighbours in 32 bits, and no more."""
    return f"{float(str(np.float32(value))):.9g}"


def to_tensor(image: Image, peak: float, dtype: torch.dtype | None = None) -> torch.Tensor:
    """`(H, W, C)` in native depth to a tensor `(C, H, W)` with white at 1; float32 unless told."""
    import torch

    # NumPy turns, converts and divides in one pass, and without threads that would wait for each other.
    values = np.divide(image.transpose(2, 0, 1), peak, dtype=np.float32 if dtype is None else np.float64, order="C")
    return torch.from_numpy(values).to(dtype or torch.float32)


def to_image(tensor: torch.Tensor, like: Image, peak: float) -> Image:
    """A tensor `(C, H, W)` with white at 1 to `(H, W, C)` in the depth of `like`: clamped, then rounded (a half up).

    Float pictures are clamped to [0, peak] and not rounded.
    """
    channels, height, width = tensor.shape
    image = np.empty((height, width, channels), like.dtype)
    rows = max(1, _BAND // max(1, width * channels))
    for top in range(0, height, rows):  # in double precision a whole large image would take eight times its size
        scaled = (tensor[:, top : top + rows].double().clamp(0, 1) * peak).permute(1, 2, 0).cpu()
        image[top : top + rows] = (scaled if like.dtype == np.float32 else (scaled + 0.5).floor()).numpy()
    return image
