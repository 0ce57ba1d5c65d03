"""Making a plan: a matrix expanded into cells, each compared with what the store holds of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Any

from srbench.matrix import Matrix
from srbench.runner.job.environment import packages
from srbench.runner.job.tasks import Scoring, Training
from srbench.runner.planning.changes import changes, versions_changed
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.lookalikes import Resemblance
from srbench.runner.planning.outlook import Outlook, Outlooks
from srbench.runner.planning.planned import Plan, PlannedCell, State
from srbench.runner.planning.splits import SplitContents, Splits
from srbench.store.cell import Cell
from srbench.store.image_names import ImageName
from srbench.store.record import Record, Status
from srbench.store.records import Store

ALWAYS_RETRIED: frozenset[Status] = frozenset({"killed"})
"""A killed cell says nothing about its method; the next run repeats it without being asked."""


def make_plan(matrix: Matrix, store: Store, retry: Collection[Status] = (), *, verify: bool = False) -> Plan:
    """Expand a matrix into cells and compare each with the store.

    Looks at every picture of the datasets (once; what it learned about files is remembered), so that a damaged one
    shows before anything is trained. Every file of a record is compared with it, and read where it changed. retry:
    statuses whose cells are to be repeated, besides `killed`. verify: read every picture and every file anew.
    """
    planner = _Planner(matrix, store, frozenset(retry) | ALWAYS_RETRIED, verify)
    cells = tuple(planner.cells())
    return Plan(matrix, cells, planner.names, planner.coded, planner.contents, planner.alike)


class _Planner:
    def __init__(self, matrix: Matrix, store: Store, retry: frozenset[Status], verify: bool) -> None:
        self._matrix = matrix
        self._store = store
        self._retry = retry
        self._splits = Splits(verify)
        self._damage = Damage(store, verify)

    @property
    def names(self) -> frozenset[ImageName]:
        """The names of images in the splits that were looked at."""
        return frozenset(self._splits.names)

    @property
    def coded(self) -> frozenset[str]:
        """The datasets of which no name may be published."""
        return frozenset(self._splits.coded)

    @property
    def contents(self) -> tuple[SplitContents, ...]:
        """What the splits that were looked at hold, tested ones first."""
        return tuple(sorted(self._splits.contents.values(), key=lambda one: one.split))

    @property
    def alike(self) -> tuple[Resemblance, ...]:
        """Images that show the same, in the splits that were looked at."""
        return tuple(sorted(self._splits.alike))

    def cells(self) -> Iterator[PlannedCell]:
        outlooks = Outlooks(self._matrix, self._splits)
        for dataset in self._matrix.datasets:
            for protocol in self._matrix.protocols:
                for method in self._matrix.methods:
                    # A method that neither learns nor samples runs once, whatever the training sets and seeds.
                    kind = method.registered.load()
                    for train_on in self._matrix.train_on if kind.learns else (None,):
                        outlook = outlooks.of(dataset, protocol, method, train_on)
                        for seed in self._matrix.seeds if kind.learns or kind.samples else (None,):
                            yield self._planned(outlook, seed)

    @cached_property
    def _earlier(self) -> dict[tuple[Any, ...], Record]:
        return _by_point(self._store.records("cells"))

    def _planned(self, outlook: Outlook, seed: int | None) -> PlannedCell:
        training = outlook.training(seed)
        return self._compared(outlook, outlook.cell(seed, training), training)

    def _compared(self, outlook: Outlook, cell: Cell, training: Training | None) -> PlannedCell:
        record = self._damage.record(cell.key)
        asked, keys = outlook.asked, outlook.keys
        metrics = asked if record is None else self._missing(asked, record)
        damage, stored = "" if record else self._damage.of_record(cell.key), None
        if record is not None and record.status == "ok":
            scores = self._damage.of_scores(record)
            sr = self._damage.of_sr(record, needed=bool(metrics or scores))
            damage, stored = sr or scores, None if sr else record
            if damage:
                record, metrics = None, asked
        tasks = [training, *(scoring.training for scoring in asked)]
        damaged = [task for task in tasks if task is not None and self._damage.of_training(task)]
        state: State
        if damage:
            state, why = "stale", damage
        elif record is None:
            earlier = self._earlier.get(tuple(cell.point().values()))
            state, why = ("new", "never run") if earlier is None else ("stale", changes(earlier, cell, outlook.tested))
            if training is not None and self._damage.is_begun(training):
                why += "; its training was interrupted and goes on from its checkpoint"
            elif training is not None and (said := self._damage.going_on(training)):
                why += f"; {said}"
        elif record.status in self._retry:
            state, why = "retry", f"{record.status}: {record.reason}"
            metrics = asked
        elif record.status == "ok" and metrics:
            state, why = "stale", "to be scored: " + ", ".join(_to_be_scored(scoring, record) for scoring in metrics)
        elif record.status == "ok" and (damaged or self._damage.of_references(record)):
            state, why = "stale", self._damage.of_references(record)
            damage = why
        else:
            state, why = "done", ""
        if damaged and state != "done":
            lost = list(map(self._damage.of_training, damaged))
            why, damage = ("; ".join(filter(None, [told, *lost])) for told in (why, damage))
        seen = None if record is None else record.as_asked(keys)
        if seen is not None and state == "done":
            news = versions_changed(seen.environment.get("packages", {}), packages(outlook.method))
            why, damage = f"{seen.outcome}; {news} since this was made" if news else seen.outcome, ""
        return PlannedCell(
            cell,
            outlook.dataset,
            outlook.protocol,
            outlook.method,
            training,
            metrics,
            outlook.verdict,
            state,
            why,
            seen,
            self._matrix.settings,
            outlook.seen_groups,
            keys,
            stored,
            outlook.files,
            outlook.warnings,
            damage,
            tuple(damaged),
            outlook.tested,
            outlook.lr_files,
        )

    def _missing(self, asked: tuple[Scoring, ...], record: Record) -> tuple[Scoring, ...]:
        """Metrics without an up-to-date result, and those that failed where failures are to be repeated."""
        return tuple(scoring for scoring in asked if not self._is_settled(scoring, record))

    def _is_settled(self, scoring: Scoring, record: Record) -> bool:
        result = record.metrics.get(scoring.key)
        if result is None or result.again:
            return False
        if result.status != "failed":
            return True
        reasons: set[Status] = {"failed"}
        trained = None if scoring.training is None else self._store.read("extractors", scoring.training.key)
        if trained is not None and trained.status != "ok":
            reasons = {trained.status}
        return not reasons & self._retry


def _by_point(records: Iterator[Record]) -> dict[tuple[Any, ...], Record]:
    """The latest record at each point of the matrix, whatever its key."""
    latest: dict[tuple[Any, ...], Record] = {}
    for record in sorted(records, key=lambda record: record.started):
        latest[tuple(record.point.values())] = record
    return latest


def _to_be_scored(scoring: Scoring, record: Record) -> str:
    """The name of a metric, with the versions that are others than those of an earlier result of that name."""
    name = scoring.metric.name
    earlier = next((result.packages for result in reversed(record.metrics.values()) if result.name == name), {})
    news = versions_changed(earlier, scoring.packages)
    return f"{name} ({news})" if news else name
