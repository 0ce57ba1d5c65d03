"""What a matrix asks for, and how much of it is there already."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from srbench.cell import SCHEMA, Cell, digest
from srbench.dataroot import data_root
from srbench.dataset import Dataset, DatasetMissing, Item
from srbench.errors import SrbenchError
from srbench.matrix import Matrix, Use
from srbench.metric import Skip
from srbench.protocol import Protocol
from srbench.runner.jobs import Evaluation, Training
from srbench.runner.survey import Survey, Surveyor
from srbench.store import Record, Status, Store

State = Literal["done", "new", "stale", "retry"]
SAME = "same"
"""In `train.on`: the tested dataset's own training split."""

ALWAYS_RETRIED: frozenset[Status] = frozenset({"killed"})
"""A killed cell says nothing about its method; the next run repeats it without being asked."""


@dataclass(frozen=True)
class PlannedCell:
    """A cell of the matrix with everything needed to run it, and its record if there is one.

    state: `done`: nothing to do. `new`: never run. `stale`: something in its key or its metrics changed since.
    `retry`: its last attempt did not end well and is to be repeated. why: the reason for the state, in words.
    training: the model it needs. metrics: those to be computed, with their keys. verdict: how the cell ends without
    being run (its dataset is missing, the method does not support it).
    """

    cell: Cell
    dataset: Use
    protocol: Protocol
    method: Use
    training: Training | None
    metrics: tuple[tuple[str, Use], ...]
    verdict: tuple[Status, str] | None
    state: State
    why: str
    record: Record | None

    def evaluation(self) -> Evaluation:
        """The task that brings this cell to its record."""
        model = None if self.training is None else self.training.key
        return Evaluation(self.cell, self.method, self.dataset, self.protocol, self.metrics, model)


@dataclass(frozen=True)
class Plan:
    """All cells of a matrix, in the order of the file."""

    matrix: Matrix
    cells: tuple[PlannedCell, ...]

    def with_records_of(self, store: Store) -> Plan:
        """The same cells with their records read anew; those that have one are done."""
        return Plan(self.matrix, tuple(_with_record(planned, store) for planned in self.cells))


def _with_record(planned: PlannedCell, store: Store) -> PlannedCell:
    record = store.read("cells", planned.cell.key)
    if record is None:
        return planned
    return replace(planned, record=record, state="done", why=record.reason or record.status)


