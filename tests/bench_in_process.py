"""A matrix planned and run in this process, with methods of a test's own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import srbench
from srbench.contract.entry import Entry
from srbench.matrix import read_matrix
from srbench.pictures import write_image
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.account import Account
from srbench.runner.job.tasks import Job, Task
from srbench.runner.planning.plan import make_plan
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.runner.work import worker
from srbench.store.record import MetricResult, Record
from srbench.store.records import Shelf, Store


class Nearest(srbench.Method):
    """Repeats pixels."""

    def upscale(self, lr: Any, scale: int) -> Any:
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


def perform(
    job: Job, progress: Callable[[float], None] = lambda done: None, stop: Callable[[], bool] = lambda: False
) -> None:
    """What a keeper does with a job, without its processes and limits."""
    account = Account(job, Store(job.store))

    def told(done: float, message: str) -> None:
        progress(done)

    if account.lacks_images:
        worker.make(job, account.attempt, account.record, account.making_told, told, stop)
    scored = account.to_score
    if scored is not None and account.record is not None:
        worker.score(scored, account.attempt, account.record, account.troubles, account.scoring_told, told, stop)


def picture(path: Path, seed: int, channels: int = 3) -> None:
    """A picture of noise, 32 x 32."""
    image = np.random.default_rng(seed).integers(0, 256, (32, 32, channels), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, image)


class InProcess:
    """A dataset of two small pictures in `root/data`, a matrix, a store."""

    def __init__(self, root: Path, **matrix: Any) -> None:
        self.root, self.store = root, Store(root / "store")
        self.data = root / "data"
        for seed, name in enumerate(("test/a", "test/b", "train/c", "train/d")):
            picture(self.data / f"{name}.png", seed)
        self.content: dict[str, Any] = {
            "name": "m",
            "datasets": [{"use": "folder", "as": "data", "path": str(self.data)}],
            "protocols": ["x2-rgb"],
            "methods": ["bicubic"],
            "metrics": ["psnr"],
            **matrix,
        }
        self.method: type[srbench.Method] | None = None

    @property
    def matrix(self) -> Path:
        path = self.root / "matrix.yaml"
        path.write_text(json.dumps(self.content))
        return path

    def plan(self, **options: Any) -> PlannedCell:
        """The one cell, with `method` in the place of the matrix's where there is one."""
        from dataclasses import replace

        matrix = read_matrix(self.matrix)
        if self.method is not None:
            plugin = Plugin("own", "srbench-own", "1", "bench_in_process")
            use = Use("own", Registered("method", Entry("own", self.method), plugin), {})
            matrix = replace(matrix, methods=(use,))
        (cell,) = make_plan(matrix, self.store, **options).cells
        return cell

    def do(self, task: Task) -> Record:
        perform(Job(task, self.store.root, self.root))
        record = self.store.read(task.shelf, task.key)
        assert record is not None
        return record

    def run(self) -> Record:
        """What a run would do for the cell; the record."""
        cell = self.plan()
        for task in cell.prerequisites():
            self.do(task)
        return self.do(cell.evaluation())


def plan(bench: InProcess, *, retry: tuple[Any, ...] = (), verify: bool = False, **changes: Any) -> Plan:
    """The plan of the bench's matrix, changed as told."""
    bench.content |= changes
    return make_plan(read_matrix(bench.matrix), bench.store, retry, verify=verify)


def record_of(found: Plan, place: int = 0, **fields: Any) -> Record:
    """A record as a run would leave it, without its pictures."""
    planned = found.cells[place]
    results = {key: MetricResult(key=key, name=name, value=1.0, n=2) for name, key in planned.keys.items()}
    return Record(
        **{
            "key": planned.cell.key,
            "schema": 2,
            "status": "ok",
            "point": planned.cell.point(),
            "ingredients": planned.cell.ingredients,
            "metrics": results,
            "started": "2026-01-01",
            **fields,
        }
    )


def put(bench: InProcess, record: Record) -> Record:
    """Leave a record in the store, with scores that nobody can read."""
    folder = emptied(bench.store, "cells", record.key)
    (folder / "scores.parquet").write_bytes(b"scores")
    record.files = bench.store.hashes("cells", record.key, ["scores.parquet"])
    bench.store.write("cells", record)
    return record


def emptied(store: Store, shelf: Shelf, key: str) -> Path:
    """The folder of a key, with nothing in it."""
    folder = store.folder(shelf, key)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def work(bench: InProcess, task: Task, stop: bool = False, **changes: Any) -> tuple[Record | None, list[float]]:
    """Do a job; its record, and the progress that it told of."""
    done: list[float] = []
    perform(Job(task, bench.store.root, bench.root, **changes), done.append, lambda: stop)
    return bench.store.read(task.shelf, task.key), done
