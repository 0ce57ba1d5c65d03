"""What trainings left in their model folders, made ready for the page of their method.

Without the models (a store that holds the records only) there is nothing to show, and nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup

from srbench.leaderboard.figures import curves
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.findings.caveats import FIRST_LOOK_SECONDS
from srbench.leaderboard.results.results import Result, Results, unique_slugs
from srbench.leaderboard.trainings.run import Samples, TrainingFacts, TrainingRun, read_training
from srbench.leaderboard.trainings.strips import Filmstrip, write_strips
from srbench.leaderboard.words.numerals import DASH, duration, listing, number, plural
from srbench.store.records import Store

FOLDER = "training"
"""The board's folder of pictures of trainings."""
_MOST_PANELS = 12


class Group(msgspec.Struct, frozen=True, dict=True):
    """The trainings of one method on one set under one protocol, or that of an extractor: what pages show together.

    method: empty of an extractor. slug: names elements and files, so that no other letters may be in it.
    """

    method: str
    slug: str
    caption: str
    runs: tuple[TrainingRun, ...]
    strips: tuple[Filmstrip, ...]

    def __post_init__(self) -> None:
        """A slug with other letters is a `ValueError`: it may come from a published file."""
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.slug):
            raise ValueError(f"{self.slug!r} is no name for an element")

    @property
    def id(self) -> str:
        """The anchor."""
        return f"t-{self.slug}"

    @property
    def trained(self) -> str:
        """The caption less the protocol."""
        return self.caption.rpartition(", ")[0]

    @property
    def files(self) -> list[str]:
        """The pictures that belong to it, by their places in the board's folder."""
        return [sample.href for strip in self.strips for sample in strip.samples]

    @cached_property
    def figures(self) -> tuple[tuple[str, Markup], ...]:
        """Losses and validation, each with its caption."""
        drawn = [run.curve for run in self.runs if run.curve is not None]
        figures = [
            ("Loss, and learning rates (lr)", curves.losses(drawn, f"{self.slug}-loss") if drawn else None),
            (
                "Validation on held-out images (higher is better; ring: best)",
                curves.validation(drawn, f"{self.slug}-validation") if drawn else None,
            ),
        ]
        return tuple((words, svg) for words, svg in figures if svg is not None)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What holds for all of them, or what they differ in."""
        return _facts(self.runs)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the table of stages."""
        return _table(self.runs)[0]

    @property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """Its lines."""
        return _table(self.runs)[1]

    @property
    def troubles(self) -> tuple[str, ...]:
        """What went wrong, a sentence each."""
        return tuple(trouble for run in self.runs for trouble in (run.trouble, *run.damage) if trouble)

    @property
    def remark(self) -> str:
        """What limits trust in them; how good an extractor is says its own page."""
        return _remark(self.runs) if self.method else ""


@dataclass
class _Found:
    caption: str
    runs: dict[str, tuple[TrainingRun, Samples]] = field(default_factory=dict)


def write_trainings(results: Results, store_root: Path, out: Path) -> list[Group]:
    """Write the sample pictures under `out/training`; return what the pages of methods show."""
    found: dict[tuple[str, str, str], _Found] = {}
    seen: set[str] = set()
    for result in results.all:
        key = result.record.model if result.record else None
        if key is None or key in seen:
            continue
        run = read_training(Store(store_root), key, result.cell.seed)
        if run is not None:
            seen.add(key)
            trained_on = ", then ".join(result.cell.learned) or str(result.cell.trained_on)
            place = (result.entrant.method, trained_on, result.protocol.name)
            caption = f"{result.entrant.method} on {trained_on}, {result.protocol.name}"
            found.setdefault(place, _Found(caption)).runs[key] = run
    slugs = unique_slugs(["-".join(place) for place in found])
    groups = []
    for ((method, *_), one), slug in zip(found.items(), slugs, strict=True):
        runs = tuple(one.runs.values())
        strips = write_strips(runs, out, f"{FOLDER}/{slug}")
        groups.append(Group(method, slug, one.caption, tuple(training for training, _ in runs), strips))
    return groups


