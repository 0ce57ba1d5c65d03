"""What of a store is not what was written, as a plan meets it: each thing looked at once for all cells."""

from __future__ import annotations

from pathlib import Path

from srbench.runner.job.tasks import ExtractorTraining, Training
from srbench.store.file_memory import FileMemory
from srbench.store.files import sha256_of
from srbench.store.records import SCORES, Record, Store
from srbench.store.references import References


class Damage:
    """Every answer is a sentence that begins with `damaged: `; empty where nothing is."""

    def __init__(self, store: Store, verify: bool) -> None:
        """verify: read every file; otherwise those that changed since they were read last."""
        self._store = store
        self._hashed = sha256_of if verify else FileMemory("hashes").sha256
        self._trainings: dict[str, str] = {}
        self._references: dict[Path, str] = {}

    def of_scores(self, record: Record) -> str:
        """Look at the scores of a cell, where it has any."""
        return self._store.damage("cells", record, {SCORES} & record.files.keys(), self._hashed)

    def of_sr(self, record: Record, needed: bool) -> str:
        """Look at the SR of a cell. needed: something is to be scored on it; otherwise as far as it is kept."""
        names = record.sr_files if needed else [name for name in self._store.kept("cells", record) if name != SCORES]
        return self._store.damage("cells", record, names, self._hashed)

    def of_training(self, task: Training | ExtractorTraining) -> str:
        """Look at what is kept of a training that went well."""
        if task.key not in self._trainings:
            record = self._store.read(task.shelf, task.key)
            damage = self._store.lost_record(task.shelf, task.key) if record is None else ""
            if record is not None and record.status == "ok":
                damage = self._store.damage(task.shelf, record, hashed=self._hashed)
            self._trainings[task.key] = damage and f"{damage}, of {task.label}"
        return self._trainings[task.key]

    def of_references(self, record: Record) -> str:
        """Look at what the SR of a cell was compared with."""
        kept = References.of(self._store.root, record.ingredients)
        if kept.folder not in self._references:
            self._references[kept.folder] = kept.damage(self._hashed)
        return self._references[kept.folder]
