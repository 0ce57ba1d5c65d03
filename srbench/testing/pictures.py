"""Made pictures: edges, gratings and grain, the same for the same seed, on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from srbench.pictures import Image

if TYPE_CHECKING:
    import torch


def textured(seed: int, height: int, width: int, channels: int = 3) -> npt.NDArray[np.float64]:
    """A picture `(H, W, C)` in [0.05, 0.95] with something to see at every scale."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    picture = np.zeros((height, width, channels))
    for channel in range(channels):
        layer = np.zeros((height, width))
        for wavelength in (23.0, 11.0, 5.0):
            angle, phase = random.uniform(0, np.pi), random.uniform(0, 2 * np.pi)
            across = rows * np.cos(angle) + columns * np.sin(angle)
            layer += wavelength / 23.0 * np.sin(2 * np.pi * across / wavelength + phase)
        layer += 1.5 * (np.hypot(rows - random.uniform(0, height), columns - random.uniform(0, width)) < height / 3)
        layer += 0.2 * random.standard_normal((height, width))
        picture[..., channel] = layer
    low, high = np.min(picture), np.max(picture)
    # One pixel has no contrast to stretch.
    contrast = (picture - low) / (high - low) if high > low else np.full_like(picture, 0.5)
    return 0.05 + 0.9 * contrast


def textured_uint8(seed: int, height: int, width: int, channels: int = 3) -> Image:
    """A textured picture of 8 bits."""
    return np.round(textured(seed, height, width, channels) * 255).astype(np.uint8)


def lr_batch(count: int, channels: int, height: int, width: int) -> torch.Tensor:
    """LR as methods get it: float32 `(N, C, H, W)` in [0, 1], each image another."""
    import torch

    pictures = [textured(100 + index, height, width, channels) for index in range(count)]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().float()


def metric_image(seed: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    """An image as metrics get it: float64 `(C, H, W)` in [0, 1]."""
    import torch

    return torch.from_numpy(textured(seed, height, width, channels)).permute(2, 0, 1).contiguous()


def with_noise(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """The image with Gaussian noise of this standard deviation, clamped to [0, 1]; the noise's pattern is fixed."""
    import torch

    noise = torch.from_numpy(np.random.default_rng(7).standard_normal(tuple(image.shape)))
    return (image + sigma * noise).clamp(0, 1)


def blurred(image: torch.Tensor) -> torch.Tensor:
    """An image `(C, H, W)` as LR upscaled without learning is: the mean over 5 x 5 pixels, fewer at the border."""
    import torch

    return torch.nn.functional.avg_pool2d(image[None], 5, stride=1, padding=2, count_include_pad=False)[0]
