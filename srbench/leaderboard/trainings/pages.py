"""What trainings left in their model folders, made ready for the page of their method.

Without the models (a store that holds the records only) there is nothing to show, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from srbench.leaderboard.figures import curves
from srbench.leaderboard.findings.caveats import FIRST_LOOK_SECONDS
from srbench.leaderboard.results.results import Result, Results, unique_slugs
from srbench.leaderboard.trainings.run import Run, read_run
from srbench.leaderboard.trainings.strips import Filmstrip, write_strips
from srbench.leaderboard.words.numerals import DASH, duration, listing, number, plural

FOLDER = "training"
"""The board's folder of pictures of trainings."""


@dataclass(frozen=True)
class Group:
    """The trainings of one method on one set under one protocol: what the page shows together."""

    id: str
    caption: str
    runs: tuple[Run, ...]
    strips: tuple[Filmstrip, ...]
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
