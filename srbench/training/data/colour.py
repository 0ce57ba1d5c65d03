"""The Y channel in training: the very one that protocols score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench.contract.protocol import Y_OFFSET, Y_WEIGHTS

if TYPE_CHECKING:
    import torch


def luma(rgb: torch.Tensor) -> torch.Tensor:
    """Y `(..., 1, H, W)` of RGB `(..., 3, H, W)`: BT.601 in limited range, white at 235 / 255, unrounded."""
    red, green, blue = rgb.unbind(-3)
    return (Y_WEIGHTS[0] * red + Y_WEIGHTS[1] * green + Y_WEIGHTS[2] * blue + Y_OFFSET).unsqueeze(-3)


def with_luma(rgb: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """RGB `(..., 3, H, W)` with its Y replaced by `(..., 1, H, W)` and its chroma (Cb, Cr) kept.

    The conversion to YCbCr and back, in one step: what is added to all of R, G and B alike changes Y alone.
    """
    return rgb + (y - luma(rgb)) / sum(Y_WEIGHTS)
