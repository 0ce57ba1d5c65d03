"""What happens inside a job's own process: train a model or an extractor, or evaluate, and leave a record.

A fault of the method, dataset or metric ends here, as a record that says so. What kills the process (time, memory,
a signal) is recorded by the keeper outside it.
"""

from __future__ import annotations

import shutil
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from srbench.contract.dataset import Item
from srbench.contract.entry import imported
from srbench.contract.extractor import Extractor
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.contract.method import Method
from srbench.contract.training_set import TrainingSet
from srbench.errors import SrbenchError, in_words
from srbench.evaluate.score import result_of
from srbench.pictures import Values
from srbench.registry.registry import task_named
from srbench.runner.job.environment import environment
from srbench.runner.job.file import with_types
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Job, Training
from srbench.runner.planning.provenance import changed_plugin
from srbench.runner.work.attempt import Attempt
from srbench.runner.work.energy import EnergyMeter
from srbench.runner.work.memory import MemoryPeak, peak_memory_gb
from srbench.runner.work.upscaler import multiply_adds
from srbench.runner.work.witness import Outdated, Witness
from srbench.store.files import Stamp, stamp
from srbench.store.records import Record, Status, Store
from srbench.store.texts import LONGEST_LOG
from srbench.training.loop.randomness import seed_everything

CHECKPOINT = "checkpoint"
LOG = "log.txt"
LOG_TAIL_LINES = 30

Progress = Callable[[float, str], None]
"""Told the share that is done, and the image."""
Stop = Callable[[], bool]
"""Whether the job is asked to end."""
Evaluate = Callable[[Job, Evaluation, Attempt, Store, Witness, Progress, Stop], Record]
"""What a task names as its evaluation: it makes the images of a cell, unless they are there, and scores them. What it
reads it asks the witness for. It returns the cell's record, which the attempt begins; asked to end, it may raise
`Interrupted`."""


def log_tail(folder: Path) -> str:
    """The last lines of a job's log, however long it is, and they are."""
    log = folder / LOG
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LONGEST_LOG))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-LOG_TAIL_LINES:])


def run(job: Job, progress: Progress, stop: Stop) -> None:
    """Do the job in this process and leave its record; no record when it was asked to stop."""
    import torch

    torch.set_num_threads(job.threads)
    if job.device.startswith("cuda"):
        torch.cuda.set_device(job.device)
    store = Store(job.store)
    attempt = Attempt.begin(job)
    folder = store.folder(job.task.shelf, job.task.key)
    witness = Witness()
    try:
        changed = changed_plugin(job.sources, job.task.uses)
        if changed:
            raise Outdated(f"the code of the plugin {changed} changed after this was planned; run again")
        job = with_types(job)
        witness.watch(job.task.files)
        if isinstance(job.task, Training):
            record = _train(job, job.task, attempt, store, witness, progress, stop)
        elif isinstance(job.task, ExtractorTraining):
            record = _train_extractor(job, job.task, attempt, store, witness, progress, stop)
        else:
            evaluate: Evaluate = imported(task_named(job.task.protocol.task).evaluation)
            record = evaluate(job, job.task, attempt, store, witness, progress, stop)
        witness.confirm()
    except Interrupted:
        if witness.outdated:  # what was learned from something else is not to be gone on with
            shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
        return
    except Exception as error:  # whatever a plugin does: it becomes a record
        traceback.print_exc()
        record = _fault(job, attempt, store, witness.outdated or error)  # a change may well be the reason of the fault
    sys.stdout.flush()
    sys.stderr.flush()
    record.log_tail = log_tail(folder)
    if record.started == attempt.started:  # one that was there before keeps its own
        record.seconds = attempt.seconds
    store.write(job.task.shelf, record)
    if record.status == "ok" or witness.outdated:
        shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)


def _fault(job: Job, attempt: Attempt, store: Store, error: Exception) -> Record:
    """The record of a job that raised. A cell that had its SR before keeps it; only what was asked for failed."""
    earlier = store.read(job.task.shelf, job.task.key)
    if isinstance(job.task, Evaluation) and earlier is not None and earlier.status == "ok":
        for scoring in job.task.metrics:
            kind = scoring.metric.registered.load()
            earlier.metrics[scoring.key] = result_of(
                kind,
                scoring.key,
                name=scoring.metric.name,
                status="failed",
                reason=in_words(error),
                again=isinstance(error, Outdated),
            )
        return earlier
    return attempt.record(
        _status(error),
        in_words(error),
        environment=environment(job),
        cost={"peak_memory_gb": peak_memory_gb(job.device)},
    )


