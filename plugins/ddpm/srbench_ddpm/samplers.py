"""From noise to images, with a network that tells the noise: three ways to walk a schedule backwards."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from srbench.errors import SrbenchError

from .schedule import CLEAN, Schedule

if TYPE_CHECKING:
    import torch

Sampler = Literal["ancestral", "ddim", "dpm-solver++"]
"""ancestral: every step draws from the posterior (Ho et al., "Denoising diffusion probabilistic models", 2020,
algorithm 2); with fewer steps than the schedule's, those between are taken as one (Nichol and Dhariwal 2021).
ddim: less of that noise, or none (Song et al., "Denoising diffusion implicit models", 2021, equation 12).
dpm-solver++: the 2M solver of second order (Lu et al., "DPM-Solver++", 2022, algorithm 2), without noise."""

PredictNoise = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
"""The unit noise in x `(N, C, H, W)` at steps t `(N,)`, int64; of the same shape."""


class SamplerError(SrbenchError):
    """Settings of a sampler that do not go together."""


@dataclass(frozen=True)
class Sampled:
    """What sampling left.

    images: `(N, C, H, W)`. kept: states of the same shape, by how often the network had been asked: 0 for pure noise.
    """

    images: torch.Tensor
    kept: dict[int, torch.Tensor]


def check_sampler(sampler: Sampler, steps: int | None, eta: float, length: int) -> None:
    """Raise `SamplerError` when these settings mean nothing with a schedule of `length` steps."""
    if steps is not None and not 1 <= steps <= length:
        raise SamplerError(f"steps: {steps}; the schedule has {length}, and at least one is needed")
    if not 0 <= eta <= 1:
        raise SamplerError(f"eta: {eta}; 0 is no noise, 1 as much as the ancestral sampler's")
    if eta and sampler != "ddim":
        raise SamplerError(f"eta: {eta}; only the sampler `ddim` can have more or less noise, `{sampler}` cannot")


def visited(length: int, steps: int) -> list[int]:
    """The steps at which the network is asked, from the last one down, at equal distances.

    "Trailing" in Lin et al., "Common diffusion noise schedules and sample steps are flawed", 2024, table 2: always with
    the last step, where sampling begins in pure noise.
    """
    return [round(length * (steps - i) / steps) - 1 for i in range(steps)]


def moments(steps: int, keep: int) -> set[int]:
    """After which of so many steps `keep` states are kept, at equal distances: 0 is before the first of them.

    Counted backwards from the last, which is always among them.
    """
    return {steps - steps * i // max(1, keep - 1) for i in range(keep)}


def unit_noise(
    shape: Sequence[int],
    generators: Sequence[torch.Generator],
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """Noise of `shape` (C, H, W) from each of these generators, wherever they are: `(N, C, H, W)`."""
    import torch

    drawn = [torch.randn(tuple(shape), generator=g, device=g.device, dtype=dtype) for g in generators]
    return torch.stack([one.to(device) for one in drawn])


def sample(
    predict_noise: PredictNoise,
    shape: Sequence[int],
    schedule: Schedule,
    generators: Sequence[torch.Generator],
    *,
    sampler: Sampler = "ancestral",
    steps: int | None = None,
    eta: float = 0.0,
    clip: float | None = None,
    correct: Callable[[torch.Tensor], torch.Tensor] | None = None,
    keep: int = 0,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> Sampled:
    """Images of `shape` (C, H, W), one a generator.

    All randomness of an image comes from its own generator, so that it does not depend on the others of its batch;
    generators on the CPU give the same noise on every device.

    steps: how often the network is asked; None: once a step of the schedule. eta: of `ddim`, the noise as a share of
    the ancestral sampler's. clip: estimates of clean images are clamped to [-clip, clip] at every step; None: they are
    not. correct: what is made of each of these estimates, after that. keep: how many states to keep, at equal
    distances, the last being the result. dtype: float32 by default.

    Raises `SamplerError`.
    """
    import torch

    check_sampler(sampler, steps, eta, len(schedule))

    def noise() -> torch.Tensor:
        return unit_noise(shape, generators, device, dtype)

    way = [*visited(len(schedule), steps or len(schedule)), CLEAN]
    solver = _SecondOrder(schedule)
    with torch.no_grad():
        x = noise()
        wanted = moments(len(way) - 1, keep)
        kept = {0: x} if 0 in wanted else {}
        for asked, (t, to) in enumerate(itertools.pairwise(way), start=1):
            told = predict_noise(x, torch.full((len(generators),), t, device=x.device)).to(x.dtype)
            clean = schedule.clean_from_noise(x, told, t)
            if clip is not None:
                clean = clean.clamp(-clip, clip)
            if correct is not None:
                clean = correct(clean)
            if to == CLEAN:  # every sampler's last step: nothing is left but the estimate
                x = clean
            elif sampler == "dpm-solver++":
                x = solver.step(x, clean, t, to)
            elif sampler == "ancestral":
                mean, variance = schedule.posterior(x, clean, t, to)
                x = mean + variance.sqrt() * noise()
            else:
                x = _ddim(schedule, x, clean, t, to, eta, noise)
            if asked in wanted:
                kept[asked] = x
    return Sampled(x, kept)


def _ddim(
    schedule: Schedule,
    x: torch.Tensor,
    clean: torch.Tensor,
    t: int,
    to: int,
    eta: float,
    noise: Callable[[], torch.Tensor],
) -> torch.Tensor:
    """Song et al. 2021, equations 12 and 16; the noise in x is what the (clamped, corrected) estimate leaves of it."""
    _, variance = schedule.posterior(x, clean, t, to)
    fresh = eta * variance.sqrt()
    left = float(schedule.alphas_bar[to])
    direction = schedule.noise_from_clean(x, clean, t)
    moved = math.sqrt(left) * clean + (1 - left - fresh.square()).clamp(min=0).sqrt() * direction
    return moved + fresh * noise() if eta else moved


class _SecondOrder:
    """Lu et al. 2022, algorithm 2: from two estimates to a third of the way; the first step is DDIM's."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._before: tuple[torch.Tensor, float] | None = None

    def step(self, x: torch.Tensor, clean: torch.Tensor, t: int, to: int) -> torch.Tensor:
        """x at step `to`, of x_t and the estimate of the clean images from it."""
        length = self._schedule.half_log_snr(to) - self._schedule.half_log_snr(t)
        estimate = clean
        if self._before is not None:
            earlier, earlier_length = self._before
            estimate = clean + (clean - earlier) * (length / (2 * earlier_length))
        self._before = clean, length
        left, after = (float(self._schedule.alphas_bar[step]) for step in (t, to))
        return math.sqrt((1 - after) / (1 - left)) * x - math.sqrt(after) * math.expm1(-length) * estimate
