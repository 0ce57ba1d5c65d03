"""What a tracker is: something that takes what a run does to where its people look at experiments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from srbench.store.cell import Cell
    from srbench.store.record import Record

Row = Mapping[str, float | str]
"""A line of a training's history: `stage`, `step`, `seconds`, losses and so on, by the names of `history.csv`."""


class Tracker(ABC):
    """Takes what a run does to another place. Its parameters are those of `__init__`, typed, set in the matrix file.

    It lives in the run's own process, in a thread of its own, and hears of everything in turn. `__init__` raises
    `SrbenchError` for what a person has to mend before a run begins. Whatever is raised later costs a warning: the run
    goes on, and the tracker hears no more of it.
    """

    @abstractmethod
    def begin(self, matrix: str) -> None:
        """A run of the matrix of this name begins."""

    def cell_started(self, cell: Cell) -> None:
        """A cell is about to run."""

    @abstractmethod
    def cell_finished(self, cell: Cell, record: Record) -> None:
        """A cell has left its record, whatever its status; metrics by the names that the matrix gives them."""

    def training_finished(self, record: Record, history: Sequence[Row]) -> None:
        """The training of a model or an extractor ended, whatever its status, with this history, which may be empty.

        The records of cells that use it name it as `model`.
        """

    @abstractmethod
    def end(self) -> None:
        """The run is over, or this tracker hears no more of it."""
