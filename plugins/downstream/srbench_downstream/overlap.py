"""How alike two masks are: their overlap, and how far their outlines are from each other."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion, distance_transform_edt

Mask = npt.NDArray[np.bool_]


def dice(found: Mask, true: Mask) -> float:
    """2 |A and B| / (|A| + |B|), Dice 1945; 1 where both are empty."""
    sizes = int(found.sum()) + int(true.sum())
    return 2 * int((found & true).sum()) / sizes if sizes else 1.0


def hausdorff(found: Mask, true: Mask, percent: float = 95, spacing: tuple[float, float] = (1.0, 1.0)) -> float:
    """The larger of the two percentiles of the distances from one outline's pixels to the other outline.

    With 100 % the Hausdorff distance, with 95 % what is called HD95. spacing: of pixels, down and across. 0 where both
    masks are empty; the image's diagonal, the largest distance there could be, where one is.
    """
    if not (found.any() and true.any()):
        diagonal = math.hypot(*(side * step for side, step in zip(true.shape, spacing, strict=True)))
        return diagonal if found.any() or true.any() else 0.0
    outlines = [mask & ~binary_erosion(mask) for mask in (found, true)]
    distances = [distance_transform_edt(~outline, sampling=spacing) for outline in outlines]
    pairs = zip(outlines, distances[::-1], strict=True)
    return max(float(np.percentile(distance[outline], percent)) for outline, distance in pairs)
