"""The matrix file, validated: datasets x protocols x methods x training sets x seeds, and the metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from srbench.plugins import Registered
from srbench.protocol import Protocol
from srbench.training.context import Budget


@dataclass(frozen=True)
class Use:
    """A plugin's entry as the matrix uses it.

    name: what it is called in tables: the `as` of the file, the dataset's own `name` parameter, or the entry's name.
    params: complete and checked, with defaults and preset resolved. given: as the file says it, preset included.
    """

    name: str
    registered: Registered
    params: dict[str, Any]
    given: dict[str, Any] = field(default_factory=dict)

    def create(self) -> Any:
        """A new method, dataset or metric with these parameters."""
        return self.registered.load()(**self.params)


@dataclass(frozen=True)
class Limits:
    """What a cell may use at most."""

    seconds: float | None = None
    memory_gb: float | None = None


@dataclass(frozen=True)
class Matrix:
    """A validated matrix file.

    train_on: the training sets; the string `same` among them stands for the tested dataset's own training split.
    budget: None only when no method learns.
    """

    path: Path
    name: str
    title: str
    datasets: tuple[Use, ...]
    protocols: tuple[Protocol, ...]
    methods: tuple[Use, ...]
    metrics: tuple[Use, ...]
    train_on: tuple[Use | str, ...] = ()
    budget: Budget | None = None
    seeds: tuple[int, ...] = (0,)
    limits: Limits = Limits()
