"""How much noise each step of a diffusion adds, and what follows from it in closed form.

Steps count from 0: after step t of T, an image is x_t = sqrt(a_t) x + sqrt(1 - a_t) noise, where a_t (`alphas_bar`) is
the product of 1 - beta up to and with t. Step -1 is the clean image. (Ho et al. 2020 count from 1.)

Coefficients are computed in 64 bits; results have the type and the device of the images they are made of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from srbench.devices import widest
from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch

CLEAN = -1
"""The step of a clean image."""


class ScheduleError(SrbenchError):
    """A schedule that no diffusion can have."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """A noise schedule of T steps.

    betas: `(T,)` in (0, 1), float64: the variance of the noise that each step adds. alphas_bar: `(T,)`, float64: the
    share of the clean image's variance that is left after each step.
    """

    betas: torch.Tensor
    alphas_bar: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        if self.betas.ndim != 1 or not len(self) or not bool(((self.betas > 0) & (self.betas < 1)).all()):
            raise ScheduleError("the noise of each step of a schedule has a variance between 0 and 1, neither included")
        object.__setattr__(self, "betas", self.betas.double())
        object.__setattr__(self, "alphas_bar", (1 - self.betas).cumprod(0))

    def __len__(self) -> int:
        """T: how many steps there are."""
        return self.betas.shape[0]

    @classmethod
    def linear(cls, steps: int, start: float = 1e-4, end: float = 0.02) -> Schedule:
        """Betas at equal distances from `start` to `end` (Ho et al., "Denoising diffusion", 2020, section 4)."""
        import torch

        return cls(torch.linspace(start, end, _counted(steps), dtype=torch.float64))

    @classmethod
    def scaled_linear(cls, steps: int, start: float = 0.0015, end: float = 0.0195) -> Schedule:
        """Square roots of betas at equal distances, as latent diffusion has it (Rombach et al. 2021)."""
        import torch

        return cls(torch.linspace(start**0.5, end**0.5, _counted(steps), dtype=torch.float64).square())

    @classmethod
    def cosine(cls, steps: int, s: float = 0.008) -> Schedule:
        """a_t falls along a squared cosine; betas are at most .999 (Nichol and Dhariwal 2021, equation 17)."""
        import torch

        at = torch.arange(_counted(steps) + 1, dtype=torch.float64) / steps
        left = ((at + s) / (1 + s) * math.pi / 2).cos().square()
        return cls((1 - left[1:] / left[:-1]).clamp(max=0.999))

    def noised(self, clean: torch.Tensor, noise: torch.Tensor, t: int | torch.Tensor) -> torch.Tensor:
        """x_t of clean images `(N, C, H, W)` and unit noise (Ho et al. 2020, equation 4).

        t: one step for all images, or `(N,)`, one an image; so for all methods.
        """
        left = self._left(t, clean)
        return _times(left.sqrt(), clean) + _times((1 - left).sqrt(), noise)

    def clean_from_noise(self, noisy: torch.Tensor, noise: torch.Tensor, t: int | torch.Tensor) -> torch.Tensor:
        """The clean images whose x_t is `noisy`, if that is the noise in it (equation 4, solved for x)."""
        left = self._left(t, noisy)
        return _times(left.rsqrt(), noisy) - _times((1 / left - 1).sqrt(), noise)

    def noise_from_clean(self, noisy: torch.Tensor, clean: torch.Tensor, t: int | torch.Tensor) -> torch.Tensor:
        """The unit noise in x_t, if those are the clean images (equation 4, solved for the noise)."""
        left = self._left(t, noisy)
        return _times((1 - left).rsqrt(), noisy) - _times((left / (1 - left)).sqrt(), clean)

    def velocity(self, clean: torch.Tensor, noise: torch.Tensor, t: int | torch.Tensor) -> torch.Tensor:
        """sqrt(a_t) noise - sqrt(1 - a_t) x (Salimans and Ho, "Progressive distillation", 2022, appendix D).

        Unlike the noise, it tells the clean image also where hardly anything of that is left.
        """
        left = self._left(t, clean)
        return _times(left.sqrt(), noise) - _times((1 - left).sqrt(), clean)

    def noise_from_velocity(self, noisy: torch.Tensor, velocity: torch.Tensor, t: int | torch.Tensor) -> torch.Tensor:
        """The unit noise in x_t, if that is the velocity."""
        left = self._left(t, noisy)
        return _times((1 - left).sqrt(), noisy) + _times(left.sqrt(), velocity)

    def posterior(
        self, noisy: torch.Tensor, clean: torch.Tensor, t: int | torch.Tensor, to: int | torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean `(N, C, H, W)` and variance `(N, 1, 1, 1)` of x at an earlier step, given x_t and the clean image.

        to: that step, by default the one before t (Ho et al. 2020, equations 6 and 7). For others, all steps between
        are taken as one (Nichol and Dhariwal 2021, section 4, equation 19).
        """
        left, before = self._left(t, noisy), self._left(t - 1 if to is None else to, noisy)
        kept = left / before
        mean = _times(before.sqrt() * (1 - kept) / (1 - left), clean)
        mean = mean + _times(kept.sqrt() * (1 - before) / (1 - left), noisy)
        return mean, _shaped((1 - before) / (1 - left) * (1 - kept), noisy)

    def half_log_snr(self, t: int) -> float:
        """log(sqrt(a_t) / sqrt(1 - a_t)); infinite for a clean image (Lu et al. 2022, "DPM-Solver", section 2)."""
        if t == CLEAN:
            return math.inf
        left = float(self.alphas_bar[t])
        return 0.5 * (math.log(left) - math.log1p(-left))

    def _left(self, t: int | torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """a_t, of one image or each, on the images' device and in 64 bits where that has them; 1 at step -1."""
        import torch

        left = torch.cat([self.alphas_bar.new_ones(1), self.alphas_bar]).to(like.device, widest(like.device))
        return left[torch.as_tensor(t, device=like.device).reshape(-1) + 1]


def _counted(steps: int) -> int:
    if steps < 1:
        raise ScheduleError(f"a schedule has at least one step, not {steps}")
    return steps


def _times(factor: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    return _shaped(factor, images) * images


def _shaped(factor: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    return factor.to(images.dtype).reshape(-1, *[1] * (images.ndim - 1))
