"""The one precondition that every metric here has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def require_same_shape(sr: torch.Tensor, hr: torch.Tensor) -> None:
    """Raise `ValueError` unless both are `(C, H, W)` of one shape."""
    if sr.ndim != 3 or sr.shape != hr.shape:
        raise ValueError(f"SR is {tuple(sr.shape)} and HR is {tuple(hr.shape)}; both should be the same (C, H, W)")
