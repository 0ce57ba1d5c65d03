"""srbench from Python: run a matrix, load a store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.errors import SrbenchError, nearest
from srbench.matrix import Matrix, read_matrix
from srbench.names import write_names
from srbench.plugins import registry
from srbench.runner.plan import Plan, PlannedCell, distinct_warnings, make_plan
from srbench.runner.supervisor import Display, run_cells
from srbench.store import Status, Store

if TYPE_CHECKING:
    import pandas as pd

COORDINATES = ("dataset", "protocol", "method", "trained_on", "seed")


@dataclass(frozen=True)
class Run:
    """What a run left: the plan with all records, and the store."""

    plan: Plan
    store: Store

    @property
    def failed(self) -> list[PlannedCell]:
        """Cells that ended neither ok nor skipped, that have a metric that failed, or that have no record."""
        return [planned for planned in self.plan.cells if planned.record is None or not planned.record.went_well]


@dataclass(frozen=True)
class Frames:
    """A store as tidy pandas frames: one row a cell and metric; one row an image and metric."""

    cells: pd.DataFrame
    images: pd.DataFrame


def run(
    matrix: str | Path | Matrix,
    *,
    store: str | Path | None = None,
    executor: str = "local",
    jobs: int | None = None,
    where: Mapping[str, Collection[str]] | None = None,
    retry: Collection[Status] = (),
    verify: bool = False,
    display: Display | None = None,
) -> Run:
    """Run every cell of a matrix that has no up-to-date record.

    matrix: a file, a folder holding `matrix.yaml`, or a matrix read before. store: `results/NAME` unless told.
    where: keep only cells whose coordinates (dataset, protocol, method, trained_on, seed) are among these.
    retry: repeat cells that ended so. verify: read every picture and every file of a record, whatever is remembered of
    them. Raises `SrbenchError` for a mistake in the file or the store; a fault of one
    cell is in its record.
    """
    from srbench.runner.display import Silent

    matrix = matrix if isinstance(matrix, Matrix) else read_matrix(Path(matrix))
    place = Store(default_store(matrix) if store is None else Path(store))
    kind = registry().get("executor", executor).load()
    with place.locked():
        place.remember_matrix(matrix.path)
        plan = make_plan(matrix, place, retry, verify=verify)
        write_names(place, plan.names)
        asked, watching = select(plan, where or {}), display or Silent()
        for warning in distinct_warnings(asked):
            watching.warned(warning)
        chosen = [planned for planned in asked if planned.state != "done"]
        if chosen:
            run_cells(chosen, place, kind(place, matrix.limits, jobs), watching)
        return Run(plan.with_records_of(place), place)


def load(store: str | Path) -> Frames:
    """Everything in a store, as pandas frames."""
    from srbench.frames import cells_frame, images_frame

    place = Store(Path(store))
    if not place.root.is_dir():
        raise SrbenchError(f"there is no store {place.root}")
    records = [(record.point, record.by_name()) for record in place.records("cells")]
    metrics = sorted({name for _, record in records for name in record.metrics})
    return Frames(cells_frame(records, metrics), images_frame(records, place))


def default_store(matrix: Matrix) -> Path:
    """`results/NAME` in the working directory."""
    return Path("results") / matrix.name


def select(plan: Plan, where: Mapping[str, Collection[str]]) -> Sequence[PlannedCell]:
    """The cells whose coordinates are among those given; `SrbenchError` for a coordinate or value that none has."""
    chosen = plan.cells
    for coordinate, values in where.items():
        if coordinate not in COORDINATES:
            raise SrbenchError(f"--where {coordinate}: unknown coordinate.{nearest(coordinate, COORDINATES)}")
        there = {str(planned.cell.point()[coordinate]) for planned in plan.cells}
        for value in values:
            if value not in there:
                raise SrbenchError(f"--where {coordinate}={value}: no such cell.{nearest(value, there)}")
        chosen = tuple(planned for planned in chosen if str(planned.cell.point()[coordinate]) in values)
    return chosen
