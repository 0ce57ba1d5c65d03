"""A cell of the task `super-resolution`: the test split upscaled, and compared with HR image by image."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from srbench.contract.dataset import Item
from srbench.contract.fit import Interrupted
from srbench.contract.protocol import Protocol
from srbench.errors import in_words
from srbench.evaluate.score import TrainingSplit
from srbench.runner.job.tasks import Evaluation, Job
from srbench.runner.work.attempt import Attempt
from srbench.runner.work.references import keep_references
from srbench.runner.work.scorer import score_ceiling, score_cell, with_sound_sr
from srbench.runner.work.upscaler import Upscaler
from srbench.runner.work.witness import Witness
from srbench.store.records import Record, Store
from srbench.store.references import Reference


def evaluate_upscaling(
    job: Job,
    task: Evaluation,
    attempt: Attempt,
    store: Store,
    witness: Witness,
    progress: Callable[[float, str], None],
    stop: Callable[[], bool],
) -> Record:
    """Upscale the test split, unless its SR is there, and what else metrics need; score it, and the method's ceiling.

    Called as every task's evaluation is.
    """
    test = witness.items(task.dataset, "test", job.data_root, task.reads)
    training_split = next((scoring.training_sr for scoring in task.metrics if scoring.training_sr), "")
    train = witness.items(task.dataset, "train", job.data_root, task.reads) if training_split else []
    record = with_sound_sr(store, task.key)
    to_upscale = 0 if record else len(test)
    to_upscale += 0 if record and record.training_split == training_split else len(train)
    ceiling = task.method.registered.load().ceiling if record is None else ""
    to_upscale += 2 * len(test) if ceiling else len(test) if record and record.ceiling_images else 0
    steps, finished = to_upscale + len(test) + len(train), 0

    def step(image: str) -> None:
        nonlocal finished
        finished += 1
        progress(finished / steps, image)

    upscaler = Upscaler(job, task, store, step)
    if record is None:
        record = upscaler.test_split(test, attempt)
    training: TrainingSplit | str | None = upscaler.training_split(train, training_split, record) if train else None
    score_cell(task, store, job.device, record, test, training, step)
    trouble = f"Its ceiling ({ceiling}) was not measured" if ceiling else "Its ceiling was not scored"
    try:
        if ceiling:
            upscaler.ceiling(test, record, f"{trouble}: its process ended meanwhile.", stop)
        if record.ceiling_images:
            score_ceiling(task, store, job.device, record, test, step)
    except Interrupted:
        raise
    except Exception as error:  # the cell has what it was asked for
        traceback.print_exc()
        record.notes.append(f"{trouble}: {in_words(error)}")
    keep_references(store, record, ((item.id, _reference(item, task.protocol)) for item in test))
    return record


def _reference(item: Item, protocol: Protocol) -> Reference:
    hr, values = item.read_hr()
    lr = protocol.lr(hr, values, item.id, protocol.shipped_lr(item))
    return Reference(*protocol.reference(hr, values), lr, item.label)
