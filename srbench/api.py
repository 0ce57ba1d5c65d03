"""srbench from Python: run a matrix, load a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from srbench.contract.executor import Executor, Limits, Resources
from srbench.errors import SrbenchError, nearest
from srbench.matrix import Matrix, matrix_file, matrix_name, read_matrix
from srbench.registry.parameters import ParameterError, resolve
from srbench.registry.registry import registry
from srbench.runner.job.file import jobs_in
from srbench.runner.job.tasks import Task
from srbench.runner.planning.plan import make_plan
from srbench.runner.planning.planned import Plan, PlannedCell, distinct_warnings
from srbench.runner.planning.trainable import only_trainable
from srbench.runner.supervision import again
from srbench.runner.supervision.again import MadeAgain
from srbench.runner.supervision.at_work import at_work_in
from srbench.runner.supervision.progress_file import ProgressFile
from srbench.runner.supervision.supervisor import Display, limits_of, resources_of, run_cells, submissions
from srbench.runner.supervision.tracking import made_trackers, tracked
from srbench.runner.supervision.watch import Watch, by_need
from srbench.store.frames import Frames, cells_frame, images_frame
from srbench.store.image_names import write_names
from srbench.store.record import Record, Status
from srbench.store.records import PUBLISHED, Store, is_store

if TYPE_CHECKING:
    from srbench.leaderboard import Published
    from srbench.leaderboard.board.contents import Board

COORDINATES = ("dataset", "protocol", "method", "trained_on", "seed")


@dataclass(frozen=True)
class Run:
    """What a run left: the plan with all records, the store, and what pages tell of the matrix.

    detached: how many jobs it left waiting or running.
    """

    plan: Plan
    store: Store
    board: Board
    detached: int = 0

    @property
    def failed(self) -> list[PlannedCell]:
        """Cells that ended neither ok nor skipped, that have a metric that failed, or that have no record."""
        return [planned for planned in self.plan.cells if not planned.went_well]


def run(
    matrix: str | Path | Matrix,
    *,
    store: str | Path | None = None,
    executor: str | None = None,
    jobs: int | None = None,
    where: Mapping[str, Collection[str]] | None = None,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    retry: Collection[Status] = (),
    verify: bool = False,
    detach: bool = False,
    display: Display | None = None,
) -> Run:
    """Run every cell of a matrix that has no up-to-date record.

    matrix: a file, a folder holding `matrix.yaml`, or a matrix read before. store: `results/NAME` unless told.
    executor: the name of one, in place of the matrix's, which is `local` unless told. jobs: its parameter of that name:
    how many jobs run at once.
    where: keep only cells whose coordinates (dataset, protocol, method, trained_on, seed) are among these. only, skip:
    keep only these cells, and leave out those, each by its label or by the first digits of its key.
    retry: repeat cells that ended so. verify: read every picture and every file of a record, whatever is remembered of
    them. detach: submit what can be submitted now, and return; the next run of the matrix comes back to it, and submits
    what waited for trainings. Raises `SrbenchError` for a mistake in the file or the store; a fault of one
    cell is in its record.
    """
    from srbench.leaderboard.board.description import describe, with_sections
    from srbench.leaderboard.board.kept import damaged_board, keep_board
    from srbench.runner.supervision.display import Silent

    matrix = matrix if isinstance(matrix, Matrix) else read_matrix(Path(matrix))
    place = Store(default_store(matrix.name) if store is None else Path(store))
    place_to_run = executor_of(matrix, executor, jobs)
    if detach and not place_to_run.lasting:
        raise SrbenchError(
            "detach: jobs of this executor end with their run; name one whose jobs outlive it, as slurm's do"
        )
    trackers = made_trackers(matrix.trackers)
    with (
        at_work_in(place, f"a run of {matrix.name}", place_to_run) as lease,
        ProgressFile(place, matrix.name, display or Silent(), lease) as watching,
        tracked(trackers, matrix.name, watching.warned),
    ):
        place.remember_matrix(matrix.path)
        plan = plan_for(matrix, place, place_to_run, retry, verify=verify)
        write_names(place, plan.names)
        asked = select(plan, where or {}, only, skip)
        if damaged := damaged_board(place, matrix.name, matrix.path):
            watching.warned(damaged)
        board = describe(plan)
        keep_board(place, board)
        for warning in distinct_warnings(asked):
            watching.warned(warning)
        for planned in asked:
            if planned.damage and planned.verdict is None:
                watching.warned(f"{planned.cell.label}: {planned.damage}; it is made anew")
        chosen = [planned for planned in asked if planned.state != "done"]
        if chosen and (told := plan.tells_of_folders):
            watching.warned(told)
        watching.begin(asked, chosen)
        left = 0
        if chosen or jobs_in(place):
            watch = Watch(place, place_to_run, partial(limits_of, matrix), lease, partial(resources_of, matrix))
            left = run_cells(chosen, place, watch, watching, order=matrix.order, detach=detach)
            plan = plan.with_new_records(place)
            board = describe(plan)
        if chosen or matrix.sections:
            board = with_sections(board, plan, place)
            keep_board(place, board)
        return Run(plan, place, board, left)


def plan_for(
    matrix: Matrix, store: Store, executor: Executor, retry: Collection[Status] = (), *, verify: bool = False
) -> Plan:
    """The plan of a matrix whose jobs go to an executor. retry, verify: as of `run`."""
    plan = make_plan(matrix, store, retry, verify=verify)
    return only_trainable(plan, store, executor, partial(resources_of, matrix))


def trouble(matrix: Matrix, executor: str | None = None) -> str | None:
    """What keeps the jobs of a matrix from running where it says, in words; None: nothing that is known."""
    return executor_of(matrix, executor).trouble()


def executor_of(matrix: Matrix, named: str | None, jobs: int | None = None) -> Executor:
    """The executor of that name, or else the matrix's, or else the local one."""
    use = matrix.executor
    if use is not None and named not in (None, use.registered.entry.name):
        use = None
    name = named or (use.registered.entry.name if use else "local")
    given = {**(use.given if use else {}), **({} if jobs is None else {"jobs": jobs})}
    kind = registry().get("executor", name).load()
    try:
        made: Executor = kind(**resolve(kind, given, matrix.path.parent))
    except ParameterError as error:
        raise SrbenchError(f"executor {name!r}: {error}") from error
    return made


