"""From noise to images, with a network that tells the noise: ways to walk a schedule backwards."""

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

Sampler = Literal["ancestral", "ddim", "dpm-solver++", "predictor-corrector", "probability-flow"]
"""ancestral: every step draws from the posterior (Ho et al., "Denoising diffusion probabilistic models", 2020,
algorithm 2); with fewer steps than the schedule's, those between are taken as one (Nichol and Dhariwal 2021).
ddim: less of that noise, or none (Song et al., "Denoising diffusion implicit models", 2021, equation 12).
dpm-solver++: the 2M solver of second order (Lu et al., "DPM-Solver++", 2022, algorithm 2), without noise.
The other two take the schedule for a discretised variance-preserving SDE (Song et al., "Score-based generative modeling
through stochastic differential equations", 2021), and ask the network twice a step.
predictor-corrector: a step of Langevin dynamics at the noise that there is (algorithm 5), then an ancestral one.
probability-flow: the ordinary differential equation that has the same marginal distributions (equation 13), by Heun's
method, of second order, without noise after the beginning."""

CORRECTOR_SNR = 0.16
"""The corrector's step as a ratio of signal to noise, r in algorithm 5: what the authors' programs have."""

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

    steps: how many; None: as many as the schedule has. eta: of `ddim`, the noise as a share of the ancestral sampler's.
    clip: estimates of clean images are clamped to [-clip, clip] whenever the network is asked; None: they are not.
    correct: what is made of each of these estimates, after that. keep: how many states to keep, at equal distances, the
    last being the result. dtype: float32 by default.

    Raises `SamplerError`.
    """
    import torch

    check_sampler(sampler, steps, eta, len(schedule))

    def noise() -> torch.Tensor:
        return unit_noise(shape, generators, device, dtype)

    asked = 0

    def estimate(x: torch.Tensor, t: int) -> torch.Tensor:
        """The clean images, as the network sees them in x_t."""
        nonlocal asked
        asked += 1
        told = predict_noise(x, torch.full((len(generators),), t, device=x.device)).to(x.dtype)
        clean = schedule.clean_from_noise(x, told, t)
        clean = clean if clip is None else clean.clamp(-clip, clip)
        return clean if correct is None else correct(clean)

    way = [*visited(len(schedule), steps or len(schedule)), CLEAN]
    solver = _SecondOrder(schedule)
    with torch.no_grad():
        x = noise()
        wanted = moments(len(way) - 1, keep)
        kept = {0: x} if 0 in wanted else {}
        for place, (t, to) in enumerate(itertools.pairwise(way), start=1):
            if sampler == "predictor-corrector":
                x = _corrected(schedule, x, estimate(x, t), t, to, noise())
            clean = estimate(x, t)
            if to == CLEAN:  # every sampler's last step: nothing is left but the estimate
                x = clean
            elif sampler == "dpm-solver++":
                x = solver.step(x, clean, t, to)
            elif sampler == "ddim":
                x = _ddim(schedule, x, clean, t, to, eta, noise)
            elif sampler == "probability-flow":
                x = _flow(schedule, x, clean, t, to, estimate)
            else:
                mean, variance = schedule.posterior(x, clean, t, to)
                x = mean + variance.sqrt() * noise()
            if place in wanted:
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


def _corrected(
    schedule: Schedule, x: torch.Tensor, clean: torch.Tensor, t: int, to: int, noise: torch.Tensor
) -> torch.Tensor:
    """x_t after a step of Langevin dynamics among the images of step t (Song et al. 2021, algorithm 5).

    x + e s + sqrt(2 e) noise with the score s, e = 2 a (r |noise| / |s|)^2 for each image, where a is what the step of
    the sampler leaves of the variance: alpha of the schedule where it visits all steps. At most the variance of the
    noise in x, which only a network that tells hardly any noise would exceed.
    """
    left, before = _left(schedule, t), _left(schedule, to)
    score = -schedule.noise_from_clean(x, clean, t) / math.sqrt(1 - left)
    ratio = CORRECTOR_SNR * _norm(noise) / _norm(score)
    step = (2 * left / before * ratio.square()).clamp(max=1 - left)
    return x + step * score + (2 * step).sqrt() * noise


def _flow(
    schedule: Schedule,
    x: torch.Tensor,
    clean: torch.Tensor,
    t: int,
    to: int,
    estimate: Callable[[torch.Tensor, int], torch.Tensor],
) -> torch.Tensor:
    """x at step `to`, moved along dx / du = -(x + s(x)): Song et al. 2021, equation 13 for equation 11.

    The time u = -log(a_t) / 2 is the integral of beta / 2, so that nothing but the steps visited is needed. Heun's
    method: the mean of the slopes at either end.
    """

    def slope(x: torch.Tensor, clean: torch.Tensor, t: int) -> torch.Tensor:
        return schedule.noise_from_clean(x, clean, t) / math.sqrt(1 - _left(schedule, t)) - x

    length = (math.log(_left(schedule, t)) - math.log(_left(schedule, to))) / 2
    first = slope(x, clean, t)
    tried = x + length * first
    return x + length * (first + slope(tried, estimate(tried, to), to)) / 2


def _left(schedule: Schedule, t: int) -> float:
    """The share of the clean image's variance in x_t."""
    return 1.0 if t == CLEAN else float(schedule.alphas_bar[t])


def _norm(images: torch.Tensor) -> torch.Tensor:
    """The Euclidean length of each image, `(N, 1, 1, 1)`."""
    return images.square().sum((1, 2, 3), keepdim=True).sqrt()
