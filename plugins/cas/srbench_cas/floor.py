"""The floor: what bicubic interpolation makes of the same LR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import srbench
from srbench.pictures import resize, to_image, to_tensor

if TYPE_CHECKING:
    import torch

    from srbench import Protocol


def bicubic(item: srbench.Item, protocol: Protocol) -> torch.Tensor:
    """What bicubic interpolation makes of an item's LR: `(C, H, W)` float64 in [0, 1], rounded to the native depth.

    Where HR was not measured it is HR, as the SR is that a set metric sees.
    """
    import torch

    hr, native, known = item.read_measured()
    reference, values = protocol.reference(hr, native)
    lr = protocol.lr(hr, native, item.id, protocol.shipped_lr(item))
    sr = to_image(resize(to_tensor(lr, values), protocol.scale), reference, values)
    if known is not None:
        height, width = reference.shape[:2]
        sr = np.where(known[:height, :width, None], sr, reference)
    return to_tensor(sr, values, torch.float64)
