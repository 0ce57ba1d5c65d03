"""What a worker can be asked to do: train a model, or evaluate a cell. Plain data, so that it can travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srbench.cell import Cell
from srbench.matrix import Limits, Use
from srbench.protocol import Protocol
from srbench.training.context import Budget


@dataclass(frozen=True)
class Training:
    """Train one model; several cells may use it.

    split: `train` of the dataset is learned from. ingredients: what the key is made of.
    """

    key: str
    ingredients: dict[str, Any]
    method: Use
    dataset: Use
    protocol: Protocol
    budget: Budget
    seed: int

    @property
    def label(self) -> str:
        """For people: `training srcnn on t91, seed 0`."""
        return f"training {self.method.name} on {self.dataset.name} x{self.protocol.scale}, seed {self.seed}"


@dataclass(frozen=True)
class Evaluation:
    """Upscale and score one cell; where its images are there already, only score what is missing.

    metrics: the metrics to be computed, with their keys. model: the key of the training it needs.
    """

    cell: Cell
    method: Use
    dataset: Use
    protocol: Protocol
    metrics: tuple[tuple[str, Use], ...]
    model: str | None = None

    @property
    def key(self) -> str:
        """The cell's key."""
        return self.cell.key

    @property
    def label(self) -> str:
        """For people: the cell's label."""
        return self.cell.label


@dataclass(frozen=True)
class Job:
    """A task with the circumstances it runs under."""

    task: Training | Evaluation
    store: Path
    data_root: Path
    limits: Limits = field(default_factory=Limits)
    device: str = "cpu"
    threads: int = 1
