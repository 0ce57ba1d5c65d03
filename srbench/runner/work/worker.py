"""What happens inside a job's processes: train a model or an extractor, make a cell's images, score them.

What comes of it is told to the keeper outside, which alone writes records. A fault of the method, dataset or metric
ends here, as a message that says so. What kills the process (time, memory, a signal) is seen by the keeper.
"""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from srbench.contract.dataset import Item
from srbench.contract.entry import imported
from srbench.contract.executor import Limits
from srbench.contract.extractor import Extractor
from srbench.contract.fit import PICTURES_GB, FitContext, Interrupted
from srbench.contract.method import Method
from srbench.contract.training_set import TrainingSet
from srbench.devices.kinds import kind_of
from srbench.errors import SrbenchError, in_words, machine_fault
from srbench.pictures import Values
from srbench.registry.configured import Use
from srbench.registry.registry import task_named
from srbench.runner.job.channel import Lacking, Made, Message, Part, Scored, Tell
from srbench.runner.job.environment import environment
from srbench.runner.job.file import with_types
from srbench.runner.job.sharing import changed
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Job, Task, Training
from srbench.runner.planning.provenance import changed_plugin
from srbench.runner.work.attempt import Attempt
from srbench.runner.work.energy import EnergyMeter
from srbench.runner.work.going_on import all_in_all, earlier_record, fit, gone_on, start_cost, start_of
from srbench.runner.work.memory import MemoryPeak, full_gpu, gpu_ran_out, peak_cost, ran_out
from srbench.runner.work.ranks import spread
from srbench.runner.work.upscaler import multiply_adds, samples_otherwise
from srbench.runner.work.witness import Outdated, Witness
from srbench.runner.work.work import Work
from srbench.store.files import Stamp, stamp
from srbench.store.record import MetricResult, Record, Status
from srbench.store.records import CHECKPOINT, JOBS, LOG, Store
from srbench.training.loop.group import Group, PeerLost
from srbench.training.loop.randomness import seed_everything
from srbench.training.speed.numerics import EXACT, of_training, set_numerics

Progress = Callable[[float, str], None]
"""Told the share that is done, and the image."""
Stop = Callable[[], bool]
"""Whether the job is asked to end."""
Make = Callable[[Work, Record | None], None]
"""What a task names as its making: bring a cell's images onto the disk, and tell of each part that is there. It is
given the record of SR that is there already, if any; asked to end, it may raise `Interrupted`."""
Score = Callable[[Work, Record], None]
"""What a task names as its scoring: compare the images of a record, and tell of each metric's result. It runs in a
process that has not loaded the method."""


