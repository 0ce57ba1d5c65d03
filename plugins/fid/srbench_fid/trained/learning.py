"""How networks learn on the dataset at hand, and for how long: parameters that all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from srbench import Budget
from srbench.errors import ParameterError
from srbench.training import NamedSchedule, schedule_named
from srbench.types import Count, Positive, ProperFraction


@dataclass(frozen=True)
class Learning:
    """How it learns.

    optimiser: AdamW (Loshchilov and Hutter 2019) or Adam (Kingma and Ba 2015). learning_rate: at its highest.
    batch_size: pictures a step. schedule: of the learning rate: `cosine`, `plateau`, or another that methods have.
    warm_up: the share of the training in which the rate rises. early_stopping: validations in a row (one an epoch)
    without a better loss on the part held out after which it stops.
    """

    optimiser: Literal["adamw", "adam"] = "adamw"
    learning_rate: Positive = 1e-3
    batch_size: Count = 8
    schedule: NamedSchedule = "cosine"
    warm_up: ProperFraction = 0.0
    early_stopping: Count = 4

    def __post_init__(self) -> None:
        _ = self.course  # what is wrong with it is told now

    @cached_property
    def course(self) -> Any:
        """The schedule, made."""
        return schedule_named(self.schedule)


USUAL = Learning()


@dataclass(frozen=True)
class Training(Learning):
    """How a network learns, and for how long: `epochs` or `steps`, None where that is settled elsewhere."""

    epochs: Count | None = None
    steps: Count | None = None


def budget_of(epochs: int | None, steps: int | None, seconds: float | None, usual: int) -> Budget:
    """The budget that is given; `usual` epochs where none is. Raises `ParameterError` for more than one."""
    units: dict[Literal["epochs", "steps", "seconds"], float | None]
    units = {"epochs": epochs, "steps": steps, "seconds": seconds}
    given = [Budget(unit, amount) for unit, amount in units.items() if amount is not None]
    if len(given) > 1:
        last = given[-1].unit
        raise ParameterError(
            last,
            f"{last}: {' and '.join(map(str, given))} are two budgets; give one of epochs, steps and seconds",
        )
    return given[0] if given else Budget("epochs", usual)
