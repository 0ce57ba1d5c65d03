"""What `fit` is given besides the data: seed, budget, device, a folder for checkpoints, a way to report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

BudgetUnit = Literal["steps", "seconds", "epochs", "images"]


@dataclass(frozen=True)
class Budget:
    """How much training: steps of the optimiser, seconds, passes over the training images, or patches seen."""

    unit: BudgetUnit
    amount: float

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"


def _silent(done: float, message: str) -> None: ...


def _never() -> bool:
    return False


@dataclass(frozen=True)
class FitContext:
    """The circumstances of one training.

    folder: holds the checkpoint; a training that finds one there continues it exactly.
    progress(done, message): `done` in [0, 1]; message is a few words ("step 300, loss 0.021").
    stop(): true when the run was asked to stop; the training then writes a checkpoint and raises `Interrupted`.
    """

    seed: int
    budget: Budget
    folder: Path
    device: str = "cpu"
    precision: Literal["32", "bf16"] = "32"
    checkpoint_seconds: float = 10.0
    progress: Callable[[float, str], None] = field(default=_silent)
    stop: Callable[[], bool] = field(default=_never)


class Interrupted(Exception):
    """Training stopped on request, with its checkpoint written."""