def make(
    job: Job,
    attempt: Attempt,
    record: Record | None,
    tell: Tell,
    progress: Progress,
    stop: Stop,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Do in this process what a job needs its method or extractor for, and tell of it; no more when asked to stop.

    A training with several devices is done in as many processes, which this one forks. record: of a cell whose SR is
    there already. clock: seconds for budgets.
    """
    if len(job.devices) > 1 and isinstance(job.task, Training):
        _make_together(job, job.task, attempt, tell, progress, stop, clock)
        return
    made = _made(job, attempt, record, tell, progress, stop, clock)
    if made is not None:
        tell(made)


def _make_together(
    job: Job, task: Training, attempt: Attempt, tell: Tell, progress: Progress, stop: Stop, clock: Callable[[], float]
) -> None:
    """Train in a process for each device, where the method can."""

    def work(tell: Tell) -> None:
        rank = Group.here().rank
        own = replace(job, rank=rank, threads=max(1, job.threads // len(job.devices)))
        made = _made(own, attempt, None, tell, progress, stop, clock)
        if made is not None and (rank == 0 or made.record.status != "ok"):
            tell(made)

    try:
        kind = task.method.registered.load()
        if not kind.spreads:
            raise SrbenchError(
                f"{task.method.name} cannot be trained on several devices ({', '.join(job.devices)}): it does not "
                "learn in srbench's training loop; give its jobs one device each"
            )
        made = spread(work, job.devices, stop)
    except Exception as error:
        traceback.print_exc()
        made = _fault(job, attempt, error)
    if made is not None:
        tell(made)


def _made(
    job: Job,
    attempt: Attempt,
    record: Record | None,
    tell: Tell,
    progress: Progress,
    stop: Stop,
    clock: Callable[[], float],
) -> Made | None:
    """What comes of a job in this process; None where it was asked to stop, or has told all."""
    _prepare(job)
    store, witness = Store(job.store), Witness()
    checkpoint = store.folder(job.task.shelf, job.task.key) / CHECKPOINT
    try:
        _compare_code(job, job.task.uses)
        job = with_types(job, unloaded=job.task.instruments if isinstance(job.task, Evaluation) else ())
        witness.watch(job.task.files)
        if isinstance(job.task, Evaluation):
            makes: Make = imported(task_named(job.task.protocol.task).making)
            makes(Work(job, job.task, attempt, store, witness, tell, _stoppable(progress, stop)), record)
            return None
        context = partial(_fit_context, job, checkpoint, progress=progress, stop=stop, clock=clock)
        if isinstance(job.task, Training):
            made = Made(_train(job, job.task, attempt, store, witness, context))
        else:
            made = Made(_train_extractor(job, job.task, attempt, store, witness, context))
        witness.confirm()
        return made
    except PeerLost:  # what happened is for the other process to tell
        raise
    except Interrupted:
        if witness.outdated:  # what was learned from something else is not to be gone on with
            shutil.rmtree(checkpoint, ignore_errors=True)
        return None
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # whatever a plugin does: it becomes a record
        traceback.print_exc()
        if witness.outdated:
            shutil.rmtree(checkpoint, ignore_errors=True)
        return _fault(job, attempt, witness.outdated or error)  # a change may well be the reason of the fault


def score(
    job: Job,
    attempt: Attempt,
    record: Record,
    troubles: Mapping[Part, Lacking],
    tell: Tell,
    progress: Progress,
    stop: Stop,
) -> None:
    """Compute the metrics of a cell's task in this process, and tell of each; no more when asked to stop.

    Asks no plugin but those of `task.judges` for anything. troubles: why there is no SR of the training split, or why
    there are no samples, where there are none.
    """
    task = job.task
    assert isinstance(task, Evaluation)
    _prepare(job)
    witness = Witness()
    settled: set[str] = set()

    def told(message: Message) -> None:
        if isinstance(message, Scored) and not message.ceiling:
            witness.confirm()
            settled.add(message.result.key)
        tell(message)

    try:
        _compare_code(job, task.judges)
        job = with_types(job, unloaded=[task.method])
        assert isinstance(job.task, Evaluation)
        witness.watch(job.task.judging_files)
        scores: Score = imported(task_named(task.protocol.task).scoring)
        work = Work(job, job.task, attempt, Store(job.store), witness, told, _stoppable(progress, stop), troubles)
        scores(work, record)
    except Interrupted:
        return
    except Exception as error:
        traceback.print_exc()
        fault = witness.outdated or error
        again = isinstance(fault, Outdated) or bool(machine_fault(fault))
        for scoring in task.metrics:
            if scoring.key not in settled:
                name, reason = scoring.metric.name, in_words(fault)
                tell(Scored(MetricResult(key=scoring.key, name=name, status="failed", reason=reason, again=again)))


def _compare_code(job: Job, uses: Iterable[Use]) -> None:
    if found := changed_plugin(job.sources, uses):
        raise Outdated(f"the code of the plugin {found} changed after this was planned; run again")
    if found := changed():
        raise Outdated(f"{found} changed after this was planned; run again")


def _fault(job: Job, attempt: Attempt, error: BaseException) -> Made:
    """What is told of a job that raised."""
    facts: dict[str, Any] = {}
    # Where the method left no file to be opened, or the GPU answers nothing any more, its ending is told without.
    with suppress(OSError, RuntimeError):
        facts = {"environment": environment(job), "cost": peak_cost(job.device)}
    reason = full_gpu(error, job.device, _remedy(job.task)) if gpu_ran_out(error) else in_words(error)
    record = attempt.record(_status(error), reason, **facts)
    return Made(record, again=record.status == "killed" and not isinstance(error, Outdated))


def _remedy(task: Task) -> str:
    """What to do where a GPU was too small for a task."""
    if isinstance(task, Training):
        return (
            "Compute each batch in several pieces (`micro_batches` under `train`), use a smaller batch_size or patch, "
            "or a GPU with more memory"
        )
    if isinstance(task, Evaluation):
        return (
            "Set `memory_gb` under `limits`: what would take more than half of it is upscaled in tiles, where the "
            "method allows that; or use a GPU with more memory"
        )
    return "Use a GPU with more memory"


def _prepare(job: Job) -> None:
    import torch

    torch.set_num_threads(job.threads)
    set_numerics(of_training(job.task.precision) if isinstance(job.task, Training) else EXACT)
    kind_of(job.device).choose(job.device)


def _stoppable(progress: Progress, stop: Stop) -> Progress:
    """Progress that ends the work where the job is asked to stop."""

    def told(done: float, message: str) -> None:
        progress(done, message)
        if stop():
            raise Interrupted

    return told


def _train(
    job: Job, task: Training, attempt: Attempt, store: Store, witness: Witness, given: Callable[..., FitContext]
) -> Record:
    folder = store.folder("models", task.key)
    method: Method = task.method.create()
    method.to(job.device)
    earlier = None if task.earlier is None else earlier_record(store, task.earlier)
    context = given(
        seed=task.seed,
        budget=task.budget,
        earlier=None if earlier is None else store.last_checkpoint(earlier.key),
        start=start_of(store, task),
        precision=task.precision,
        compile=task.compile,
        micro_batches=task.micro_batches,
    )
    resumed = any(context.folder.iterdir())
    train = TrainingSet(witness.items(task.dataset, "train", job.data_root, task.reads), task.protocol)
    with MemoryPeak(job.device) as peak, EnergyMeter(*job.devices) as energy:
        fit(method, train, context)
    group = Group.here()
    if group.size > 1 and not Group.shared:
        raise SrbenchError(
            f"{task.method.name} was to be trained on {group.size} devices, and did not learn in srbench's training "
            "loop, which alone shares a training; its class should say so, `spreads = False`"
        )
    memory = group.largest(peak.cost("train_"))
    if group.rank > 0:  # the rest is for the first
        return attempt.record("ok")
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
            **({} if earlier is None else gone_on(last, earlier)),
            **start_cost(store, task),
            **memory,
            # What an interrupted attempt took is not known, and the rest of it would pass for little.
            **({} if resumed else all_in_all(energy.cost("train"), earlier)),
            "parameters": method.parameters_count(),
            # Of a method with parameters that matter only when it samples, each cell has a count of its own.
            **({} if samples_otherwise(task.method) else multiply_adds(task.method, folder, channels, train.scale)),
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
    bent = {} if values.curve == "linear" else {"values_knee": values.knee, "values_pivot": values.pivot}
    return {"values_low": values.low, "values_high": values.high, "values_bits": 8 * image.itemsize, **bent}


def _train_extractor(
    job: Job,
    task: ExtractorTraining,
    attempt: Attempt,
    store: Store,
    witness: Witness,
    given: Callable[..., FitContext],
) -> Record:
    folder = store.folder("extractors", task.key)
    extractor: Extractor = task.extractor.create()
    if extractor.budget is None:
        raise SrbenchError(f"extractor {task.extractor.name} learns but sets no budget; set one in __init__")
    extractor.to(job.device)
    context = given(seed=task.seed, budget=extractor.budget)
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
        cost={"train_seconds": round(time.monotonic() - clock, 3), **peak.cost("train_")},
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


def _fit_context(job: Job, checkpoint: Path, **given: Any) -> FitContext:
    if job.rank > 0:  # the first process writes; what else a method leaves goes with the job
        checkpoint = job.store / JOBS / job.task.key / f"rank-{job.rank}" / CHECKPOINT
    checkpoint.mkdir(parents=True, exist_ok=True)
    pictures_gb = _pictures_gb(job.limits)
    return FitContext(folder=checkpoint, model=checkpoint.parent, device=job.device, pictures_gb=pictures_gb, **given)


def _pictures_gb(limits: Limits) -> float:
    """The memory for decoded training pictures: unless told, no more than a quarter of all that is allowed."""
    if limits.pictures_gb is not None:
        return limits.pictures_gb
    return PICTURES_GB if limits.memory_gb is None else min(PICTURES_GB, limits.memory_gb / 4)


def _status(error: BaseException) -> Status:
    from srbench.training.loop.engine import Unresumable

    if isinstance(error, Outdated | Unresumable) or machine_fault(error):
        return "killed"  # says nothing about the method, and the next run repeats it
    if ran_out(error):
        return "out_of_memory"
    return "failed"
