"""What the page of a cell holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from srbench.contract.wording import Wording
from srbench.leaderboard.figures import curves
from srbench.leaderboard.figures.coverage import coverage_figure
from srbench.leaderboard.gallery.choice import first_seeds
from srbench.leaderboard.gallery.errors import error_legend
from srbench.leaderboard.gallery.hallucination import share_words
from srbench.leaderboard.gallery.pictures import Gallery, ViewedImage, map_legend, white_words
from srbench.leaderboard.results.results import Result, Results
from srbench.leaderboard.results.setmetrics import set_remarks
from srbench.leaderboard.tables.costs import cost_lines
from srbench.leaderboard.tables.listings import image_table
from srbench.leaderboard.tables.scores import Head, shown_value
from srbench.leaderboard.trainings.extractors import Instrument
from srbench.leaderboard.trainings.pages import Group, training_of
from srbench.leaderboard.words.dates import moment_words
from srbench.leaderboard.words.numerals import DASH, duration, flat, number, score, significant, slug
from srbench.registry.registry import task_named
from srbench.store.details import Details, Estimate
from srbench.store.record import MetricResult


def cell_context(
    result: Result,
    results: Results,
    method_slug: str,
    trainings: Sequence[Group],
    extractors: Sequence[Instrument] = (),
) -> dict[str, Any]:
    """What `cell.html` shows of a cell, but for its pictures. trainings: of its method. extractors: of the board."""
    record, cell, method = result.record, result.cell, result.method
    task = task_named(result.protocol.task)
    point = [
        ("Dataset", cell.dataset),
        ("Protocol", result.protocol.describe()),
        (task.wording.entrant, cell.method),
        *([("Trained on", cell.trained_on)] if cell.trained_on else []),
        *([("Seed", str(cell.seed))] if cell.seed is not None else []),
        *([("LR", record.lr)] if record and record.lr else []),
        *([("Started", moment_words(record.started))] if record and record.started else []),
        *([("Took", duration(record.seconds))] if record else []),
    ]
    group, run = training_of(result, trainings)
    facts = record.metrics if record and not result.damage else {}
    return {
        "title": cell.label,
        "result": result,
        "cell": cell,
        "record": record,
        "reason": result.reason,
        "point": point,
        "method_slug": method_slug,
        "metrics": [
            _metric_line(results.metric_label(name), facts[name], task.wording, extractors)
            for name in results.metrics
            if name in facts
        ],
        "ceiling": method.ceiling if record and record.ceiling else "",
        "ceilings": [shown_value(record.ceiling.get(name)) for name in results.metrics if name in facts]
        if record
        else [],
        "images": image_table(result, results),
        "notes": list(
            dict.fromkeys([*(record.warnings + record.notes if record else []), *(run.notes if run else [])])
        ),
        "training": group,
        "cost": cost_lines(record.cost, task) if record else [],
        "parameters": method.parameters,
        "environment": flat(record.environment) if record else [],
        "ingredients": json.dumps(record.ingredients if record else {}, indent=2, sort_keys=True, ensure_ascii=False),
    }


def pictures_context(result: Result, results: Results, galleries: Sequence[Gallery]) -> dict[str, Any]:
    """What `cell.html` shows of the pictures of SR."""
    pictures, remark = _pictures(result, results, galleries)
    return {
        "pictures": pictures,
        "pictures_remark": remark,
        "legend": error_legend(),
        "error_white": white_words(galleries),
        "map_legend": map_legend(galleries),
    }


def _metric_line(label: str, facts: MetricResult, words: Wording, extractors: Sequence[Instrument]) -> dict[str, Any]:
    remarks = [facts.reason] if facts.reason else []
    if facts.infinite:
        remarks.append(f"{facts.infinite} identical to HR (infinite), left out of the mean")
    if not facts.per_image and facts.status == "ok" and words.whole_set:
        remarks.append(words.whole_set)
    remarks += set_remarks(facts)
    numbers = ", ".join(f"{name} {_plain(value)}" for name, value in facts.details.numbers.items())
    value = {"skipped": "skipped", "failed": "failed"}.get(facts.status) or (
        "∞" if facts.value is None and facts.infinite else "none" if facts.value is None else score(facts.value)
    )
    return {
        "head": Head.of(label, facts),
        "value": value,
        "n": facts.n,
        "numbers": numbers,
        "confusion": facts.details.confusion,
        "coverage": coverage_figure([(label, facts)], f"coverage-{slug(label)}"),
        "learning": _learning(facts.details, f"learning-{slug(label)}"),
        "classes": _class_lines(facts.details),
        "extractor": next((one.group.id for one in extractors if one.key == facts.extractor), ""),
        "remark": "; ".join(remarks) or ("" if numbers else DASH),
    }


def _class_lines(details: Details) -> list[tuple[str, tuple[str, ...]]]:
    """The value of each class, spread and images of it, and the same of real images."""

    def told(one: Estimate | None) -> tuple[str, ...]:
        if one is None:
            return DASH, DASH, DASH
        return (
            score(one.value),
            DASH if one.spread is None else significant(one.spread),
            DASH if one.n is None else str(one.n),
        )

    return [(label, told(one) + told(details.ceiling_by_class.get(label))) for label, one in details.by_class.items()]


def _plain(value: float) -> str:
    return number(value, 0) if value == round(value) else significant(value, 4)


def _pictures(result: Result, results: Results, galleries: Sequence[Gallery]) -> tuple[list[dict[str, Any]], str]:
    """The pictures written for this cell, and what to know about them."""
    if not result.ok:
        return [], ""
    cell = result.cell
    place = cell.dataset, cell.protocol
    gallery = next((one for one in galleries if (one.dataset, one.protocol) == place), None)
    shown = () if gallery is None else gallery.images
    pictures = [_picture(one, result.entrant.name) for one in shown if one.layer(result.entrant.name)]
    if gallery is None or not pictures:
        return [], "None of its pictures are here."
    if not any(one is result for one in first_seeds(results.by_place[place])):
        return [], "Pictures are shown for the first seed; those of this one are in the store."
    assert result.record is not None
    parts = []
    if len(pictures) < len(result.record.images):
        parts.append(f"{len(pictures)} of {len(result.record.images)} images; all are in the store.")
    if gallery.trouble:
        parts.append(f"There is no HR beside some of them: {gallery.trouble}.")
    return pictures, " ".join(parts)


def _picture(shown: ViewedImage, name: str) -> dict[str, Any]:
    own = shown.layer(name)
    assert own is not None
    shots = [{"href": own.href, "words": "SR"}]
    references = (shown.layer("HR"), shown.layer("LR"))
    shots += [{"href": layer.href, "words": layer.name} for layer in references if layer is not None]
    if own.error_href is not None:
        shots.append(
            {"href": own.error_href, "words": f"error, on average {100 * (own.mean_error or 0):.2g} % of white"}
        )
    if own.map_href is not None:
        shots.append({"href": own.map_href, "words": f"hallucination map: {share_words(own.shares)}"})
    return {
        "image": shown.id,
        "anchor": f"image-{slug(shown.id)}",
        "shots": shots,
        "width": shown.box[2],
        "height": shown.box[3],
        "window": shown.window_words,
    }


def _learning(details: Details, name: str) -> list[tuple[str, Markup]]:
    """Losses and validation of the networks that a metric trained, each with its caption."""
    drawn = [curves.Curve(one.name, one.columns) for one in details.learning]
    figures = [
        ("loss, and learning rates (lr)", curves.losses(drawn, f"{name}-loss")),
        ("validation on held-out images (higher is better)", curves.validation(drawn, f"{name}-validation")),
    ]
    return [(words, svg) for words, svg in figures if svg is not None]
