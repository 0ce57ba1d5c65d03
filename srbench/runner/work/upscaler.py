"""The splits of a cell brought onto the disk: SR of the test split and of the training split, samples, a ceiling."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from srbench.contract.dataset import Item
from srbench.contract.fit import Interrupted
from srbench.contract.method import Method
from srbench.contract.submission import Submission
from srbench.errors import in_words, machine_fault
from srbench.evaluate.ceiling import reconstruct_split
from srbench.evaluate.cost import count_multiply_adds, measure_latency
from srbench.evaluate.given import asked_of, take_split
from srbench.evaluate.samples import draw_samples
from srbench.evaluate.upscale import OVERSHOOT, Upscaled, upscale_split
from srbench.pictures import Scale
from srbench.registry.configured import Use
from srbench.registry.shared import sampling
from srbench.runner.job.channel import Doing, Lacking, Made
from srbench.runner.job.environment import environment
from srbench.runner.planning.splits import groups_of, labels_of
from srbench.runner.work.energy import EnergyMeter
from srbench.runner.work.memory import MemoryPeak
from srbench.runner.work.models import load_model
from srbench.runner.work.work import Work
from srbench.store.record import Record
from srbench.store.records import CEILING_IMAGES, IMAGES, SAMPLE_IMAGES, TRAINING_IMAGES

MOST_CLAMPED = 0.01
"""The share of SR values outside black and white above which a record says so."""
TILED_SHARE = 0.5
"""The share of a cell's memory limit that upscaling may fill before it tiles."""


