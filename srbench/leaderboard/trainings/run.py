"""One training: what it said of itself, its history, and, in the folder of its model, its sample pictures."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from srbench.leaderboard.figures.curves import Curve
from srbench.store.cell import gone_on_from, started_from
from srbench.store.files import StoreError, content_of
from srbench.store.record import Record
from srbench.store.records import Shelf, Store
from srbench.store.seal import UNREADABLE

_TEXTS = frozenset({"stage", "event"})
"""The columns of a history that hold no numbers."""
_SAMPLE = re.compile(r"(?P<stage>.+)-(?P<step>\d{1,12})\.png")


class StageFacts(msgspec.Struct):
    """What `training.json` says of one stage."""

    name: str
    steps: int | None = None
    memory_format: str = ""
    best_step: int | None = None
    best_validation: float | None = None
    ended_early: bool = False
    skipped_steps: int = 0


class TrainingFacts(msgspec.Struct):
    """`training.json` in a model folder."""

    precision: str = ""
    compile: bool = False
    micro_batches: int = 1
    processes: int = 1
    held_out: list[str] = []
    stages: list[StageFacts] = []
    notes: list[str] = []


class TrainingRun(msgspec.Struct, frozen=True, dict=True):
    """One training: a seed of a method on a training set, or that of an extractor.

    key: of the model or extractor. record: of the training, None where it left none. facts: empty where there are none.
    history: the columns of its table; empty where there is none. damage: sentences on files that cannot be read,
    and so are not shown.
    """

    key: str
    seed: int | None
    record: Record | None
    facts: TrainingFacts
    history: dict[str, list[float | str | None]]
    damage: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name for legends and tables."""
        return "training" if self.seed is None else f"seed {self.seed}"

    @property
    def trouble(self) -> str:
        """Status and reason where it did not go well."""
        if self.record is None or self.record.status == "ok":
            return ""
        return f"{self.name}, {self.record.status.replace('_', ' ')}: {self.record.reason}"

    @property
    def gone_on_from(self) -> str:
        """What an earlier training had that it went on from, in words; empty where it began anew."""
        return "" if self.record is None else gone_on_from(self.record.ingredients)

    @property
    def started_from(self) -> str:
        """The weights that it started from, in words; empty where it began anew."""
        return "" if self.record is None else started_from(self.record.ingredients)

    @cached_property
    def curve(self) -> Curve | None:
        """The history as a curve, None where there is none."""
        if not self.history:
            return None
        best = tuple(
            (stage.best_step, stage.best_validation)
            for stage in self.facts.stages
            if stage.best_step is not None and stage.best_validation is not None
        )
        broke = self.record is not None and self.record.status == "failed"
        return Curve(self.name, self.history, best, broke)

    @property
    def seconds(self) -> float | None:
        """How long it trained."""
        seconds = None if self.record is None else self.record.cost.get("train_seconds")
        if seconds is None and self.curve is not None:
            seconds = max(self.curve.series("seconds").values, default=None)
        return seconds

    @property
    def notes(self) -> list[str]:
        """Notes for readers, of the training and of its record."""
        return [*self.facts.notes, *(self.record.notes if self.record else [])]


@dataclass(frozen=True)
class Samples:
    """The pictures that a training took while it learned, in the folder of its model, which may be missing."""

    folder: Path
    stages: tuple[str, ...]

    @cached_property
    def paths(self) -> list[Path]:
        """In the order of stages and steps."""
        stages = [_as_in_file(stage) for stage in self.stages]
        found = [(match, path) for path in self._pictures() if (match := _SAMPLE.fullmatch(path.name))]
        found.sort(key=lambda one: (_place(one[0]["stage"], stages), int(one[0]["step"]), one[0]["stage"]))
        return [path for _, path in found]

    def _pictures(self) -> Iterator[Path]:
        for path in self.folder.glob("*.png"):
            if path.is_file() and path.resolve().parent == self.folder.resolve():
                yield path

    def stage_of(self, sample: Path) -> str:
        """The stage that a sample was taken in, as the method calls it."""
        match = _SAMPLE.fullmatch(sample.name)
        assert match is not None
        return next((name for name in self.stages if _as_in_file(name) == match["stage"]), match["stage"])


def _as_in_file(stage: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", stage)


def _place(stage: str, stages: Sequence[str]) -> int:
    return stages.index(stage) if stage in stages else len(stages)


def read_training(
    store: Store, key: str, seed: int | None, shelf: Shelf = "models"
) -> tuple[TrainingRun, Samples] | None:
    """The training of a model, or of an extractor, and its pictures; None where it left nothing to show."""
    folder = store.folder(shelf, key)
    record = store.read(shelf, key)
    damage = []
    facts, history = TrainingFacts(), {}
    try:
        facts = _facts(folder / "training.json")
    except StoreError as error:
        damage.append(str(error))
    try:
        history = _history(folder / "history.csv")
    except StoreError as error:
        damage.append(str(error))
    training = TrainingRun(key, seed, record, facts, history, tuple(damage))
    samples = Samples(folder / "samples", tuple(stage.name for stage in facts.stages))
    shown = (training.trouble, damage, history, facts.stages, facts.notes, samples.paths)
    return (training, samples) if any(map(bool, shown)) else None


def _facts(path: Path) -> TrainingFacts:
    try:
        return msgspec.json.decode(content_of(path), type=TrainingFacts)
    except FileNotFoundError:
        return TrainingFacts()
    except (OSError, *UNREADABLE) as error:
        raise StoreError(f"{path}: cannot be read ({error}); remove the file to do without its facts") from error


def _history(path: Path) -> dict[str, list[float | str | None]]:
    """The columns of the table, holes as None; empty where there is none."""
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file, strict=True) if _number(row.get("step")) is not None]
    except (OSError, ValueError, csv.Error) as error:
        raise StoreError(f"{path}: cannot be read ({error}); remove the file to do without the figure") from error
    names = [name for name in (rows[0] if rows else {}) if name is not None]
    return {name: [row[name] or None if name in _TEXTS else _number(row[name]) for row in rows] for name in names}


def _number(text: str | None) -> float | None:
    """None for what is no number, or not a finite one."""
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
