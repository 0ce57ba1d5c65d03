"""One training, read from the folder of its model: what it said of itself, its history, its sample pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from srbench.leaderboard.figures.curves import Curve
from srbench.leaderboard.results.results import Result
from srbench.store.records import Record, Store

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
    held_out: list[str] = []
    stages: list[StageFacts] = []
    notes: list[str] = []


@dataclass(frozen=True)
class Run:
    """One training: a seed of a method on a training set.

    key: of the model. record: of the training, None where it left none. folder: of the model; may be empty or missing.
    """

    key: str
    seed: int | None
    record: Record | None
    folder: Path

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
    def damage(self) -> list[str]:
        """Sentences on files that cannot be read, and so are not shown."""
        return [read for read in (self._facts, self._history) if isinstance(read, str)]

    @property
    def facts(self) -> TrainingFacts:
        """The content of `training.json`; empty where there is none."""
        return TrainingFacts() if isinstance(self._facts, str) else self._facts

    @cached_property
    def _facts(self) -> TrainingFacts | str:
        path = self.folder / "training.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=TrainingFacts)
        except FileNotFoundError:
            return TrainingFacts()
        except (OSError, msgspec.DecodeError) as error:
            return f"{path}: cannot be read ({error}); remove the file to do without its facts"

    @cached_property
    def _history(self) -> pd.DataFrame | str | None:
        path = self.folder / "history.csv"
        if not path.is_file():
            return None
        try:
            frame = pd.read_csv(path)
        except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
            return f"{path}: cannot be read ({error}); remove the file to do without the figure"
        return None if "step" not in frame or frame.empty else frame

    @cached_property
    def curve(self) -> Curve | None:
        """The history as a curve, None where there is none."""
        if self._history is None or isinstance(self._history, str):
            return None
        frame = self._history
        for column in frame.columns.difference(["stage", "event"]):
            frame[column] = pd.to_numeric(frame[column], errors="coerce").replace([np.inf, -np.inf], np.nan)
        best = tuple(
            (stage.best_step, stage.best_validation)
            for stage in self.facts.stages
            if stage.best_step is not None and stage.best_validation is not None
        )
        broke = self.record is not None and self.record.status == "failed"
        return Curve(self.name, frame.dropna(subset="step"), best, broke)

    @property
    def seconds(self) -> float | None:
        """How long it trained."""
        seconds = None if self.record is None else self.record.cost.get("train_seconds")
        if seconds is None and self.curve is not None and "seconds" in self.curve.history:
            seconds = float(self.curve.history["seconds"].max())
        return seconds

    @property
    def notes(self) -> list[str]:
        """Notes for readers, of the training and of its record."""
        return [*self.facts.notes, *(self.record.notes if self.record else [])]

    @property
    def left_something(self) -> bool:
        """Whether there is anything to show."""
        shown = (self.trouble, self.damage, self.curve, self.facts.stages, self.facts.notes, self.samples)
        return any(map(bool, shown))

    @cached_property
    def samples(self) -> list[Path]:
        """The pictures taken while it learned, in the order of stages and steps."""
        stages = [_as_in_file(stage.name) for stage in self.facts.stages]
        found = [(match, path) for path in self._pictures() if (match := _SAMPLE.fullmatch(path.name))]
        found.sort(key=lambda one: (_place(one[0]["stage"], stages), int(one[0]["step"]), one[0]["stage"]))
        return [path for _, path in found]

    def _pictures(self) -> Iterator[Path]:
        folder = self.folder / "samples"
        for path in folder.glob("*.png"):
            if path.is_file() and path.resolve().parent == folder.resolve():
                yield path

    def stage_of(self, sample: Path) -> str:
        """The stage that a sample was taken in, as the method calls it."""
        match = _SAMPLE.fullmatch(sample.name)
        assert match is not None
        names = [stage.name for stage in self.facts.stages]
        return next((name for name in names if _as_in_file(name) == match["stage"]), match["stage"])


def _as_in_file(stage: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", stage)


def _place(stage: str, stages: Sequence[str]) -> int:
    return stages.index(stage) if stage in stages else len(stages)


def read_run(result: Result, key: str, store_root: Path) -> Run:
    """The training of a cell's model."""
    store = Store(store_root)
    return Run(key, result.planned.cell.seed, store.read("models", key), store.folder("models", key))
