"""What `fit` is given besides the data: seed, budget, device, a folder for checkpoints, a way to report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

BudgetUnit = Literal["steps", "seconds", "epochs", "images"]
WHOLE_UNITS: tuple[BudgetUnit, ...] = ("steps", "images")
"""Units of which there are whole numbers only."""
Precision = Literal["32", "tf32", "bf16", "fp16"]
"""The number format of forward and backward passes; weights are always in 32 bits. `tf32` and `fp16` need a GPU."""
PICTURES_GB = 2.0
"""How much memory a training takes for decoded pictures unless told, in 10^9 bytes."""


@dataclass(frozen=True)
class Budget:
    """How much training: steps of the optimiser, seconds, passes over the training images, or patches seen.

    amount: all in all. earlier: what a finished training had that this one goes on from, in the same unit, and less.
    """

    unit: BudgetUnit
    amount: float
    earlier: Budget | None = None

    @property
    def own(self) -> float:
        """What is left to be done after the earlier training, if there is one."""
        return self.amount - (0 if self.earlier is None else self.earlier.amount)

    def __str__(self) -> str:
        """In words: `20,000 steps`; `40,000 steps, gone on from 20,000 steps`."""
        after = "" if self.earlier is None else f", gone on from {self.earlier}"
        return f"{self.amount:,.12g} {self.unit}{after}"


@dataclass(frozen=True)
class Start:
    """Weights that a training starts from.

    path: of a file of tensors by name: safetensors, or what `torch.save` writes. told: whose they are, in words that
    follow "the weights of": `srcnn, trained on t91 x4 (300 steps)`.
    """

    path: Path
    told: str


def _silent(done: float, message: str) -> None: ...


def _never() -> bool:
    return False


@dataclass(frozen=True)
class FitContext:
    """The circumstances of one training.

    folder: holds the checkpoint; a training that finds one there continues it exactly.
    model: the model's own folder, for what is left there while training: `samples/`, and the weights saved from a
        training that diverged. None: `folder`.
    earlier: the last checkpoint of the training that this one goes on from, where `budget.earlier` says that it does;
        only read.
    start: the weights that networks begin with, where they are to begin with any; a training that goes on, or resumes,
        begins with its checkpoint.
    compile: whether networks are compiled with `torch.compile`.
    pictures_gb: how much memory decoded training pictures may take, of 10^9 bytes; those that are more are in a file.
    micro_batches: in so many pieces each batch is computed, one after the other, for less memory.
    progress(done, message): `done` in [0, 1]; message is a few words ("step 300, loss 0.021").
    stop(): true when the run was asked to stop; the training then writes a checkpoint and raises `Interrupted`.
    clock(): seconds that only rise, without those for which the process was stopped: what seconds of a budget are
        counted by.
    """

    seed: int
    budget: Budget
    folder: Path
    device: str = "cpu"
    model: Path | None = None
    earlier: Path | None = None
    start: Start | None = None
    precision: Precision = "32"
    compile: bool = False
    micro_batches: int = 1
    pictures_gb: float = PICTURES_GB
    checkpoint_seconds: float = 10.0
    progress: Callable[[float, str], None] = field(default=_silent)
    stop: Callable[[], bool] = field(default=_never)
    clock: Callable[[], float] = field(default=time.monotonic)

    @property
    def model_folder(self) -> Path:
        """Where to leave what outlives the checkpoint."""
        return self.folder if self.model is None else self.model


class Interrupted(Exception):
    """Training stopped on request, with its checkpoint written."""
