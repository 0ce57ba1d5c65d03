"""Residual shifting: HR moves to the upsampled LR by and by, while noise is added; what that means in closed form.

With y the upsampled LR and x HR, the image after step t of T is x_t = x + eta_t (y - x) + kappa sqrt(eta_t) noise.
Steps count from 0, step -1 is HR. (Yue, Wang, Loy, "ResShift: efficient diffusion model for image super-resolution by
residual shifting", NeurIPS 2023, section 2.1; there they count from 1.)

Coefficients are computed in 64 bits; results have the type and the device of the images they are made of.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from srbench_ddpm.samplers import moments, unit_noise, visited
from srbench_ddpm.schedule import CLEAN

from srbench.devices import widest
from srbench.errors import SrbenchError

LAST = 0.999
"""eta at the last step: hardly anything of HR is left (section 2.2)."""
FIRST_AT_MOST = 0.001
"""eta at the first step, where noise would allow for more (section 2.2)."""

TellClean = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""HR of x_t `(N, C, H, W)` at steps t `(N,)`, int64; of the same shape."""


class ShiftError(SrbenchError):
    """A schedule that no shift can have."""


@dataclass(frozen=True, eq=False)
class Shift:
    """A schedule of T steps.

    etas: `(T,)`, float64, rising, in (0, 1): how far each step has come from HR to LR. kappa: the standard deviation of
    the noise at the end.
    """

    etas: torch.Tensor
    kappa: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "etas", self.etas.double())
        ends = torch.cat([self.etas.new_zeros(1), self.etas, self.etas.new_ones(1)])
        if self.etas.ndim != 1 or not len(self) or not bool((ends.diff() > 0).all()) or self.kappa <= 0:
            raise ShiftError("a shift comes from 0 nearer to 1 with each step, and has noise")

    def __len__(self) -> int:
        """T: how many steps there are."""
        return self.etas.shape[0]

    @classmethod
    def geometric(cls, steps: int, kappa: float, power: float, least_noise: float) -> Shift:
        """sqrt(eta_t) = sqrt(eta_1) b^(beta_t), beta_t = ((t - 1) / (T - 1))^p (T - 1), t from 1 (section 2.2).

        b leads from eta_1 = min((least_noise / kappa)^2, .001) to eta_T = .999. With a larger `power`, p, it stays
        longer near HR.
        """
        if steps < 2:
            raise ShiftError(f"timesteps: {steps}; a shift has at least two, from hardly anything to nearly all")
        first = min((least_noise / kappa) ** 2, FIRST_AT_MOST)
        way = torch.linspace(0, 1, steps, dtype=torch.float64) ** power
        return cls((math.log(first) + way * math.log(LAST / first)).exp(), kappa)

    def shifted(
        self, clean: torch.Tensor, upsampled: torch.Tensor, noise: torch.Tensor, t: int | torch.Tensor
    ) -> torch.Tensor:
        """x_t of HR, the upsampled LR and unit noise, all `(N, C, H, W)`.

        t: one step for all images, or `(N,)`, one an image; so for all methods.
        """
        eta = self.eta(t, clean)
        return clean + eta * (upsampled - clean) + self.kappa * eta.sqrt() * noise

    def posterior(
        self, shifted: torch.Tensor, clean: torch.Tensor, t: int | torch.Tensor, to: int | torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean `(N, C, H, W)` and variance `(N, 1, 1, 1)` of x at an earlier step, given x_t and HR.

        to: that step, by default the one before t; steps between are taken as one.
        """
        eta, before = self.eta(t, shifted), self.eta(t - 1 if to is None else to, shifted)
        mean = before / eta * shifted + (1 - before / eta) * clean
        return mean, self.kappa**2 * before / eta * (eta - before)

    def scale(self, t: int | torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """About the deviation of x_t: sqrt(1 + kappa^2 eta_t), `(N, 1, 1, 1)`."""
        return (1 + self.kappa**2 * self.eta(t, like)).sqrt()

    def eta(self, t: int | torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """`(N, 1, 1, 1)` or one for all, in the type of the images; 0 at step -1."""
        etas = torch.cat([self.etas.new_zeros(1), self.etas]).to(like.device, widest(like.device))
        eta = etas[torch.as_tensor(t, device=like.device).reshape(-1) + 1]
        return eta.to(like.dtype).reshape(-1, *[1] * (like.ndim - 1))


def sample(
    tell_clean: TellClean,
    upsampled: torch.Tensor,
    shift: Shift,
    generators: Sequence[torch.Generator],
    *,
    steps: int | None = None,
    clip: float | None = None,
    keep: int = 0,
) -> dict[int, torch.Tensor]:
    """HR drawn back from the upsampled LR `(N, C, H, W)` and noise, by the posterior of each step.

    All randomness of an image comes from its own generator; those on the CPU give the same noise on every device.

    steps: how often the network is asked, at equal distances, always at the last step; None: at every step. clip:
    estimates of HR are clamped to [-clip, clip]; None: they are not. keep: how many states to keep, by how often the
    network had been asked; the last is the result.
    """

    def noise() -> torch.Tensor:
        return unit_noise(upsampled.shape[1:], generators, upsampled.device, upsampled.dtype)

    way = [*visited(len(shift), steps or len(shift)), CLEAN]
    wanted = moments(len(way) - 1, max(1, keep))
    with torch.no_grad():
        x = upsampled + shift.kappa * noise()
        kept = {0: x} if 0 in wanted else {}
        for asked, (t, to) in enumerate(itertools.pairwise(way), start=1):
            clean = tell_clean(x, torch.full((len(x),), t, device=x.device)).to(x.dtype)
            if clip is not None:
                clean = clean.clamp(-clip, clip)
            x, variance = shift.posterior(x, clean, t, to)
            if to != CLEAN:
                x = x + variance.sqrt() * noise()
            if asked in wanted:
                kept[asked] = x
    return kept
