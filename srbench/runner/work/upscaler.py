"""The splits of a cell brought onto the disk: SR of the test split, of the training split, and a method's ceiling."""

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
from srbench.errors import in_words
from srbench.evaluate.ceiling import reconstruct_split
from srbench.evaluate.cost import count_multiply_adds, measure_latency
from srbench.evaluate.score import TrainingSplit
from srbench.evaluate.upscale import OVERSHOOT, Upscaled, upscale_split
from srbench.registry.configured import Use
from srbench.runner.job.environment import environment
from srbench.runner.job.tasks import Evaluation, Job
from srbench.runner.planning.splits import groups_of
from srbench.runner.work.attempt import Attempt
from srbench.runner.work.energy import EnergyMeter
from srbench.runner.work.memory import MemoryPeak
from srbench.runner.work.models import load_model
from srbench.store.records import CEILING_IMAGES, IMAGES, RECORD, TRAINING_IMAGES, Record, Store

MOST_CLAMPED = 0.01
"""The share of SR values outside black and white above which a record says so."""
TILED_SHARE = 0.5
"""The share of a cell's memory limit that upscaling may fill before it tiles."""


class Upscaler:
    """Brings the splits of a cell onto the disk; the method is loaded when there is something to upscale."""

    def __init__(self, job: Job, task: Evaluation, store: Store, progress: Callable[[str], None]) -> None:
        self._job, self._task, self._store, self._progress = job, task, store, progress
        self._folder = store.folder("cells", task.key)

    @cached_property
    def _method(self) -> Method:
        method: Method = self._task.method.create()
        if self._task.model is not None:
            load_model(method, self._store, self._task.model)
        method.to(self._job.device)
        return method

    def test_split(self, items: Sequence[Item], attempt: Attempt) -> Record:
        """Upscale the test split; the cell's record, without metrics yet."""
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
            **energy.cost("upscale"),
            "parameters": self._method.parameters_count(),
        }
        if done.sample is not None:
            latency = measure_latency(self._method, done.sample, self._task.protocol.scale, self._memory_bytes)
            cost |= {} if latency is None else latency.cost()
            if "macs" not in cost:
                model = None if self._task.model is None else self._store.folder("models", self._task.model)
                cost |= multiply_adds(self._task.method, model, done.sample.shape[0], self._task.protocol.scale)
        record = attempt.record(
            "ok",
            environment=environment(self._job),
            cost=cost,
            lr=done.lr,
            images=done.images,
            groups=groups_of(items),
            seen_groups=list(self._task.seen_groups),
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
        return record

    def training_split(self, items: Sequence[Item], fingerprint: str, record: Record) -> TrainingSplit | str:
        """The training split with its SR, upscaled unless it is there; or why it could not be."""
        if record.training_split != fingerprint:
            try:
                images = self._upscaled(items, TRAINING_IMAGES).images
                others = {name: known for name, known in record.files.items() if Path(name).parts[0] != TRAINING_IMAGES}
                record.files = {**others, **self._hashes(TRAINING_IMAGES, images)}
                record.training_images, record.training_split = images, fingerprint
            except Exception as error:  # the test split has its SR, and the metrics that need only that go on
                traceback.print_exc()
                return f"upscaling the training split: {in_words(error)}"
        return TrainingSplit(items, self._folder / TRAINING_IMAGES, record.training_images)

    def ceiling(self, items: Sequence[Item], record: Record, killed: str, stop: Callable[[], bool]) -> None:
        """Let a method that upscales nothing afterwards make what it can of HR itself.

        killed: what the record says when its process is killed here (memory, time), which costs the ceiling alone. When
        it is asked to stop, the cell is to start over, as it would anywhere else.
        """

        def progress(image: str) -> None:
            self._progress(image)
            if stop():
                (self._folder / RECORD).unlink()
                raise Interrupted

        self._store.write("cells", msgspec.structs.replace(record, notes=[*record.notes, killed]))
        del self._method  # loaded anew, it has seen no LR either
        method = self._method
        record.ceiling_images = reconstruct_split(
            method,
            items,
            self._task.protocol,
            self._emptied(CEILING_IMAGES),
            seed=self._task.cell.seed if method.samples else None,
            progress=progress,
        )
        record.files |= self._hashes(CEILING_IMAGES, record.ceiling_images)

    def _hashes(self, folder: str, images: Mapping[str, str]) -> dict[str, str]:
        return self._store.hashes("cells", self._task.key, [f"{folder}/{name}" for name in images.values()])

    def _emptied(self, name: str) -> Path:
        folder = self._folder / name
        if folder.exists():  # left by an attempt that was killed
            shutil.rmtree(folder)
        folder.mkdir()
        return folder

    def _upscaled(self, items: Sequence[Item], name: str) -> Upscaled:
        method = self._method
        return upscale_split(
            method,
            items,
            self._task.protocol,
            self._emptied(name),
            seed=self._task.cell.seed if method.samples else None,
            memory_bytes=self._memory_bytes,
            progress=self._progress,
        )

    @property
    def _memory_bytes(self) -> float | None:
        limit = self._job.limits.memory_gb
        return None if limit is None else limit * 1e9 * TILED_SHARE


def multiply_adds(use: Use, model: Path | None, channels: int, scale: int) -> dict[str, float | None]:
    """The cost named `macs`. Counted where a model is trained, for all cells that use it, or else in the cell."""

    def make() -> Method:
        method: Method = use.create()
        if model is not None:
            method.load(model)
        return method

    counted = count_multiply_adds(make, channels, scale)
    return {"macs": None} if counted is None else counted.cost()
