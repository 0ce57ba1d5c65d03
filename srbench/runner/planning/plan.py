"""Making a plan: a matrix expanded into cells, each compared with what the store holds of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Any, NamedTuple

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
from srbench.store.summary import Summary

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


class _Found(NamedTuple):
    """What the store holds of a cell: fields as of a planned one."""

    summary: Summary | None
    metrics: tuple[Scoring, ...]
    damage: str = ""
    stored: Summary | None = None


class _Planner:
    def __init__(self, matrix: Matrix, store: Store, retry: frozenset[Status], verify: bool) -> None:
        self._matrix = matrix
        self._store = store
        self._retry = retry
        self._splits = Splits(verify)
        self._damage = Damage(store, verify)
        self._references: dict[Outlook, str] = {}

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
        self._damage.write()

    @cached_property
    def _latest(self) -> dict[tuple[Any, ...], str]:
        return _latest_by_point(self._store.records("cells"))

    def _earlier(self, cell: Cell) -> Record | None:
        """The latest record at the cell's point of the matrix, whatever its key."""
        key = self._latest.get(tuple(cell.point().values()))
        return None if key is None else self._store.read("cells", key)

    def _planned(self, outlook: Outlook, seed: int | None) -> PlannedCell:
        training = outlook.training(seed)
        return self._compared(outlook, outlook.cell(seed, training), training)

    def _compared(self, outlook: Outlook, cell: Cell, training: Training | None) -> PlannedCell:
        asked, keys = outlook.asked, outlook.keys
        found = self._found(cell.key, asked)
        summary, metrics, damage = found.summary, found.metrics, found.damage
        tasks = [training, *(scoring.training for scoring in asked)]
        damaged = [task for task in tasks if task is not None and self._damage.of_training(task)]
        state: State
        if damage:
            state, why = "stale", damage
        elif summary is None:
            earlier = self._earlier(cell)
            state, why = ("new", "never run") if earlier is None else ("stale", changes(earlier, cell, outlook.tested))
            if training is not None and self._damage.is_begun(training):
                why += "; its training was interrupted and goes on from its checkpoint"
            elif training is not None and (said := self._damage.going_on(training)):
                why += f"; {said}"
        elif summary.status in self._retry:
            state, why = "retry", f"{summary.status}: {summary.reason}"
            metrics = asked
        elif summary.status == "ok" and metrics:
            record = self._store.read("cells", cell.key)
            state, why = "stale", "to be scored: " + ", ".join(_to_be_scored(scoring, record) for scoring in metrics)
        elif summary.status == "ok" and (damaged or self._of_references(outlook)):
            state, why = "stale", self._of_references(outlook)
            damage = why
        else:
            state, why = "done", ""
        if damaged and state != "done":
            lost = list(map(self._damage.of_training, damaged))
            why, damage = ("; ".join(filter(None, [told, *lost])) for told in (why, damage))
        if summary is not None and state == "done":
            news, why = versions_changed(summary.packages, packages(outlook.method)), summary.outcome(keys)
            why, damage = f"{why}; {news} since this was made" if news else why, ""
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
            summary,
            self._store,
            self._matrix.settings,
            outlook.seen_groups,
            keys,
            found.stored,
            outlook.files,
            outlook.warnings,
            damage,
            tuple(damaged),
            outlook.tested,
            outlook.lr_files,
            outlook.pixels,
        )

    def _of_references(self, outlook: Outlook) -> str:
        if outlook not in self._references:
            self._references[outlook] = self._damage.of_references(outlook.ingredients)
        return self._references[outlook]

    def _found(self, key: str, asked: tuple[Scoring, ...]) -> _Found:
        """What the store holds of a cell: as it is remembered, or looked at, also where SR is needed that is gone."""
        known = self._damage.known(key)
        if known is not None:
            summary, missing = known.summary, self._missing(asked, known.summary)
            if summary.status != "ok":
                return _Found(summary, missing)
            if known.whole or not missing:
                return _Found(summary, missing, stored=summary)
        look = self._damage.look(key)
        if look is None:
            return _Found(None, asked, self._damage.of_record(key))
        record, summary = look.record, look.summary
        missing = self._missing(asked, summary)
        stored = None
        if record.status == "ok":
            scores = self._damage.of_scores(record)
            sr = self._damage.of_sr(record, needed=bool(missing or scores))
            stored = None if sr else summary
            if sr or scores:
                return _Found(None, asked, sr or scores, stored)
        self._damage.remember(look)
        return _Found(summary, missing, stored=stored)

    def _missing(self, asked: tuple[Scoring, ...], found: Summary) -> tuple[Scoring, ...]:
        """Metrics without an up-to-date result, and those that failed where failures are to be repeated."""
        return tuple(scoring for scoring in asked if not self._is_settled(scoring, found))

    def _is_settled(self, scoring: Scoring, found: Summary) -> bool:
        result = found.metrics.get(scoring.key)
        if result is None or result.again:
            return False
        if result.status != "failed":
            return True
        reasons: set[Status] = {"failed"}
        trained = None if scoring.training is None else self._store.read("extractors", scoring.training.key)
        if trained is not None and trained.status != "ok":
            reasons = {trained.status}
        return not reasons & self._retry


def _latest_by_point(records: Iterator[Record]) -> dict[tuple[Any, ...], str]:
    """The key of the latest record at each point of the matrix: of all records, too much for memory is in a store."""
    points = sorted((record.started, record.key, tuple(record.point.values())) for record in records)
    return {point: key for _, key, point in points}


def _to_be_scored(scoring: Scoring, record: Record | None) -> str:
    """The name of a metric, with the versions that are others than those of an earlier result of that name."""
    name, results = scoring.metric.name, [] if record is None else [*record.metrics.values()]
    earlier = next((result.packages for result in reversed(results) if result.name == name), {})
    news = versions_changed(earlier, scoring.packages)
    return f"{name} ({news})" if news else name
