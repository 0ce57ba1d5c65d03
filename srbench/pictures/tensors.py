"""Pictures as tensors and back: the only way between native values and what methods and metrics see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from srbench.pictures.array import Image
from srbench.pictures.values import Values

if TYPE_CHECKING:
    import torch

_BAND = 2**22
"""How many values are converted at once where an image is gone through in bands."""


def to_tensor(image: Image, values: Values, dtype: torch.dtype | None = None) -> torch.Tensor:
    """`(H, W, C)` in native depth to a tensor `(C, H, W)` with black at 0 and white at 1; float32 unless told."""
    import torch

    # NumPy turns, converts and divides without threads that would wait for each other.
    height, width, channels = image.shape
    unit = np.empty((channels, height, width), np.float32 if dtype is None else np.float64)
    return torch.from_numpy(values.to_unit(image.transpose(2, 0, 1), unit)).to(dtype or torch.float32)


def to_image(tensor: torch.Tensor, like: Image, values: Values) -> Image:
    """A tensor `(C, H, W)` with black at 0 and white at 1 to `(H, W, C)` in the depth of `like`.

    Clamped to [low, high], then rounded (a half up); float pictures are not rounded.
    """
    channels, height, width = tensor.shape
    image = np.empty((height, width, channels), like.dtype)
    rows = max(1, _BAND // max(1, width * channels))
    for top in range(0, height, rows):  # in double precision a whole large image would take eight times its size
        unit = tensor[:, top : top + rows].double().clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        native = values.from_unit(unit)
        image[top : top + rows] = native if like.dtype == np.float32 else np.floor(native + 0.5)
    return image
