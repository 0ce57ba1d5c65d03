"""What trainings left in their model folders, made ready for the page of their method.

Without the models (a store that holds the records only) there is nothing to show, and nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from markupsafe import Markup

from srbench.leaderboard import curves
from srbench.leaderboard.caveats import FIRST_LOOK_SECONDS
from srbench.leaderboard.curves import Curve
from srbench.leaderboard.numerals import DASH, duration, listing, number, plural
from srbench.leaderboard.results import Result, Results, unique_slugs
from srbench.leaderboard.strips import Strip, write_strips
from srbench.store import Record, Store

FOLDER = "training"
"""Of the board, for the pictures."""
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
        """What of it cannot be read, and so is not shown."""
        return [read for read in (self._facts, self._history) if isinstance(read, str)]

    @property
    def facts(self) -> TrainingFacts:
        """What it said of itself."""
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
        """Its history, None where there is none."""
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
        """What it wants readers to know."""
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


@dataclass(frozen=True)
class Group:
    """The trainings of one method on one set under one protocol: what the page shows together."""

    id: str
    caption: str
    runs: tuple[Run, ...]
    strips: tuple[Strip, ...]
    figures: tuple[tuple[str, Markup], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    troubles: tuple[str, ...] = ()
    remark: str = ""


@dataclass
class _Found:
    caption: str
    runs: dict[str, Run] = field(default_factory=dict)


def write_trainings(results: Results, out: Path) -> dict[str, list[Group]]:
    """Write the sample pictures under `out/training`; return what each method's page shows, by the method's name."""
    found: dict[tuple[str, str, str], _Found] = {}
    seen: set[str] = set()
    for result in results.all:
        key = result.record.model if result.record else None
        if key is None or key in seen:
            continue
        run = read_run(result, key, results.store_root)
        if run.left_something:
            seen.add(key)
            trained_on = (
                result.planned.training.dataset.name if result.planned.training else result.planned.cell.trained_on
            )
            protocol = result.planned.protocol.name
            place = (result.entrant.method, str(trained_on), protocol)
            caption = f"{result.entrant.method} on {trained_on}, {protocol}"
            found.setdefault(place, _Found(caption)).runs[key] = run
    slugs = unique_slugs(["-".join(place) for place in found])
    groups: dict[str, list[Group]] = {}
    for ((method, *_), one), slug in zip(found.items(), slugs, strict=True):
        groups.setdefault(method, []).append(_group(one.caption, tuple(one.runs.values()), out, slug))
    return groups


def read_run(result: Result, key: str, store_root: Path) -> Run:
    """The training of a cell's model."""
    store = Store(store_root)
    return Run(key, result.planned.cell.seed, store.read("models", key), store.folder("models", key))


def _group(caption: str, runs: tuple[Run, ...], out: Path, slug: str) -> Group:
    drawn = [run.curve for run in runs if run.curve is not None]
    figures = [
        ("Loss, and learning rates (lr)", curves.losses(drawn, f"{slug}-loss") if drawn else None),
        (
            "Validation on held-out images (higher is better; ring: best)",
            curves.validation(drawn, f"{slug}-validation") if drawn else None,
        ),
    ]
    heads, lines = _table(runs)
    return Group(
        id=f"t-{slug}",
        caption=caption,
        runs=runs,
        strips=write_strips(runs, out, f"{FOLDER}/{slug}"),
        figures=tuple((words, svg) for words, svg in figures if svg is not None),
        facts=_facts(runs),
        heads=heads,
        lines=lines,
        troubles=tuple(trouble for run in runs for trouble in (run.trouble, *run.damage) if trouble),
        remark=_remark(runs),
    )


def _facts(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    """What holds for all of them, or what they differ in."""
    told = [run.facts for run in runs if run.facts.stages or run.facts.precision]
    if not told:
        return ()
    precisions = {"32": "32-bit", "bf16": "bfloat16", "fp16": "float16, scaled"}
    held_out = list(dict.fromkeys(", ".join(facts.held_out) for facts in told))
    counts = list(dict.fromkeys(plural(len(facts.held_out), "image") for facts in told))
    facts = [
        ("Precision", listing(list(dict.fromkeys(precisions.get(one.precision, one.precision) for one in told)))),
        ("Compiled", listing(list(dict.fromkeys("yes" if one.compile else "no" for one in told)))),
        ("Held out for validation", listing(counts) if any(held_out) else "none"),
    ]
    if any(held_out):
        differ = "others in each training; compare a curve with itself only"
        facts.append(("Held-out images", held_out[0] if len(held_out) == 1 else differ))
    return tuple(facts)


def _table(runs: Sequence[Run]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """One line a stage of each training."""
    stages = [(run, stage) for run in runs for stage in run.facts.stages]
    if not stages:
        return (), ()
    validated = any(stage.best_validation is not None for _, stage in stages)
    skipped = any(stage.skipped_steps for _, stage in stages)
    heads = ["Training", "Stage", "Steps", "Time of all stages", "Memory format"]
    heads += ["Best validation", "At step", "Ended"] if validated else ["Ended"]
    heads += ["Steps skipped"] if skipped else []
    lines = []
    for run, stage in stages:
        last = stage is run.facts.stages[-1]
        steps = DASH if stage.steps is None else f"{stage.steps:,}"
        line = [run.name, stage.name, steps, _time(run), stage.memory_format.replace("_", " ") or DASH]
        if validated:
            score = stage.best_validation
            line += [DASH if score is None else number(score, 2)]
            line += [DASH if stage.best_step is None else f"{stage.best_step:,}"]
        line.append("diverged" if last and run.trouble else "early" if stage.ended_early else "with its budget")
        line += [f"{stage.skipped_steps:,}"] if skipped else []
        lines.append(tuple(line))
    return tuple(heads), tuple(lines)


def _time(run: Run) -> str:
    return DASH if run.seconds is None else duration(run.seconds)


def _remark(runs: Sequence[Run]) -> str:
    times = [run.seconds for run in runs if run.seconds is not None and not run.trouble]
    if not times or max(times) >= FIRST_LOOK_SECONDS:
        return ""
    most = "at most " if len(times) > 1 else ""
    return f"Trained for {most}{duration(max(times))}: too short for more than a first look."


def training_of(result: Result, groups: Sequence[Group]) -> tuple[Group | None, Run | None]:
    """Where a cell's training is shown, and the training; None twice where it left nothing."""
    key = result.record.model if result.record else None
    return next(((group, run) for group in groups for run in group.runs if run.key == key), (None, None))


def notes_of(method: str, results: Results, groups: Sequence[Group]) -> list[str]:
    """What a method and its trainings want readers to know, each once."""
    records = [result.record.notes for result in results.of_method(method) if result.record]
    told: list[Any] = [*records, *(run.notes for group in groups for run in group.runs)]
    return list(dict.fromkeys(note for notes in told for note in notes))
