"""The parameters that both methods have: their types, and which values go together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from srbench import Scale
from srbench.training import VGGConvolution

Ends = Literal["published", "light"]
"""The first and the last layers. `light`: kernels of 3, no activation before the blocks, and one sub-pixel layer that
gives the image itself, so that every convolution is one on LR (Shi et al., ESPCN, 2016)."""
Activation = Literal["prelu", "leaky_relu"]
PixelLoss = Literal["mse", "l1"]
Content = Literal["mse", "vgg22", "vgg54"]
Loss = Literal["mse", "l1", "vgg22", "vgg54"]
Keep = Literal["last", "best"]

FEATURES: dict[str, VGGConvolution] = {"vgg22": "conv2_2", "vgg54": "conv5_4"}
"""The convolutions of VGG19 whose features, after their activation, the content losses compare."""
UPSAMPLING: dict[int, tuple[int, ...]] = {2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}
"""The factors of the sub-pixel layers that make up each scale."""


def factors(scale: int, upsampling: Sequence[int] | None) -> tuple[int, ...]:
    """The factors of the sub-pixel layers: those asked for, otherwise the published ones."""
    return UPSAMPLING[scale] if upsampling is None else tuple(upsampling)


def why_not(scale: Scale, patch: int, upsampling: Sequence[int] | None) -> str | None:
    """Why the networks cannot be trained for this scale on HR patches of this side; None where they can."""
    if upsampling is None and scale not in UPSAMPLING:
        return f"its sub-pixel layers make x2, x3, x4 and x8, not x{scale}"
    if upsampling is not None and math.prod(upsampling) != scale:
        return f"its sub-pixel layers (`upsampling`) make x{math.prod(upsampling)}, not x{scale}"
    if patch % scale:
        return (
            f"its HR patches of {patch} pixels are no whole number of LR pixels at x{scale}; set `patch` to a multiple"
        )
    return None
