"""The levels of noise at which a score is learned, and the steps of Langevin dynamics at each.

All rules are those of Song and Ermon, "Improved techniques for training score-based generative models", 2020, which
derives them for data and noise that are normally distributed. Levels are standard deviations where white is 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from srbench.devices import widest
from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch


class LevelsError(SrbenchError):
    """Levels of noise that do not fall."""


def check_falling(largest: float, smallest: float) -> None:
    """Raise `LevelsError` unless the largest level is above the smallest."""
    if not largest > smallest:
        raise LevelsError(
            f"the noise would have to fall from {largest:.3g} to {smallest:.3g}. Its largest level is `largest`, or "
            "else the distance of the two training images that are least alike; its smallest is `smallest`"
        )


def largest_distance(images: torch.Tensor) -> float:
    """The Euclidean distance of the two of `(N, C, H, W)` that lie farthest apart: the first level (technique 1)."""
    import torch

    return float(torch.nn.functional.pdist(images.flatten(1).to(widest(images.device))).max())


def levels_needed(largest: float, smallest: float, values: int) -> int:
    """How many geometric levels images of so many values want (technique 2).

    At a distance from its image that noise of one level is likely to have, noise of the next shall have it half of the
    time: with a ratio g of levels, Phi(sqrt(2 D) (g - 1) + 3 g) - Phi(sqrt(2 D) (g - 1) - 3 g) = 1/2. Of images the
    first term is 1 to eight digits, so that the second is the distribution's middle: sqrt(2 D) (g - 1) = 3 g.

    values: D, channels x pixels; more than 4. Raises `LevelsError` as `check_falling` does.
    """
    check_falling(largest, smallest)
    distance = math.sqrt(2 * values)
    ratio = distance / (distance - 3)
    return max(2, 1 + math.ceil(math.log(largest / smallest) / math.log(ratio)))


def geometric(largest: float, smallest: float, count: int) -> torch.Tensor:
    """`count` levels from the largest to the smallest, each in the same ratio to the one before; float64.

    Raises `LevelsError` as `check_falling` does.
    """
    import torch

    check_falling(largest, smallest)
    return torch.logspace(math.log10(largest), math.log10(smallest), count, dtype=torch.float64)


def step_share(ratio: float, steps: int) -> float:
    """How long the steps at a level are, as a share of its variance: in (0, 1) (technique 4).

    With g the ratio of levels, and so long a step e, `steps` of them take the variance of a level's noise from g^2 to
    (1 - e)^(2 steps) (g^2 - v) + v, v = 2 / (2 - e), in units of the level's own. That should be 1; it is always more,
    and least for this e.
    """
    from scipy.optimize import minimize_scalar

    def variance(share: float) -> float:
        ending = 2 / (2 - share)
        return float((1 - share) ** (2 * steps) * (ratio**2 - ending) + ending)

    return float(minimize_scalar(variance, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).x)
