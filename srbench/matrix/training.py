"""What a matrix says of trainings: what is learned from, under which options, and what they start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from srbench.contract.fit import WHOLE_UNITS, Budget, Precision
from srbench.errors import SrbenchError
from srbench.registry.configured import Use

SAME = "same"
"""The word in `train.on` for the tested dataset's own training split."""
TrainingData = Use | str
"""A dataset whose training split is learned from, or `SAME`."""


@dataclass(frozen=True)
class StartFrom:
    """What trainings start from: a file, published weights by their name, or the model of a cell of the matrix.

    cell: the coordinates in which that cell differs from the one that starts from it: `method`, `protocol`, `on`.
    """

    file: Path | None = None
    weights: str = ""
    cell: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """In words: `the model of method rrdb, on t91`."""
        if self.cell:
            return f"the model of {', '.join(f'{key} {value}' for key, value in self.cell.items())}"
        return f"the published weights {self.weights}" if self.weights else f"the file {self.file and self.file.name}"


@dataclass(frozen=True)
class TrainOptions:
    """How trainings are done. budget: None only where no method learns."""

    budget: Budget | None = None
    precision: Precision = "32"
    compile: bool = False
    micro_batches: int = 1
    start: StartFrom | None = None

    def told(self) -> dict[str, str]:
        """The options that are not the usual ones, in words, by names for people."""
        options = {
            "Budget": self.budget,
            "Precision": "" if self.precision == "32" else self.precision,
            "Compiled": "yes" if self.compile else "",
            "Micro-batches": self.micro_batches if self.micro_batches > 1 else "",
            "Starts from": self.start,
        }
        return {name: str(value) for name, value in options.items() if value}


@dataclass(frozen=True)
class Lesson:
    """A training set, and how much is learned from it; None: what the other lesson leaves, or half."""

    on: TrainingData
    budget: Budget | None = None

    @property
    def name(self) -> str:
        """The name of the training set."""
        return self.on if isinstance(self.on, str) else self.on.name


@dataclass(frozen=True)
class Curriculum:
    """Two training sets that are learned from one after the other: the second training starts from the first's weights.

    name: in tables: `t91, then same`, unless the file gives another.
    """

    name: str
    first: Lesson
    then: Lesson

    @property
    def lessons(self) -> tuple[Lesson, Lesson]:
        """Both."""
        return self.first, self.then

    def budgets(self, whole: Budget) -> tuple[Budget, Budget]:
        """What each has of a budget: its own, what the other leaves of the whole, or half.

        Whole units are never divided: of an odd number the second has one more. Raises `SrbenchError` where that
        leaves one of them nothing, or where the whole cannot be divided.
        """
        first, then = self.first.budget, self.then.budget
        if first is not None and then is not None:
            return first, then
        given = first or then
        if whole.earlier is not None or (given is not None and (given.unit != whole.unit or given.earlier is not None)):
            raise SrbenchError(
                f"{self.name}: the budget of {whole} cannot be divided among both; give each a budget of its own, such "
                "as {first: {on: t91, budget: {steps: 300}}, then: {on: same, budget: {steps: 300}}}"
            )
        half = whole.amount // 2 if whole.unit in WHOLE_UNITS else whole.amount / 2
        amount = half if given is None else given.amount
        if not 0 < amount < whole.amount:
            raise SrbenchError(
                f"{self.name}: of the budget of {whole} {amount:,.12g} {whole.unit} leave one of both nothing"
            )
        one, other = Budget(whole.unit, amount), Budget(whole.unit, whole.amount - amount)
        return (other, one) if given is not None and first is None else (one, other)


TrainedOn = TrainingData | Curriculum
"""What stands in `train.on`."""


def lessons_of(trained_on: TrainedOn) -> tuple[Lesson, ...]:
    """What is learned from, in turn."""
    return trained_on.lessons if isinstance(trained_on, Curriculum) else (Lesson(trained_on),)


def name_of(trained_on: TrainedOn) -> str:
    """The name of what is learned from, in tables."""
    return trained_on if isinstance(trained_on, str) else trained_on.name
