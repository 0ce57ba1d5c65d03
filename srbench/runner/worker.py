"""What happens inside a job's own process: train or evaluate, and leave a record.

A fault of the method, dataset or metric ends here, as a record that says so. What kills the process (time, memory,
a signal) is recorded by the keeper outside it.
"""

from __future__ import annotations

import datetime
import resource
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from srbench.cell import SCHEMA
from srbench.errors import SrbenchError
from srbench.evaluate.cost import count_multiply_adds, measure_latency
from srbench.evaluate.score import Column, score_split
from srbench.evaluate.upscale import Upscaled, upscale_split
from srbench.matrix import Use
from srbench.method import Method
from srbench.runner.energy import EnergyMeter
from srbench.runner.environment import environment
from srbench.runner.jobs import Evaluation, Job, Training
from srbench.runner.plan import read_items
from srbench.store import SCORES, MetricResult, Record, Status, Store, write_atomically
from srbench.training.context import FitContext, Interrupted
from srbench.training.trainingset import TrainingSet

CHECKPOINT = "checkpoint"
LOG_TAIL_LINES = 30
TILED_SHARE = 0.5
"""The share of a cell's memory limit that upscaling may fill before it tiles."""

Progress = Callable[[float, str], None]


@dataclass
class Attempt:
    """One run of a job: what its record will say whatever happens."""

    job: Job
    started: str
    clock: float

    @classmethod
    def begin(cls, job: Job) -> Attempt:
        """Note the time."""
        return cls(job, datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"), time.monotonic())

    def record(self, status: Status, reason: str = "", **fields: Any) -> Record:
        """A record of this attempt."""
        task = self.job.task
        point: dict[str, str | int | None]
        if isinstance(task, Evaluation):
            point, ingredients = task.cell.point(), task.cell.ingredients
        else:
            point = {"dataset": task.dataset.name, "protocol": task.protocol.name}
            point |= {"method": task.method.name, "seed": task.seed}
            ingredients = task.ingredients
        return Record(
            key=task.key,
            schema=SCHEMA,
            status=status,
            reason=reason,
            point=point,
            ingredients=ingredients,
            started=self.started,
            seconds=round(time.monotonic() - self.clock, 3),
            **fields,
        )


def shelf(job: Job) -> Any:
    """Where the job's record goes: `cells` or `models`."""
    return "cells" if isinstance(job.task, Evaluation) else "models"


def log_tail(folder: Path) -> str:
    """The last lines of a job's log."""
    log = folder / "log.txt"
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])


def run(job: Job, progress: Progress, stop: Callable[[], bool]) -> None:
    """Do the job in this process and leave its record; no record when it was asked to stop."""
    import torch

    torch.set_num_threads(job.threads)
    if job.device.startswith("cuda"):
        torch.cuda.set_device(job.device)
    store = Store(job.store)
    attempt = Attempt.begin(job)
    try:
        if isinstance(job.task, Training):
            record = _train(job, job.task, attempt, store, progress, stop)
        else:
            record = _evaluate(job, job.task, attempt, store, progress)
    except Interrupted:
        return
    except Exception as error:  # whatever a plugin does: it becomes a record
        traceback.print_exc()
        record = attempt.record(
            "out_of_memory" if _is_memory(error) else "failed",
            _reason(error),
            environment=environment(job.device, job.threads),
            cost={"peak_memory_gb": _peak_memory_gb(job.device)},
        )
    sys.stdout.flush()
    sys.stderr.flush()
    record.log_tail = log_tail(store.folder(shelf(job), job.task.key))
    store.write(shelf(job), record)
    if isinstance(job.task, Training) and record.status == "ok":
        shutil.rmtree(store.folder("models", job.task.key) / CHECKPOINT, ignore_errors=True)


def _train(
    job: Job, task: Training, attempt: Attempt, store: Store, progress: Progress, stop: Callable[[], bool]
) -> Record:
    folder = store.folder("models", task.key)
    method: Method = task.method.create()
    method.to(job.device)
    context = FitContext(
        seed=task.seed,
        budget=task.budget,
        folder=folder / CHECKPOINT,
        device=job.device,
        progress=progress,
        stop=stop,
    )
    context.folder.mkdir(exist_ok=True)
    train = TrainingSet(read_items(task.dataset, "train", job.data_root), task.protocol)
    with MemoryPeak(job.device) as peak, EnergyMeter(job.device) as energy:
        method.fit(train, context)
    method.save(folder)
    channels = next(train.images())[0].shape[-1]
    # A resumed training counts the time of its earlier attempts too; only its history knows.
    last = method.history[-1] if method.history else {"seconds": time.monotonic() - attempt.clock, "step": None}
    return attempt.record(
        "ok",
        environment=environment(job.device, job.threads),
        cost={
            "train_seconds": round(float(last["seconds"] or 0), 3),
            "train_steps": last["step"],
            **peak.cost("train_"),
            **energy.cost("train"),
            "parameters": method.parameters_count(),
            **_multiply_adds(task.method, folder, channels, train.scale),
        },
    )


def _evaluate(job: Job, task: Evaluation, attempt: Attempt, store: Store, progress: Progress) -> Record:
    items = read_items(task.dataset, "test", job.data_root)
    earlier = store.read("cells", task.key)
    steps = 2 * len(items)
    finished = 0

    def step(image: str) -> None:
        nonlocal finished
        finished += 1
        progress(finished / steps, image)

    if earlier is not None and earlier.status == "ok":
        record = earlier
        finished = len(items)
    else:
        record = _upscale(job, task, attempt, store, items, step)
    columns = _score(task, store, record, items, step)
    failures = [f"{name}: {result.reason}" for name, result in record.metrics.items() if result.status == "failed"]
    if failures:
        record.status, record.reason = "failed", "; ".join(failures)
    _write_scores(store.folder("cells", task.key) / SCORES, columns, record.metrics)
    record.seconds = round(record.seconds, 3)
    return record


