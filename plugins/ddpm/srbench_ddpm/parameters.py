"""What the methods of this plugin have in common: types of parameters, the two schedules, fast samples on the way."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from srbench import Problem, Skip
from srbench.errors import SrbenchError

from .samplers import Sampler
from .schedule import Schedule

Width = Annotated[int, Meta(ge=2)]
ScheduleName = Literal["cosine", "linear"]
Orientations = Literal["one", "mirrored", "all"]
"""In which images of a generator may be learned from."""

TURNS: dict[Orientations, tuple[int, ...]] = {"one": (0,), "mirrored": (0, 4), "all": tuple(range(8))}
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


def check_length(schedule: ScheduleName, timesteps: int) -> None:
    """Raise `SrbenchError` where the betas of the linear schedule would not be below 1."""
    if schedule == "linear" and timesteps <= LINEAR_END:
        raise SrbenchError(f"timesteps: {timesteps}; the linear schedule needs more than {LINEAR_END}")


def make_schedule(name: ScheduleName, timesteps: int) -> Schedule:
    """The noise at each step."""
    if name == "cosine":
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
