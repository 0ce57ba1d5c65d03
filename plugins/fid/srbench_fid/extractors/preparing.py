"""What the extractors do to an image before the network sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch


def three_channels(images: torch.Tensor) -> torch.Tensor:
    """`(N, 3, H, W)` from colour as it is, and from grey by repeating it."""
    return images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images


def resized(images: torch.Tensor, size: tuple[int, int], interpolation: Literal["bilinear", "bicubic"]) -> torch.Tensor:
    """`(N, C, *size)`, antialiased: without that, shrinking makes patterns that no image had."""
    from torch.nn.functional import interpolate

    if tuple(images.shape[-2:]) == size:
        return images
    return interpolate(images, size=size, mode=interpolation, antialias=True, align_corners=False)