def _upscale(
    job: Job, task: Evaluation, attempt: Attempt, store: Store, items: list[Any], step: Callable[[str], None]
) -> Record:
    folder = store.folder("cells", task.key)
    (folder / "images").mkdir()
    method: Method = task.method.create()
    cost: dict[str, float | None] = {}
    if task.model is not None:
        method.load(store.folder("models", task.model))
        training = store.read("models", task.model)
        if training is not None:
            cost |= training.cost
    method.to(job.device)
    limit = job.limits.memory_gb
    memory_bytes = None if limit is None else limit * 1e9 * TILED_SHARE
    with MemoryPeak(job.device) as peak, EnergyMeter(job.device) as energy:
        done: Upscaled = upscale_split(
            method,
            items,
            task.protocol,
            folder / "images",
            seed=task.cell.seed if method.samples else None,
            memory_bytes=memory_bytes,
            progress=step,
        )
    cost |= {
        "upscale_seconds": round(done.seconds, 4),
        "ms_per_megapixel": round(done.ms_per_megapixel, 3),
        **peak.cost(),
        **energy.cost("upscale"),
        "parameters": method.parameters_count(),
    }
    if done.sample is not None:
        latency = measure_latency(method, done.sample, task.protocol.scale, memory_bytes)
        cost |= {} if latency is None else latency.cost()
        if "macs" not in cost:
            model = None if task.model is None else store.folder("models", task.model)
            cost |= _multiply_adds(task.method, model, done.sample.shape[0], task.protocol.scale)
    return attempt.record(
        "ok",
        environment=environment(job.device, job.threads),
        cost=cost,
        lr=done.lr,
        images=done.images,
        model=task.model,
    )


def _multiply_adds(use: Use, model: Path | None, channels: int, scale: int) -> dict[str, float | None]:
    """The cost named `macs`. Counted where a model is trained, for all cells that use it, or else in the cell."""

    def make() -> Method:
        method: Method = use.create()
        if model is not None:
            method.load(model)
        return method

    counted = count_multiply_adds(make, channels, scale)
    return {"macs": None} if counted is None else counted.cost()


def _score(
    task: Evaluation, store: Store, record: Record, items: list[Any], step: Callable[[str], None]
) -> dict[str, Column]:
    metrics = {use.name: (key, use.create()) for key, use in task.metrics}
    folder = store.folder("cells", task.key) / "images"
    columns = score_split(metrics, items, task.protocol, folder, record.images, step)
    record.metrics = {**record.metrics, **{name: column.result() for name, column in columns.items()}}
    return columns


def _write_scores(path: Path, columns: dict[str, Column], metrics: dict[str, MetricResult]) -> None:
    """One row an image and metric; rows of metrics scored earlier stay."""
    rows: list[tuple[str | None, str, float]] = []
    if path.exists():
        kept = pq.read_table(path).to_pylist()
        rows += [(row["image"], row["metric"], row["value"]) for row in kept if row["metric"] not in columns]
    for name, column in columns.items():
        rows += [(image, name, score) for image, score in column.images.items()]
        if column.whole is not None:
            rows.append((None, name, column.whole))
    rows = [row for row in rows if metrics[row[1]].status == "ok"]
    image, metric, value = ([row[index] for row in rows] for index in range(3))
    table = pa.table(
        {
            "image": pa.array(image, pa.string()),
            "metric": pa.array(metric, pa.string()),
            "value": pa.array(value, pa.float64()),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_atomically(path, sink.getvalue().to_pybytes())


def _is_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(error)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, SrbenchError) else f"{type(error).__name__}: {error}"


class MemoryPeak:
    """The most memory held inside a `with` block: on a GPU what torch reserved, otherwise what the process grew by.

    Resident memory is sampled, since the system's own high-water mark also counts what came before.
    """

    def __init__(self, device: str) -> None:
        self._cuda = device if device.startswith("cuda") else None
        self.gb: float = 0.0
        self.allocated_gb: float | None = None
        self._finished = threading.Event()

    def __enter__(self) -> MemoryPeak:
        if self._cuda:
            import torch

            torch.cuda.reset_peak_memory_stats(self._cuda)
        else:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._cuda:
            import torch

            self.gb = round(torch.cuda.max_memory_reserved(self._cuda) / 1e9, 3)
            self.allocated_gb = round(torch.cuda.max_memory_allocated(self._cuda) / 1e9, 3)
        else:
            self._finished.set()
            self._thread.join()

    def cost(self, step: str = "") -> dict[str, float | None]:
        """For a record: `peak_memory_gb`, and on a GPU `peak_memory_allocated_gb`, what tensors held of it."""
        allocated = {} if self.allocated_gb is None else {f"{step}peak_memory_allocated_gb": self.allocated_gb}
        return {f"{step}peak_memory_gb": self.gb, **allocated}

    def _watch(self) -> None:
        import psutil

        process = psutil.Process()
        before = process.memory_info().rss
        while True:
            self.gb = max(self.gb, round((process.memory_info().rss - before) / 1e9, 3))
            if self._finished.wait(0.02):
                return


def _peak_memory_gb(device: str) -> float:
    if device.startswith("cuda"):
        import torch

        return round(torch.cuda.max_memory_reserved(device) / 1e9, 3)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 3)