class _Unusable(Exception):
    """A dataset that cells cannot run on; carries how they end."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.verdict: tuple[Status, str] = (status, reason)


def make_plan(matrix: Matrix, store: Store, retry: Collection[Status] = ()) -> Plan:
    """Expand a matrix into cells and compare each with the store.

    Looks at every picture of the datasets (once; what it learned about files is remembered), so that a damaged one
    shows before anything is trained. retry: statuses whose cells are to be repeated, besides `killed`.
    """
    planner = _Planner(matrix, store, frozenset(retry) | ALWAYS_RETRIED)
    return Plan(matrix, tuple(planner.cells()))


class _Planner:
    def __init__(self, matrix: Matrix, store: Store, retry: frozenset[Status]) -> None:
        self._matrix = matrix
        self._store = store
        self._retry = retry
        self._surveyor = Surveyor()
        self._splits: dict[tuple[int, str], list[Item] | _Unusable] = {}
        self._metrics = tuple((metric_key(metric), metric) for metric in matrix.metrics)
        self._earlier = _by_point(store.records("cells"))

    def cells(self) -> Iterator[PlannedCell]:
        for dataset in self._matrix.datasets:
            for protocol in self._matrix.protocols:
                for method in self._matrix.methods:
                    for train_on, seed in self._repetitions(method):
                        yield self._planned(dataset, protocol, method, train_on, seed)

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
        test: Mapping[str, Any]
        try:
            survey = self._survey(dataset, "test", protocol)
            test = {"fingerprint": survey.fingerprint}
            if train_on is not None and seed is not None:
                training = self._training(dataset if isinstance(train_on, str) else train_on, protocol, method, seed)
                self._check_leak(survey, training.dataset, protocol)
            answer = method.create().supports(survey.problem(protocol.scale))
            if isinstance(answer, Skip):
                verdict = ("skipped", answer.reason)
        except _Unusable as unusable:
            verdict = unusable.verdict
            test = {"unusable": unusable.verdict}
        except SrbenchError as error:
            verdict = ("failed", str(error))
            test = {"unusable": verdict}
        cell = Cell(
            dataset=dataset.name,
            protocol=protocol.name,
            method=method.name,
            trained_on=train_on.name if isinstance(train_on, Use) else train_on,
            seed=seed,
            ingredients={
                "schema": SCHEMA,
                "method": provenance(method),
                "protocol": protocol.facts(),
                "test": test,
                "model": None if training is None else training.ingredients,
                "seed": seed,
            },
        )
        return self._compared(cell, dataset, protocol, method, training, verdict)

    def _training(self, dataset: Use, protocol: Protocol, method: Use, seed: int) -> Training:
        assert self._matrix.budget is not None, "a validated matrix has a budget where a method learns"
        learned = protocol.for_training()
        ingredients = {
            "schema": SCHEMA,
            "method": provenance(method),
            "protocol": learned.facts(),
            "train": {"fingerprint": self._survey(dataset, "train", learned).fingerprint},
            "budget": {self._matrix.budget.unit: self._matrix.budget.amount},
            "seed": seed,
            "precision": "32",
        }
        return Training(digest(ingredients), ingredients, method, dataset, learned, self._matrix.budget, seed)

    def _check_leak(self, test: Survey, training: Use, protocol: Protocol) -> None:
        train = self._survey(training, "train", protocol.for_training())
        shared = len(test.pictures & train.pictures)
        if shared:
            raise _Unusable(
                "failed", f"{shared} of {len(test.pictures)} test images are in the training split of {training.name}"
            )
        groups = sorted(test.groups & train.groups)
        if groups:
            raise _Unusable(
                "failed", f"group {groups[0]!r} is in the test split and in the training split of {training.name}"
            )

    def _survey(self, use: Use, split: Literal["train", "test"], protocol: Protocol) -> Survey:
        items = self._split(use, split)
        if not items:
            raise _Unusable("skipped", f"{use.name} has no {'training' if split == 'train' else 'test'} split")
        return self._surveyor.survey(items, protocol)

    def _split(self, use: Use, split: Literal["train", "test"]) -> list[Item]:
        known = self._splits.get((id(use), split))
        if known is None:
            known = self._splits[id(use), split] = _read_split(use, split)
        if isinstance(known, _Unusable):
            raise known
        return known

    def _compared(
        self,
        cell: Cell,
        dataset: Use,
        protocol: Protocol,
        method: Use,
        training: Training | None,
        verdict: tuple[Status, str] | None,
    ) -> PlannedCell:
        record = self._store.read("cells", cell.key)
        metrics = self._metrics if record is None else _missing(self._metrics, record)
        state: State
        if record is None:
            earlier = self._earlier.get(_point(cell))
            state, why = ("new", "never run") if earlier is None else ("stale", changes(earlier, cell))
        elif record.status in self._retry:
            state, why = "retry", f"{record.status}: {record.reason}"
            metrics = self._metrics
        elif record.status == "ok" and metrics:
            state, why = "stale", "to be scored: " + ", ".join(metric.name for _, metric in metrics)
        else:
            state, why = "done", record.reason or record.status
        return PlannedCell(cell, dataset, protocol, method, training, metrics, verdict, state, why, record)


def read_items(use: Use, split: Literal["train", "test"], root: Path) -> list[Item]:
    """The items of a dataset's split, its files found under the data root."""
    dataset: Dataset = use.create()
    dataset.prepare(root)
    return list(dataset.train() if split == "train" else dataset.test())


def _read_split(use: Use, split: Literal["train", "test"]) -> list[Item] | _Unusable:
    try:
        return read_items(use, split, data_root())
    except DatasetMissing as missing:
        return _Unusable("skipped", str(missing))
    except SrbenchError as error:
        return _Unusable("failed", str(error))
    except Exception as error:  # a plugin's own fault: its cells fail, the others go on
        return _Unusable("failed", f"dataset {use.name}: {type(error).__name__}: {error}")


def provenance(use: Use) -> dict[str, Any]:
    """What a key holds of a method or metric: whose code it is, which version of it, its parameters."""
    params = {name: _canonical(value) for name, value in use.params.items()}
    return {"name": use.registered.entry.name, **use.registered.plugin.provenance(), "params": params}


def metric_key(use: Use) -> str:
    """The key of a metric's values."""
    return digest({"schema": SCHEMA, **provenance(use)})


def _canonical(value: Any) -> Any:
    if isinstance(value, Path):  # what a file holds, not where it lies
        return {"sha256": _sha256(value)} if value.is_file() else str(value)
    if isinstance(value, Mapping):
        return {str(name): _canonical(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(part) for part in value]
    return value


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing(metrics: tuple[tuple[str, Use], ...], record: Record) -> tuple[tuple[str, Use], ...]:
    have = {name: result.key for name, result in record.metrics.items()}
    return tuple((key, metric) for key, metric in metrics if have.get(metric.name) != key)


def _point(cell: Cell) -> tuple[Any, ...]:
    return tuple(cell.point().values())


def _by_point(records: Iterator[Record]) -> dict[tuple[Any, ...], Record]:
    """The latest record at each point of the matrix, whatever its key."""
    latest: dict[tuple[Any, ...], Record] = {}
    for record in sorted(records, key=lambda record: record.started):
        latest[tuple(record.point.values())] = record
    return latest


def changes(earlier: Record, cell: Cell) -> str:
    """Which components of the key changed since an earlier record, in words: `method.params.width: 32 -> 64`."""
    found = list(_differences(earlier.ingredients, cell.ingredients, ""))
    return "changed: " + "; ".join(found) if found else "nothing in the key changed"


def _differences(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from _differences(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif old != new:
        yield f"{path}: {_brief(old)} -> {_brief(new)}"


def _brief(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text[:12] if len(text) == 64 else text
