"""From noise to images, with a network that tells the score: up the density, as the noise in it gets less."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .levels import step_share

if TYPE_CHECKING:
    import torch

Score = Callable[["torch.Tensor", float], "torch.Tensor"]
"""The gradient of the logarithm of the density of noisy images, at x `(N, C, H, W)` and a level; of the same shape."""


def annealed_langevin(
    score: Score,
    shape: Sequence[int],
    levels: torch.Tensor,
    generators: Sequence[torch.Generator],
    *,
    steps: int,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """Images of `shape` (C, H, W), one a generator, from which all that is random about it comes.

    Song and Ermon 2020, algorithm 1: at each level, `steps` times x + a s + sqrt(2 a) z with unit noise z, where a is
    the share of the level's variance that their technique 4 gives; at the end the noise of the last level is taken away
    by x + level^2 s. It begins with noise of the first level and nothing else.

    levels: `(L,)`, geometric, falling. dtype: float32 by default.
    """
    import torch

    ways = [float(level) for level in levels]
    share = step_share(ways[0] / ways[1], steps)
    with torch.no_grad():
        x = ways[0] * _noise(shape, generators, device, dtype)
        for level in ways:
            step = share * level**2
            for _ in range(steps):
                x = x + step * score(x, level) + math.sqrt(2 * step) * _noise(shape, generators, device, dtype)
        return x + ways[-1] ** 2 * score(x, ways[-1])


def probability_flow(
    score: Score,
    shape: Sequence[int],
    levels: torch.Tensor,
    generators: Sequence[torch.Generator],
    *,
    keep: int = 1,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> dict[int, torch.Tensor]:
    """Images as `annealed_langevin` makes them, in one step a level and without noise after the beginning.

    Euler's method for dx / dlevel = -level s(x), which is Song et al., "Score-based generative modeling through
    stochastic differential equations", 2021, equation 13 for their equation 9; the last step ends at 0.

    Returns `keep` states at equal distances, by how often the network had been asked; the last is the result.
    """
    import torch

    ways = [*(float(level) for level in levels), 0.0]
    wanted = {len(levels) - len(levels) * place // max(1, keep - 1) for place in range(keep)}
    with torch.no_grad():
        x = ways[0] * _noise(shape, generators, device, dtype)
        kept = {0: x} if 0 in wanted else {}
        for asked, (level, to) in enumerate(itertools.pairwise(ways), start=1):
            x = x + (level - to) * level * score(x, level)
            if asked in wanted:
                kept[asked] = x
    return kept


def _noise(
    shape: Sequence[int],
    generators: Sequence[torch.Generator],
    device: str | torch.device,
    dtype: torch.dtype | None,
) -> torch.Tensor:
    import torch

    return torch.stack([torch.randn(tuple(shape), generator=g, device=g.device, dtype=dtype) for g in generators]).to(
        device
    )