def _facts(runs: Sequence[TrainingRun]) -> tuple[tuple[str, str], ...]:
    """What holds for all of them, or what they differ in."""
    told = [run.facts for run in runs if run.facts.stages or run.facts.precision]
    earlier = list(dict.fromkeys(run.gone_on_from for run in runs if run.gone_on_from))
    start = list(dict.fromkeys(run.started_from for run in runs if run.started_from))
    if not told:
        return ()
    precisions = {"32": "32-bit", "tf32": "TensorFloat-32", "bf16": "bfloat16", "fp16": "float16, scaled"}
    held_out = list(dict.fromkeys(", ".join(facts.held_out) for facts in told))
    counts = list(dict.fromkeys(plural(len(facts.held_out), "image") for facts in told))
    facts = [
        *([("Went on from", listing(earlier))] if earlier else []),
        *([("Started from", listing(start))] if start else []),
        ("Precision", listing(list(dict.fromkeys(precisions.get(one.precision, one.precision) for one in told)))),
        ("Compiled", listing(list(dict.fromkeys("yes" if one.compile else "no" for one in told)))),
        *_divisions(told),
        ("Held out for validation", listing(counts) if any(held_out) else "none"),
    ]
    if any(held_out):
        differ = "others in each training; compare a curve with itself only"
        facts.append(("Held-out images", held_out[0] if len(held_out) == 1 else differ))
    return tuple(facts)


def _divisions(told: Sequence[TrainingFacts]) -> list[tuple[str, str]]:
    """Into how many pieces batches were divided, where they were."""
    divisions = {
        "Processes": [facts.processes for facts in told],
        "Micro-batches": [facts.micro_batches for facts in told],
    }
    return [
        (name, listing([str(count) for count in dict.fromkeys(counts)]))
        for name, counts in divisions.items()
        if any(count > 1 for count in counts)
    ]


def _table(runs: Sequence[TrainingRun]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
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


def _time(run: TrainingRun) -> str:
    return DASH if run.seconds is None else duration(run.seconds)


def _remark(runs: Sequence[TrainingRun]) -> str:
    times = [run.seconds for run in runs if run.seconds is not None and not run.trouble]
    if not times or max(times) >= FIRST_LOOK_SECONDS:
        return ""
    most = "at most " if len(times) > 1 else ""
    return f"Trained for {most}{duration(max(times))}: too short for more than a first look."


def by_method(groups: Iterable[Group]) -> dict[str, list[Group]]:
    """Trainings by the name of their method."""
    found: dict[str, list[Group]] = {}
    for group in groups:
        found.setdefault(group.method, []).append(group)
    return found


def trainings_chart(groups: Sequence[Group], results: Sequence[Result], name: str) -> Chart | None:
    """How the trainings went that these results are of, a small panel a method; None where but one method learned."""
    keys = {result.record.model for result in results if result.record}
    found = [(group, [run for run in group.runs if run.key in keys and run.curve]) for group in groups]
    order = list(dict.fromkeys(group.method for group in groups))
    known = sorted([one for one in found if one[1]], key=lambda one: order.index(one[0].method))
    methods = [group.method for group, _ in known]
    if len(set(methods)) < 2:
        return None
    titles = [group.method if methods.count(group.method) == 1 else group.trained for group, _ in known]
    panels = [(title, [run.curve for run in runs if run.curve]) for title, (_, runs) in zip(titles, known, strict=True)]
    svg = curves.progress(panels[:_MOST_PANELS], name)
    if svg is None:
        return None
    more = f" Not drawn: {listing(titles[_MOST_PANELS:])}." if titles[_MOST_PANELS:] else ""
    lines = [
        (
            f"{title}, {run.name}" if len(runs) > 1 else title,
            f"{int(max(run.curve.series('step').steps)):,}",
            _time(run),
        )
        for title, (_, runs) in zip(titles, known, strict=True)
        for run in runs
        if run.curve
    ]
    return Chart(
        caption="Trainings",
        svg=svg,
        heads=("Training", "Steps", "Time"),
        lines=tuple(lines),
        remark=f"A colour a seed, each panel on its own scale; losses and rates are on the pages of methods.{more}",
    )


def training_of(result: Result, groups: Sequence[Group]) -> tuple[Group | None, TrainingRun | None]:
    """Where a cell's training is shown, and the training; None twice where it left nothing."""
    key = result.record.model if result.record else None
    return next(((group, run) for group in groups for run in group.runs if run.key == key), (None, None))


def notes_of(method: str, results: Results, groups: Sequence[Group]) -> list[str]:
    """What a method and its trainings want readers to know, each once."""
    records = [result.record.notes for result in results.of_method(method) if result.record]
    told: list[Any] = [*records, *(run.notes for group in groups for run in group.runs)]
    return list(dict.fromkeys(note for notes in told for note in notes))