def outline(plan: Plan, store: Store, executor: Executor) -> list[str]:
    """What a run would submit to an executor, a line for the jobs of each kind. Raises `SrbenchError`."""
    from srbench.leaderboard.words.numerals import plural

    held = {job.parent.name for job in jobs_in(store) if executor.holds(job)}
    lines = [f"{plural(len(held), 'job')} of an earlier run that wait or run"] if held else []
    waiting = Counter(wait.reason for job in jobs_in(store) if (wait := executor.wait(job)) is not None)
    lines += [f"of them {plural(count, 'job')}: {reason}" for reason, count in waiting.items()]
    now, later = submissions(plan.cells, store)
    for when, tasks in (("at once", now), ("once their trainings are done", later)):
        new = (task for task in tasks if task.key not in held)
        for (_, resources), alike in by_need(new, partial(_needed, plan.matrix)):
            said = [str(resources), executor.outline(len(alike), resources)]
            lines.append(": ".join([when, plural(len(alike), "job"), *filter(None, said)]))
    return lines


def _needed(matrix: Matrix, task: Task) -> tuple[Limits, Resources]:
    """What jobs that are submitted together have in common."""
    return limits_of(matrix, task), resources_of(matrix, task)


def make_again(
    matrix: str | Path | Matrix,
    *,
    store: str | Path | None = None,
    count: int = 1,
    executor: str | None = None,
    jobs: int | None = None,
    display: Display | None = None,
) -> list[MadeAgain]:
    """Make so many cells of a matrix that went well once more, chosen at random, and compare them with the store's.

    Arguments as of `run`. Nothing in the store changes. Raises `SrbenchError` as `run` does.
    """
    from srbench.runner.supervision.display import Silent

    matrix = matrix if isinstance(matrix, Matrix) else read_matrix(Path(matrix))
    place = Store(default_store(matrix.name) if store is None else Path(store))
    plan = make_plan(matrix, place)
    return again.make_again(plan, place, executor_of(matrix, executor, jobs), count, display or Silent())


