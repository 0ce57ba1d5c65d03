"""Making a plan: a matrix expanded into cells, each compared with what the store holds of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any

from srbench.contract.generator import Generator
from srbench.contract.method import Method
from srbench.contract.metric import Skip
from srbench.contract.protocol import Protocol
from srbench.errors import in_words, machine_fault
from srbench.matrix import Matrix
from srbench.registry.configured import Use
from srbench.registry.registry import task_named
from srbench.runner.job.environment import packages
from srbench.runner.job.tasks import Scoring, SeenFile, Training
from srbench.runner.planning.changes import changes, versions_changed
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.planned import Plan, PlannedCell, State, is_begun
from srbench.runner.planning.provenance import (
    degradation_files,
    degradation_uses,
    files_of,
    protocol_facts,
    provenance,
    read_by,
    task_facts,
)
from srbench.runner.planning.scorings import scorings
from srbench.runner.planning.splits import Splits, Unusable
from srbench.store.cell import SCHEMA, Cell, digest
from srbench.store.image_names import ImageName
from srbench.store.records import Record, Status, Store
from srbench.weights.lookup import WeightsMissing

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
    return Plan(matrix, cells, planner.names, planner.coded)


class _Planner:
    def __init__(self, matrix: Matrix, store: Store, retry: frozenset[Status], verify: bool) -> None:
        self._matrix = matrix
        self._store = store
        self._retry = retry
        self._splits = Splits(verify)
        self._earlier = _by_point(store.records("cells"))
        self._shown: dict[tuple[int, str], Use] = {}
        self._damage = Damage(store, verify)

    @property
    def names(self) -> frozenset[ImageName]:
        """The names of images in the splits that were looked at."""
        return frozenset(self._splits.names)

    @property
    def coded(self) -> frozenset[str]:
        """The datasets of which no name may be published."""
        return frozenset(self._splits.coded)

    def cells(self) -> Iterator[PlannedCell]:
        for dataset in self._matrix.datasets:
            for protocol in self._matrix.protocols:
                seen = self._under(protocol, dataset)
                for method in self._matrix.methods:
                    for train_on, seed in self._repetitions(method):
                        other = train_on if not isinstance(train_on, Use) else self._under(protocol, train_on)
                        yield self._planned(seen, protocol, method, other, seed)

    def _under(self, protocol: Protocol, dataset: Use) -> Use:
        """The dataset as the protocol shows it; the same object each time, since splits are remembered by it."""
        if task_named(protocol.task).shown is None:
            return dataset
        key = id(dataset), protocol.name
        if key not in self._shown:
            self._shown[key] = replace(dataset, under=protocol)
        return self._shown[key]

    def _repetitions(self, method: Use) -> Iterator[tuple[Use | str | None, int | None]]:
        """A method that neither learns nor samples runs once, whatever the training sets and seeds."""
        kind = method.registered.load()
        for train_on in self._matrix.train_on if kind.learns else (None,):
            for seed in self._matrix.seeds if kind.learns or kind.samples else (None,):
                yield train_on, seed

    def _planned(
        self, dataset: Use, protocol: Protocol, method: Use, train_on: Use | str | None, seed: int | None
    ) -> PlannedCell:
        verdict: tuple[Status, str] | None = None
        training = None
        seen_groups: tuple[str, ...] = ()
        tested: tuple[str, ...] = ()
        warnings: list[str] = []
        test: Mapping[str, Any]
        read: Mapping[str, Any] = {}
        files: tuple[SeenFile, ...] = ()
        try:
            survey = self._splits.survey(dataset, "test", protocol)
            test = {"fingerprint": survey.fingerprint}
            tested = tuple(item.id for item in self._splits.items(dataset, "test"))
            warnings += self._splits.warnings(dataset, "test", protocol)
            earlier = takewhile(lambda other: other.name != dataset.name, self._matrix.datasets)
            seen = (self._under(protocol, other) for other in earlier)
            warnings += self._splits.counted_twice(dataset, seen, protocol)
            if train_on is not None and seed is not None:
                training = self._training(dataset if isinstance(train_on, str) else train_on, protocol, method, seed)
                warnings += self._splits.warnings(training.dataset, "train", training.protocol)
                seen_groups = self._splits.check_leak(survey, training.dataset, protocol)
                warnings += self._splits.resembling(dataset, training.dataset, protocol)
            made: Method = method.create()
            if isinstance(made, Generator) and made.labelled:
                self._splits.require(dataset if training is None else training.dataset, "train", "labels")
            read, files = _read(made), files_of(method, made)
            answer = made.supports(survey.problem(protocol.scale))
            if isinstance(answer, Skip):
                verdict = ("skipped", answer.reason)
        except Unusable as unusable:
            verdict = unusable.verdict
            test = {"unusable": unusable.verdict}
        except Exception as error:  # a plugin's own fault: its cells fail, the others go on
            if machine_fault(error):
                raise
            verdict = ("failed", in_words(error))
            test = {"unusable": verdict}
        cell = Cell(
            dataset=dataset.name,
            protocol=protocol.name,
            method=method.name,
            trained_on=train_on.name if isinstance(train_on, Use) else train_on,
            seed=seed,
            ingredients={
                "schema": SCHEMA,
                "method": {**provenance(method), **read},
                "protocol": protocol_facts(protocol),
                "test": test,
                "model": None if training is None else training.ingredients,
                "seed": seed,
                **task_facts(protocol),
                **self._matrix.settings,
            },
        )
        planned = self._compared(cell, dataset, protocol, method, training, verdict, files, tested)
        distinct, lr_files = tuple(dict.fromkeys(warnings)), degradation_files(protocol)
        return replace(planned, seen_groups=seen_groups, warnings=distinct, lr_files=lr_files)

    def _training(self, dataset: Use, protocol: Protocol, method: Use, seed: int) -> Training:
        matrix = self._matrix
        assert matrix.budget is not None, "a validated matrix has a budget where a method learns"
        learned = protocol.for_training()
        made: Method = method.create()
        ingredients = {
            "schema": SCHEMA,
            "method": {**provenance(method, method.registered.load().sampling), **_read(made)},
            "protocol": protocol_facts(learned),
            "train": {"fingerprint": self._splits.survey(dataset, "train", learned).fingerprint},
            "budget": {matrix.budget.unit: matrix.budget.amount},
            "seed": seed,
            "precision": matrix.precision,
        }
        if matrix.compile:  # only then, so that trainings from before this could be asked for keep their keys
            ingredients["compile"] = True
        if matrix.micro_batches > 1:
            ingredients["micro_batches"] = matrix.micro_batches
        return Training(
            digest(ingredients),
            ingredients,
            method,
            dataset,
            learned,
            matrix.budget,
            seed,
            matrix.precision,
            matrix.compile,
            matrix.micro_batches,
            (*files_of(method, made), *degradation_files(learned)),
            degradation_uses(learned),
        )

    def _compared(
        self,
        cell: Cell,
        dataset: Use,
        protocol: Protocol,
        method: Use,
        training: Training | None,
        verdict: tuple[Status, str] | None,
        files: tuple[SeenFile, ...],
        tested: tuple[str, ...],
    ) -> PlannedCell:
        record = self._store.read("cells", cell.key)
        asked: tuple[Scoring, ...] = ()
        if verdict is None:
            asked = scorings(self._matrix.metrics, dataset, protocol, method, self._splits)
        metrics = asked if record is None else self._missing(asked, record)
        damage, stored = "" if record else self._store.lost_record("cells", cell.key), None
        if record is not None and record.status == "ok":
            scores = self._damage.of_scores(record)
            sr = self._damage.of_sr(record, needed=bool(metrics or scores))
            damage, stored = sr or scores, None if sr else record
            if damage:
                record, metrics = None, asked
        tasks = [training, *(scoring.training for scoring in asked)]
        damaged = [task for task in tasks if task is not None and self._damage.of_training(task)]
        keys = {scoring.metric.name: scoring.key for scoring in asked}
        state: State
        if damage:
            state, why = "stale", damage
        elif record is None:
            earlier = self._earlier.get(tuple(cell.point().values()))
            state, why = ("new", "never run") if earlier is None else ("stale", changes(earlier, cell, tested))
            if training is not None and is_begun(training, self._store):
                why += "; its training was interrupted and goes on from its checkpoint"
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
        planned = PlannedCell(
            cell,
            dataset,
            protocol,
            method,
            training,
            metrics,
            verdict,
            state,
            why,
            seen,
            self._matrix.settings,
            keys=keys,
            stored=stored,
            files=files,
            damage=damage,
            damaged=tuple(damaged),
            tested=tested,
        )
        if record is None or state != "done":
            return planned
        done = planned.with_record(record)
        news = versions_changed(record.environment.get("packages", {}), packages(method))
        return replace(done, why=f"{done.why}; {news} since this was made") if news else done

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


def _read(method: Method) -> dict[str, Any]:
    """The ingredients of a key for what a method reads. Raises `Unusable` where it is not on this machine."""
    try:
        return read_by(method.weights, method.files)
    except WeightsMissing as missing:
        raise Unusable("skipped", str(missing)) from None


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
