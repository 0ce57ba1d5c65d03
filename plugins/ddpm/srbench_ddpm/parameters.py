"""What the methods of this plugin have in common: types of parameters, two schedules of noise, fast samples."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from srbench import Problem, Skip
from srbench.errors import SrbenchError

from .samplers import Sampler
from .schedule import Schedule

Width = Annotated[int, Meta(ge=2)]
Betas = Literal["cosine", "linear"]
"""How much noise comes in each step of a diffusion."""
Predicts = Literal["noise", "velocity"]
"""What a U-Net without LR tells of a noisy image."""

PREVIEW: tuple[Sampler, int] = ("ddim", 10)
"""How everything is sampled that training shows: whatever sampler is asked for later, the model is the same."""
LINEAR_START, LINEAR_END = 0.1, 20
"""Ends of the linear schedule's betas, by the number of steps: 1e-4 and .02 of 1000, as in Ho et al. 2020."""


def check_levels(channels: tuple[int, ...], attention: tuple[bool, ...]) -> None:
    """Raise `SrbenchError` unless a U-Net has a level, and each one says whether it has attention."""
    if not channels or len(channels) != len(attention):
        raise SrbenchError(
            f"channels: {list(channels)}, attention: {list(attention)}; both need one value a level of the U-Net"
        )


def check_length(betas: Betas, timesteps: int) -> None:
    """Raise `SrbenchError` where the betas of the linear schedule would not be below 1."""
    if betas == "linear" and timesteps <= LINEAR_END:
        raise SrbenchError(f"timesteps: {timesteps}; linear betas need more than {LINEAR_END}")


def make_schedule(betas: Betas, timesteps: int) -> Schedule:
    """The noise at each step."""
    if betas == "cosine":
        return Schedule.cosine(timesteps)
    return Schedule.linear(timesteps, LINEAR_START / timesteps, LINEAR_END / timesteps)


def too_odd(problem: Problem, levels: int, fold: int) -> Skip | None:
    """Why images of a generator's U-Net cannot have the sides asked for; None where they can."""
    multiple = multiple_of(levels, fold)
    if all(side % multiple == 0 for size in (problem.smallest, problem.largest) for side in size):
        return None
    return Skip(f"its U-Net makes images whose sides are multiples of {multiple} pixels")


def multiple_of(levels: int, fold: int) -> int:
    """What the sides of images have to be multiples of for a U-Net."""
    return int(fold * 2 ** (levels - 1))