@dataclass(frozen=True)
class BoardAt:
    """Where the board of a matrix is. file: the matrix; or, where board and store are None, the published records."""

    file: Path
    board: Board | None = None
    store: Store | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """That the matrix file is another one than was run, if it is."""
        from srbench.leaderboard.board.kept import read_text

        if self.board is None or not self.board.text or read_text(self.file) == self.board.text:
            return ()
        return (f"{self.file} has changed since it was run; `srbench run` brings the board up to date",)


def board_of(matrix: str | Path | Matrix, store: str | Path | None = None) -> BoardAt:
    """The board of a matrix. Arguments, and what is raised, as of `report`."""
    from srbench.leaderboard.board.description import describe, with_sections
    from srbench.leaderboard.board.kept import kept_board

    path = matrix.path if isinstance(matrix, Matrix) else Path(matrix)
    if path.suffix == ".jsonl":
        return BoardAt(path)
    if store is None and is_store(path) and (last := Store(path).last_matrix()) is not None:
        path, store = last, path
    file = matrix_file(path)
    published = file.with_name(PUBLISHED)
    if store is None and not file.is_file() and published.is_file():
        return BoardAt(published)
    name = matrix_name(file)
    place = Store(default_store(name) if store is None else Path(store))
    board = kept_board(place, name, file)
    if board is None and store is None and published.is_file():
        return BoardAt(published)
    where = f"the store {place.root} (in {Path.cwd()})" if not place.root.is_absolute() else f"the store {place.root}"
    if not place.root.is_dir():
        raise SrbenchError(f"{where} is not there; go to where the matrix was run, or name its store with --store")
    if board is None:  # filled by something else than a run, or by a run of before boards were kept
        plan = make_plan(read_matrix(file), place)
        board = with_sections(describe(plan), plan, place)
    if all(place.read("cells", cell.key) is None for cell in board.cells):
        raise SrbenchError(f"{where} holds nothing of this matrix, {file}; run it, or name another store with --store")
    return BoardAt(file, msgspec.structs.replace(board, path=str(file.absolute())), place)


def report(matrix: str | Path | Matrix, *, store: str | Path | None = None, out: str | Path | None = None) -> Published:
    """Make the leaderboard of a matrix from what its runs left; no plugin, dataset or model need be on the machine.

    matrix: its file, the folder it is in, the `records.jsonl` of a board that was published, or a store, of which the
    matrix that ran last is meant. store: `results/NAME` unless told; where there is none, and none is named, the board
    is made from the `records.jsonl` beside the file. out: `leaderboards/NAME` unless told. Raises `SrbenchError` where
    there is nothing of the matrix, or files of others are where the pages would go.
    """
    from srbench.leaderboard import publish, publish_again

    at = board_of(matrix, store)
    folder = None if out is None else Path(out)
    if at.board is None or at.store is None:
        return publish_again(at.file, folder)
    made = publish(at.board, at.store.root, folder)
    return replace(made, remarks=(*made.remarks, *at.remarks))


