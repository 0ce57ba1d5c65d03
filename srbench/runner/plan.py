"""What a matrix asks for, and how much of it is there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from srbench.cell import Cell
from srbench.matrix import Matrix, Use
from srbench.protocol import Protocol
from srbench.store import Record

State = Literal["done", "new", "stale", "retry"]


@dataclass(frozen=True)
class PlannedCell:
    """A cell of the matrix with everything needed to run it, and its record if there is one.

    state: `done`: nothing to do. `new`: never run. `stale`: something in its key or metrics changed since. `retry`:
    its last attempt did not end well and is to be repeated. why: the reason for the state, in words.
    """

    cell: Cell
    dataset: Use
    protocol: Protocol
    method: Use
    training: Use | None
    state: State
    why: str
    record: Record | None


@dataclass(frozen=True)
class Plan:
    """All cells of a matrix, in the order of the file."""

    matrix: Matrix
    cells: tuple[PlannedCell, ...]
