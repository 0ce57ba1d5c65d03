"""What a store holds of what a plan wants, and what of it is not what was written: looked at once for all cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from srbench.runner.job.tasks import ExtractorTraining, Training
from srbench.store.file_memory import FileMemory
from srbench.store.files import sha256_of
from srbench.store.record import SCORES, Record
from srbench.store.records import CHECKPOINT, Store
from srbench.store.references import References
from srbench.store.summary import Known, Look, Summaries
from srbench.training.loop.checkpoint import CHECKPOINTS


class Damage:
    """A look at a store. Every answer in words begins with `damaged: `, or is empty where nothing is."""

    def __init__(self, store: Store, verify: bool) -> None:
        """verify: read every file; otherwise those that changed since they were looked at last."""
        self._store, self._verify = store, verify
        self._hashed = sha256_of if verify else FileMemory("hashes").sha256
        self._trainings: dict[str, tuple[bool, str]] = {}
        self._begun: dict[str, bool] = {}
        self._references: dict[Path, str] = {}

    @cached_property
    def _cells(self) -> frozenset[str]:
        return self._store.keys("cells")

    @cached_property
    def _summaries(self) -> Summaries:
        return Summaries(self._store)

    def known(self, key: str) -> Known | None:
        """What is remembered of a cell of which nothing is damaged."""
        return self._summaries.known(key) if key in self._cells and not self._verify else None

    def look(self, key: str) -> Look | None:
        """The record of a cell, as `Store.read` has it."""
        return self._summaries.look(key) if key in self._cells else None

    def new_record(self, key: str) -> Record | None:
        """The record of a cell that has just been made; what was written with it is compared, and remembered."""
        look = self.look(key)
        if look is None:
            return None
        sound = look.record.status != "ok" or not (self.of_scores(look.record) or self.of_sr(look.record, needed=False))
        if sound:
            self.remember(look)
        return look.record

    def remember(self, look: Look) -> None:
        """Remember that nothing of a cell is damaged."""
        self._summaries.remember(look)

    def write(self) -> None:
        """Write what is to be remembered."""
        self._summaries.write()

    def of_record(self, key: str) -> str:
        """Look at whether there was a record of a cell once that cannot be read now."""
        return self._store.lost_record("cells", key) if key in self._cells else ""

    def of_scores(self, record: Record) -> str:
        """Look at the scores of a cell, where it has any."""
        return self._store.damage("cells", record, {SCORES} & record.files.keys(), sha256_of)

    def of_sr(self, record: Record, needed: bool) -> str:
        """Look at the SR of a cell. needed: something is to be scored on it; otherwise as far as it is kept."""
        names = record.sr_files if needed else [name for name in self._store.kept("cells", record) if name != SCORES]
        return self._store.damage("cells", record, names, sha256_of)

    def of_training(self, task: Training | ExtractorTraining) -> str:
        """Look at what is kept of a training that went well."""
        return self._of(task)[1]

    def is_done(self, task: Training | ExtractorTraining) -> bool:
        """Whether the store holds what a training makes, undamaged."""
        went_well, damage = self._of(task)
        return went_well and not damage

    def to_do(self, tasks: Iterable[Training | ExtractorTraining]) -> dict[str, Training | ExtractorTraining]:
        """Find those that are still to be done, by key, each after the one that has to be done before it."""
        found: dict[str, Training | ExtractorTraining] = {}
        for task in tasks:
            if not self.is_done(task):
                found |= self._with_earlier(task)
        return found

    def _with_earlier(self, task: Training | ExtractorTraining) -> dict[str, Training | ExtractorTraining]:
        found: dict[str, Training | ExtractorTraining] = {}
        for first in self.first(task):
            found |= self._with_earlier(first)
        return {**found, task.key: task}

    def first(self, task: Training | ExtractorTraining) -> list[Training]:
        """The trainings that have to be done before this one, which is to be done: it goes on, or starts, from them."""
        return [one for one in task.first if self._is_lacking(one, task)] if isinstance(task, Training) else []

    def _is_lacking(self, first: Training, task: Training) -> bool:
        if task.start is not None and first is task.start.training:
            return not self.is_done(first)
        has_begun = self._store.last_checkpoint(first.key).is_file() or self._has_checkpoint(task)
        return not (has_begun and self._of(first)[0])

    def going_on(self, task: Training) -> str:
        """What a training that is to be done goes on or starts from, in words; empty where that is nothing, or done."""
        begins_anew = task.earlier is None and task.start is None  # most do, and need no look at the disk
        if begins_anew or self.is_done(task) or self._has_checkpoint(task):
            return ""
        lacking = self.first(task)
        if task.earlier is None:
            assert task.start is not None
            return f"its training starts from {task.start.told}{', which is trained first' if lacking else ''}"
        said = f"its training goes on from {task.earlier.budget}"
        if task.earlier not in lacking:
            return said
        gone = "once more, since the checkpoint is gone" if self._of(task.earlier)[0] else "first"
        return f"{said}, which is trained {gone}"

    def _has_checkpoint(self, task: Training | ExtractorTraining) -> bool:
        """Whether there is one of an attempt of its own."""
        folder = self._store.folder(task.shelf, task.key) / CHECKPOINT
        return any((folder / name).is_file() for name in CHECKPOINTS)

    def is_begun(self, task: Training | ExtractorTraining) -> bool:
        """Whether an attempt at a training was interrupted, which the next one goes on from."""
        if task.key not in self._begun:
            checkpoint = self._store.folder(task.shelf, task.key) / CHECKPOINT
            self._begun[task.key] = not self.is_done(task) and any(checkpoint.glob("*"))
        return self._begun[task.key]

    def _of(self, task: Training | ExtractorTraining) -> tuple[bool, str]:
        """Whether a training went well, and what is damaged of it."""
        if task.key not in self._trainings:
            record = self._store.read(task.shelf, task.key)
            damage = self._store.lost_record(task.shelf, task.key) if record is None else ""
            went_well = record is not None and record.status == "ok"
            if record is not None and went_well:
                damage = self._store.damage(task.shelf, record, hashed=self._hashed)
            self._trainings[task.key] = went_well, damage and f"{damage}, of {task.label}"
        return self._trainings[task.key]

    def of_references(self, ingredients: Mapping[str, Any]) -> str:
        """Look at what the SR of a cell was compared with. ingredients: of its key."""
        kept = References.of(self._store.root, ingredients)
        if kept.folder not in self._references:
            self._references[kept.folder] = kept.damage(self._hashed)
        return self._references[kept.folder]