def load(store: str | Path, *, everything: bool = False) -> Frames:
    """The results of the matrix that a store served last, as pandas frames.

    A cell's row says in `state` what it is: `done`; `stale`, what decides it has changed since; `not asked for` by the
    matrix any more; `unknown`, where that cannot be told because the matrix or a dataset is not at hand. `key` tells
    rows of one cell apart, `started` which is newer. everything: also what is stale or not asked for.
    """
    place = Store(Path(store))
    if not place.root.is_dir():
        raise SrbenchError(f"there is no store {place.root}")
    stored = list(place.records("cells"))
    cells = _cells_of_last_matrix(place)
    by_key = {planned.cell.key: planned for planned in cells}
    states = _states(stored, by_key)
    shown = ("done", "stale", "not asked for", "unknown") if everything else ("done", "unknown")
    records = [
        record.as_asked(by_key[record.key].keys) if record.key in by_key and not everything else record.by_name()
        for record in stored
        if states[record.key] in shown
    ]
    metrics = list(dict.fromkeys(name for record in records for name in record.metrics))
    chosen = [(record.point, record) for record in records]
    frames = [cells_frame(chosen, metrics), images_frame(chosen, place)]
    started = {record.key: record.started for record in records}
    for frame in frames:
        for name, values in (("state", states), ("started", started)):
            frame[name] = [values[key] for key in frame["key"]]
    return Frames(*frames)


def _cells_of_last_matrix(store: Store) -> Sequence[PlannedCell]:
    """What the matrix that the store served last asks for; nothing where that cannot be told."""
    path = store.last_matrix()
    try:
        return () if path is None else make_plan(read_matrix(path), store).cells
    except SrbenchError:  # a plugin that is not installed here, say: what is in the store can be had all the same
        return ()


def _states(records: Iterable[Record], by_key: Mapping[str, PlannedCell]) -> dict[str, str]:
    """What records are to the cells of a matrix, by key; `unknown` all where there are no cells."""
    cells = {frozenset(planned.cell.point().items()): planned.cell for planned in by_key.values()}
    states = {}
    for record in records:
        cell = cells.get(frozenset(record.point.items()))
        if record.key in by_key:
            states[record.key] = "done"
        elif not by_key or (cell and "unusable" in cell.ingredients.get("test", {})):
            # Without its dataset nobody knows what a cell's key would be.
            states[record.key] = "unknown"
        else:
            states[record.key] = "not asked for" if cell is None else "stale"
    return states


def shared_with(matrix: Matrix, store: str | Path | None) -> Path | None:
    """The other matrix that the default store of this one served last, if there is one; None for a store named."""
    other = None if store is not None else Store(default_store(matrix.name)).last_matrix()
    return other if other is not None and other != matrix.path.resolve() else None


def default_store(name: str) -> Path:
    """`results/NAME` in the working directory. name: of the matrix."""
    return Path("results") / name


def select(
    plan: Plan, where: Mapping[str, Collection[str]], only: Collection[str] = (), skip: Collection[str] = ()
) -> Sequence[PlannedCell]:
    """The cells whose coordinates are among those given.

    only, skip: those that stay, unless there are none, and those that are left out, each by its label or by the first
    digits of its key. Raises `SrbenchError` for a coordinate, value or name that no cell has.
    """
    chosen = plan.cells
    for coordinate, values in where.items():
        if coordinate not in COORDINATES:
            raise SrbenchError(f"--where {coordinate}: unknown coordinate.{nearest(coordinate, COORDINATES)}")
        there = {str(planned.cell.point()[coordinate]) for planned in plan.cells}
        for value in values:
            if value not in there:
                raise SrbenchError(f"--where {coordinate}={value}: no such cell.{nearest(value, there - {str(None)})}")
        chosen = tuple(planned for planned in chosen if str(planned.cell.point()[coordinate]) in values)
    kept, left_out = _labels(plan, "--only", only), _labels(plan, "--skip", skip)
    chosen = tuple(planned for planned in chosen if planned.cell.label not in left_out)
    return tuple(planned for planned in chosen if planned.cell.label in kept) if only else chosen


def _labels(plan: Plan, option: str, names: Collection[str]) -> set[str]:
    """The labels of the cells that are named by label or by the first digits of their key."""
    keys = {planned.cell.label: planned.cell.key for planned in plan.cells}
    found = set[str]()
    for name in names:
        these = {label for label, key in keys.items() if name and name in (label, key[: len(name)])}
        if not these:
            raise SrbenchError(f"{option} {name}: no such cell.{nearest(name, keys)}")
        found |= these
    return found
