"""A cell of the task `super-resolution`: the test split upscaled, and compared with HR image by image."""

from __future__ import annotations

from collections.abc import Sequence

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.pictures import with_gaps
from srbench.runner.work.references import keep_references
from srbench.runner.work.scorer import score_cell
from srbench.runner.work.upscaler import Upscaler
from srbench.runner.work.work import Work
from srbench.store.record import Record
from srbench.store.references import Reference


def make_sr(work: Work, record: Record | None) -> None:
    """Upscale the test split, unless its SR is there, and what else metrics need; the method's ceiling, if it has one.

    Called as every task's making is.
    """
    test = work.witness.items(work.task.dataset, "test", work.job.data_root, work.task.reads)
    train, fingerprint = _training_split(work)
    to_train = record is None or record.training_split != fingerprint
    samples = max((scoring.samples for scoring in work.task.metrics), default=0)
    to_sample = record is None or record.samples < samples
    ceiling = work.task.ceiling if record is None or not record.metrics else ""
    if any(item.hr is None for item in test):  # a method's ceiling is made of HR
        ceiling = ""
    count = (0 if record else len(test)) + (len(train) if to_train else 0) + (len(test) if ceiling else 0)
    count += samples * len(test) if to_sample else 0
    upscaler = Upscaler(work, work.steps(max(1, count)))
    if record is None:
        record = upscaler.test_split(test)
    if samples and to_sample:
        record = upscaler.samples(test, samples, record)
    if train and to_train:
        record = upscaler.training_split(train, fingerprint, record)
    if ceiling:
        upscaler.ceiling(test, record)


def score_sr(work: Work, record: Record) -> None:
    """Score SR, and the method's ceiling, and keep what pages show; called as every task's scoring is."""
    test = work.witness.items(work.task.dataset, "test", work.job.data_root, work.task.reads)
    train, _ = _training_split(work)
    compared = any(scoring.reference == "train" for scoring in work.task.metrics)
    reference = work.witness.items(work.task.dataset, "train", work.job.data_root, work.task.reads) if compared else ()
    keep_references(work.store, record, ((item.id, _reference(item, work.task.protocol)) for item in test))
    score_cell(work, record, test, train, reference)


def _training_split(work: Work) -> tuple[Sequence[Item], str]:
    """The training split, and the fingerprint of its SR, where a metric needs that."""
    fingerprint = next((scoring.training_sr for scoring in work.task.metrics if scoring.training_sr), "")
    if not fingerprint:
        return [], ""
    return work.witness.items(work.task.dataset, "train", work.job.data_root, work.task.reads), fingerprint


def _reference(item: Item, protocol: Protocol) -> Reference:
    if item.hr is None:
        lone, values, _ = protocol.given(item)
        return Reference(None, values, lone, item.label, item.spacing, item.spacing_unit)
    hr, native, known = item.read_measured()
    lr = protocol.lr(hr, native, item.id, protocol.shipped_lr(item))
    reference, values = protocol.reference(hr, native)
    return Reference(with_gaps(reference, known), values, lr, item.label, item.spacing, item.spacing_unit)