def _train(
    job: Job,
    task: Training,
    attempt: Attempt,
    store: Store,
    witness: Witness,
    progress: Progress,
    stop: Stop,
) -> Record:
    folder = store.folder("models", task.key)
    method: Method = task.method.create()
    method.to(job.device)
    context = replace(
        _fit_context(job, task.seed, task.budget, folder, progress, stop),
        precision=task.precision,
        compile=task.compile,
    )
    resumed = any(context.folder.iterdir())
    train = TrainingSet(witness.items(task.dataset, "train", job.data_root, task.reads), task.protocol)
    with MemoryPeak(job.device) as peak, EnergyMeter(job.device) as energy:
        method.fit(train, context)
    saved = _saved(method.save, folder)
    channels = next(train.images())[0].shape[-1]
    # A resumed training counts the time of its earlier attempts too; only its history knows.
    last = method.history[-1] if method.history else {"seconds": time.monotonic() - attempt.clock, "step": None}
    return attempt.record(
        "ok",
        environment=environment(job),
        cost={
            "train_seconds": round(float(last["seconds"] or 0), 3),
            "train_steps": last["step"],
            **peak.cost("train_"),
            # What an interrupted attempt took is not known, and the rest of it would pass for little.
            **({} if resumed else energy.cost("train")),
            "parameters": method.parameters_count(),
            # Of a method with parameters that matter only when it samples, each cell has a count of its own.
            **({} if method.sampling else multiply_adds(task.method, folder, channels, train.scale)),
        },
        facts={**{name: float(value) for name, value in method.facts.items()}, **_declared_values(train.items)},
        files=store.hashes("models", task.key, saved),
        notes=list(dict.fromkeys(method.notes)),
    )


def _declared_values(items: Sequence[Item]) -> dict[str, float]:
    """What the dataset declares of the values of all its images, and the bits of one; nothing where that is usual."""
    declared = {item.values for item in items}
    image, values = items[0].read_hr()
    if len(declared) > 1 or values == Values.of(image):
        return {}
    return {"values_low": values.low, "values_high": values.high, "values_bits": 8 * image.itemsize}


def _train_extractor(
    job: Job,
    task: ExtractorTraining,
    attempt: Attempt,
    store: Store,
    witness: Witness,
    progress: Progress,
    stop: Stop,
) -> Record:
    folder = store.folder("extractors", task.key)
    extractor: Extractor = task.extractor.create()
    if extractor.budget is None:
        raise SrbenchError(f"extractor {task.extractor.name} learns but sets no budget; set one in __init__")
    extractor.to(job.device)
    context = _fit_context(job, task.seed, extractor.budget, folder, progress, stop)
    train = witness.items(task.dataset, "train", job.data_root, task.reads)
    test = witness.items(task.dataset, "test", job.data_root, task.reads)
    seed_everything(task.seed)
    clock = time.monotonic()
    with MemoryPeak(job.device) as peak:
        facts = extractor.fit(train, test, context)
    saved = _saved(extractor.save, folder)
    return attempt.record(
        "ok",
        environment=environment(job),
        cost={"train_seconds": round(time.monotonic() - clock, 3), "train_peak_memory_gb": peak.gb},
        facts={name: float(value) for name, value in facts.items()},
        files=store.hashes("extractors", task.key, saved),
    )


def _saved(save: Callable[[Path], None], folder: Path) -> list[str]:
    """The names of the files that were written into the folder by saving."""

    def stamps() -> dict[str, Stamp]:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {path.relative_to(folder).as_posix(): stamp(path) for path in files}

    before = stamps()
    save(folder)
    return [name for name, now in stamps().items() if before.get(name) != now and name != LOG]


def _fit_context(job: Job, seed: int, budget: Budget, folder: Path, progress: Progress, stop: Stop) -> FitContext:
    context = FitContext(
        seed=seed,
        budget=budget,
        folder=folder / CHECKPOINT,
        model=folder,
        device=job.device,
        progress=progress,
        stop=stop,
    )
    context.folder.mkdir(exist_ok=True)
    return context


def _status(error: Exception) -> Status:
    import torch

    if isinstance(error, Outdated):
        return "killed"  # says nothing about the method, and the next run repeats it
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(error):
        return "out_of_memory"
    return "failed"