class Upscaler:
    """Brings the splits of a cell onto the disk; the method is loaded when there is something to upscale.

    Each part is told of as soon as it is there, or of why it could not be made.
    """

    def __init__(self, work: Work, progress: Callable[[str], None]) -> None:
        self._work, self._progress = work, progress
        self._job, self._task, self._store = work.job, work.task, work.store
        self._folder = work.store.folder("cells", work.task.key)

    @cached_property
    def _method(self) -> Method:
        method: Method = self._task.method.create()
        if self._task.model is not None:
            load_model(method, self._store, self._task.model)
        method.to(self._job.device)
        return method

    def test_split(self, items: Sequence[Item]) -> Record:
        """Upscale the test split; the cell's record, without metrics."""
        self._work.tell(Doing("test"))
        if isinstance(self._method, Submission):
            return self._submitted(self._method, items)
        cost: dict[str, float | None] = {}
        training = self._store.read("models", self._task.model) if self._task.model is not None else None
        if training is not None:
            cost |= training.cost
        with MemoryPeak(self._job.device) as peak, EnergyMeter(self._job.device) as energy:
            done = self._upscaled(items, IMAGES)
        cost |= {
            "upscale_seconds": round(done.seconds, 4),
            "ms_per_megapixel": round(done.ms_per_megapixel, 3),
            **peak.cost(),
            # What an attempt took that was cut off is not known, and the rest of it would pass for little.
            **({} if done.resumed else energy.cost("upscale")),
            "parameters": self._method.parameters_count(),
        }
        if done.sample is not None:
            latency = measure_latency(self._method, done.sample, self._task.protocol.scale, self._memory_bytes)
            cost |= {} if latency is None else latency.cost()
            if "macs" not in cost or samples_otherwise(self._task.method):
                model = None if self._task.model is None else self._store.folder("models", self._task.model)
                cost |= multiply_adds(self._task.method, model, done.sample.shape[0], self._task.protocol.scale)
        record = self._work.attempt.record(
            "ok",
            environment=environment(self._job, training),
            cost=cost,
            lr="alone" if all(item.hr is None for item in items) else done.lr,
            images=done.images,
            groups=groups_of(items),
            seen_groups=list(self._task.seen_groups),
            labels=labels_of(items),
            files=self._hashes(IMAGES, done.images),
            model=self._task.model,
            facts={**({} if training is None else training.facts), "clamped": done.clamped_share},
            notes=list(dict.fromkeys(self._method.notes)),
        )
        if done.clamped_share > MOST_CLAMPED:
            record.warnings.append(
                f"{100 * done.clamped_share:.3g} % of the SR values lie outside 0 to 1 (by more than {OVERSHOOT:g}) "
                f"and were clamped: does {self._task.method.name} return values in [0, 1]?"
            )
        self._work.witness.confirm()
        self._work.tell(Made(record))
        return record

    def _submitted(self, method: Submission, items: Sequence[Item]) -> Record:
        """Take the SR of the test split that was made elsewhere: of its cost, and of its LR, nothing is known."""
        images = self._taken(method, items, IMAGES)
        record = self._work.attempt.record(
            "ok",
            lr="alone" if any(item.hr is None for item in items) else None,
            environment=environment(self._job, None),
            images=images,
            groups=groups_of(items),
            labels=labels_of(items),
            files=self._hashes(IMAGES, images),
            notes=list(dict.fromkeys(method.notes)),
        )
        self._work.witness.confirm()
        self._work.tell(Made(record))
        return record

    def _taken(self, method: Submission, items: Sequence[Item], name: str) -> dict[str, str]:
        protocol = self._task.protocol
        found = method.find(asked_of(items, self._task.dataset.name, protocol))
        return take_split(found.files, items, protocol, self._emptied(name), self._progress)

    def training_split(self, items: Sequence[Item], fingerprint: str, record: Record) -> Record:
        """Upscale the training split; the record with it. A fault costs the metrics that need it, and is told."""
        self._work.tell(Doing("train"))
        try:
            if isinstance(self._method, Submission):
                images = self._taken(self._method, items, TRAINING_IMAGES)
            else:
                images = self._upscaled(items, TRAINING_IMAGES, fingerprint).images
            files = record.files | self._hashes(TRAINING_IMAGES, images)
            files = {name: known for name, known in files.items() if self._belongs(name, images)}
            record = msgspec.structs.replace(record, files=files, training_images=images, training_split=fingerprint)
            self._work.witness.confirm()
            self._work.tell(Made(record))
        except Interrupted:
            raise
        except Exception as error:  # the test split has its SR, and the metrics that need only that go on
            traceback.print_exc()
            self._work.tell(Lacking(in_words(error), again=bool(machine_fault(error))))
        return record

    def samples(self, items: Sequence[Item], count: int, record: Record) -> Record:
        """Draw so many samples of each SR; the record with them. A fault costs metrics that need it, and is told."""
        self._work.tell(Doing("samples"))
        try:
            names = draw_samples(
                self._method,
                items,
                self._task.protocol,
                self._folder / SAMPLE_IMAGES,
                count,
                self._task.cell.seed or 0,
                memory_bytes=self._memory_bytes,
                progress=self._progress,
                confirm=self._work.witness.confirm,
            )
            files = record.files | self._store.hashes(
                "cells", self._task.key, [f"{SAMPLE_IMAGES}/{name}" for name in names]
            )
            record = msgspec.structs.replace(record, files=files, samples=count)
            self._work.witness.confirm()
            self._work.tell(Made(record))
        except Interrupted:
            raise
        except Exception as error:  # the test split has its SR, and the metrics that need only that go on
            traceback.print_exc()
            self._work.tell(Lacking(in_words(error), again=bool(machine_fault(error))))
        return record

    def ceiling(self, items: Sequence[Item], record: Record) -> None:
        """Let a method that upscales nothing afterwards make what it can of HR itself. A fault is told."""
        self._work.tell(Doing("ceiling", self._task.ceiling))
        try:
            vars(self).pop("_method", None)  # loaded anew, it has seen no LR either
            method = self._method
            images = reconstruct_split(
                method,
                items,
                self._task.protocol,
                self._emptied(CEILING_IMAGES),
                seed=self._task.cell.seed if method.samples else None,
                progress=self._progress,
            )
            files = record.files | self._hashes(CEILING_IMAGES, images)
            self._work.witness.confirm()
            self._work.tell(Made(msgspec.structs.replace(record, files=files, ceiling_images=images)))
        except Interrupted:
            raise
        except Exception as error:  # the cell has what it was asked for
            traceback.print_exc()
            self._work.tell(Lacking(in_words(error), again=bool(machine_fault(error))))

    @staticmethod
    def _belongs(name: str, training_images: Mapping[str, str]) -> bool:
        """Whether a file is not of a training split that was upscaled before this one."""
        folder, _, file = name.partition("/")
        return folder != TRAINING_IMAGES or file in training_images.values()

    def _hashes(self, folder: str, images: Mapping[str, str]) -> dict[str, str]:
        return self._store.hashes("cells", self._task.key, [f"{folder}/{name}" for name in images.values()])

    def _emptied(self, name: str) -> Path:
        folder = self._folder / name
        if folder.exists():  # left by an attempt that was cut off
            shutil.rmtree(folder)
        folder.mkdir()
        return folder

    def _upscaled(self, items: Sequence[Item], name: str, split: str = "") -> Upscaled:
        method = self._method
        return upscale_split(
            method,
            items,
            self._task.protocol,
            self._folder / name,
            split=split,
            seed=self._task.cell.seed if method.samples else None,
            memory_bytes=self._memory_bytes,
            progress=self._progress,
            confirm=self._work.witness.confirm,
        )

    @property
    def _memory_bytes(self) -> float | None:
        limit = self._job.limits.memory_gb
        return None if limit is None else limit * 1e9 * TILED_SHARE


def samples_otherwise(use: Use) -> bool:
    """Whether a cell may cost more than its model's training could know: by how it samples, or asks the model."""
    return bool(sampling(use.registered.load(), use.params) & use.params.keys())


def multiply_adds(use: Use, model: Path | None, channels: int, scale: Scale) -> dict[str, float | None]:
    """The cost named `macs`. Counted where a model is trained, for all cells that use it, or else in the cell."""

    def make() -> Method:
        method: Method = use.create()
        if model is not None:
            method.load(model)
        return method

    counted = count_multiply_adds(make, channels, scale)
    return {"macs": None} if counted is None else counted.cost()
