"""What the pages of one cell and of one method hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from srbench.contract.wording import Wording
from srbench.leaderboard.board.contents import BoardMethod
from srbench.leaderboard.figures import curves
from srbench.leaderboard.figures.coverage import CoverageCurve, coverage_curves, coverage_words
from srbench.leaderboard.gallery.errors import error_legend
from srbench.leaderboard.gallery.hallucination import share_words
from srbench.leaderboard.gallery.pictures import Gallery, ViewedImage, first_seeds, map_legend, white_words
from srbench.leaderboard.results.ceilings import ceiling_value
from srbench.leaderboard.results.hardware import hardware
from srbench.leaderboard.results.results import Result, Results
from srbench.leaderboard.results.setmetrics import set_remarks
from srbench.leaderboard.results.values import spread_over_seeds
from srbench.leaderboard.tables.costs import cost_cell, cost_columns, cost_lines
from srbench.leaderboard.trainings.extractors import Instrument
from srbench.leaderboard.trainings.pages import Group, notes_of, training_of
from srbench.leaderboard.words.dates import moment_words
from srbench.leaderboard.words.numerals import DASH, duration, flat, listing, number, significant, slug
from srbench.registry.registry import task_named
from srbench.store.details import Details, Estimate
from srbench.store.record import MetricResult


def group_id(protocol: str, dataset: str) -> str:
    """The anchor of a method page's table."""
    return f"s-{slug(f'{protocol}-{dataset}')}"


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
        "ceilings": [_value(record.ceiling.get(name)) for name in results.metrics if name in facts] if record else [],
        "image_heads": _heads(_image_metrics(result), [result]),
        "images": _image_lines(result, results),
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
        "∞" if facts.value is None and facts.infinite else "none" if facts.value is None else _score(facts.value)
    )
    return {
        "head": _head(label, facts),
        "value": value,
        "n": facts.n,
        "numbers": numbers,
        "confusion": facts.details.confusion,
        "coverage": _coverage([(label, facts)], f"coverage-{slug(label)}"),
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
            _score(one.value),
            DASH if one.spread is None else significant(one.spread),
            DASH if one.n is None else str(one.n),
        )

    return [(label, told(one) + told(details.ceiling_by_class.get(label))) for label, one in details.by_class.items()]


def _plain(value: float) -> str:
    return number(value, 0) if value == round(value) else significant(value, 4)


def _score(value: float) -> str:
    return number(value, 2 if abs(value) >= 10 else 4)


def _image_metrics(result: Result) -> list[str]:
    return [metric for metric, scores in result.scores.items() if any(image is not None for image in scores)]


def _image_lines(result: Result, results: Results) -> list[dict[str, Any]]:
    metrics = _image_metrics(result)
    images = dict.fromkeys(image for metric in metrics for image in result.scores[metric] if image is not None)
    return [
        {
            "image": image,
            "seen": _seen(image, result, results),
            "values": [_shown_score(result.scores[metric].get(image)) for metric in metrics],
        }
        for image in images
    ]


def _seen(image: str, result: Result, results: Results) -> str:
    """What of an image the model has probably seen in training, in words."""
    cell, record = result.cell, result.record
    seen = results.board.seen.get(cell.dataset, {})
    like = [seen[name][image] for name in cell.learned if image in seen.get(name, {})]
    if like:
        return f"probably seen in training: like {', '.join(like)}"
    in_part = record is not None and record.groups.get(image) in record.seen_groups
    return "other regions of it were seen in training" if in_part else ""


def _shown_score(value: float | None) -> dict[str, Any]:
    if value is None:
        return {"text": "not scored", "sort": ""}
    return {"text": _score(value), "sort": str(value).replace("inf", "Infinity")}


def _pictures(result: Result, results: Results, galleries: Sequence[Gallery]) -> tuple[list[dict[str, Any]], str]:
    """The pictures written for this cell, and what to know about them."""
    if not result.ok:
        return [], ""
    cell = result.cell
    place = cell.dataset, cell.protocol
    gallery = next((one for one in galleries if (one.dataset, one.protocol) == place), None)
    if gallery is None or not gallery.images:
        return [], "The store holds no pictures of this cell."
    if not any(one is result for one in first_seeds(results.by_place[place])):
        return [], "Pictures are shown for the first seed; those of this one are in the store."
    pictures = [_picture(shown, result.entrant.name) for shown in gallery.images if shown.layer(result.entrant.name)]
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


def method_context(method: BoardMethod, results: Results, trainings: Sequence[Group]) -> dict[str, Any]:
    """What `method.html` shows. trainings: of this method."""
    own = results.of_method(method.name)
    return {
        "title": method.name,
        "method": method.name,
        "slot": own[0].entrant.slot if own else 0,
        "summary": method.summary,
        "documentation": method.documentation,
        "papers": [str(paper) for paper in method.papers],
        "origin": method.origin,
        "parameters": method.parameters,
        "groups": list(_groups(method.name, results)),
        "notes": notes_of(method.name, results, trainings),
        "trainings": trainings,
        "sections": [passage for name, passage in results.board.sections if name == method.name],
    }


def _groups(method: str, results: Results) -> list[dict[str, Any]]:
    """One table a protocol and dataset, one line a cell."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results.of_method(method):
        groups.setdefault((result.cell.protocol, result.cell.dataset), []).append(result)
    return [
        {
            "id": group_id(protocol, dataset),
            "caption": f"{dataset}, {protocol}",
            "heads": _heads(results.metrics, own),
            "lines": [_line(result, results.metrics) for result in own],
            "spread": _spread(own, results.metrics),
            "ceiling": _ceiling(own, results.metrics, dataset),
            "costs": _costs(own),
            "coverage": _group_coverage(own, f"{group_id(protocol, dataset)}-coverage"),
        }
        for (protocol, dataset), own in groups.items()
    ]


def _heads(metrics: Sequence[str], own: Sequence[Result]) -> list[dict[str, Any]]:
    """The heads of columns of scores: names, and which direction is better where a record says so."""
    known = {name: facts for r in own if r.record for name, facts in r.record.metrics.items()}
    return [_head(own[0].metric_label(metric), known.get(metric)) for metric in metrics]


def _head(label: str, facts: MetricResult | None) -> dict[str, Any]:
    if facts is None:
        return {"label": label, "higher": None}
    unit = f", {facts.unit}" if facts.unit else ""
    return {"label": f"{label}{unit}", "higher": facts.higher_is_better}


def _line(result: Result, metrics: Sequence[str]) -> dict[str, Any]:
    record = result.record
    seed = "" if result.cell.seed is None else f", seed {result.cell.seed}"
    line = {"slug": result.slug, "name": f"{result.entrant.name}{seed}", "trouble": "" if result.ok else result.trouble}
    if not result.ok or record is None:
        return line
    return line | {"cells": [_value(record.metrics.get(metric)) for metric in metrics]}


def _coverage(known: Sequence[tuple[str, MetricResult]], name: str) -> dict[str, Any] | None:
    """The calibration curves of results, each with what it is called in the figure; None where there are none."""
    curves = [CoverageCurve(label, facts.details.coverage) for label, facts in known if facts.details.coverage]
    if not curves:
        return None
    return {"svg": coverage_curves(curves, name), "words": [(one.name, coverage_words(one.points)) for one in curves]}


def _learning(details: Details, name: str) -> list[tuple[str, Markup]]:
    """Losses and validation of the networks that a metric trained, each with its caption."""
    drawn = [curves.Curve(one.name, pd.DataFrame(one.columns, dtype=float)) for one in details.learning]
    figures = [
        ("loss, and learning rates (lr)", curves.losses(drawn, f"{name}-loss")),
        ("validation on held-out images (higher is better)", curves.validation(drawn, f"{name}-validation")),
    ]
    return [(words, svg) for words, svg in figures if svg is not None]


def _group_coverage(own: Sequence[Result], name: str) -> dict[str, Any] | None:
    """The calibration curves of the cells of a table."""
    several = len(own) > 1
    known = [
        (_line(result, ())["name"] if several else result.metric_label(metric), facts)
        for result in own
        if result.ok and result.record is not None
        for metric, facts in result.record.metrics.items()
    ]
    return _coverage(known, name)


def _costs(own: Sequence[Result]) -> dict[str, Any]:
    """The table of costs of the cells that have a record and went well."""
    done = [(result, result.record) for result in own if result.ok and result.record is not None]
    columns = cost_columns([record.cost for _, record in done], task_named(own[0].protocol.task))
    kinds = {hardware(record) for _, record in done}
    lines = [
        _line(result, ())
        | {"cells": [cost_cell(column, record.cost) for column in columns]}
        | {"hardware": hardware(record) if len(kinds) > 1 else ""}
        for result, record in done
    ]
    return {"columns": columns, "lines": lines if columns else [], "hardware": len(kinds) > 1}


def _value(facts: MetricResult | None) -> dict[str, Any]:
    if facts is None:
        return {"text": "not scored", "sort": ""}
    if facts.status != "ok" or facts.value is None:
        return {"text": "∞" if facts.infinite else facts.status if facts.status != "ok" else "none", "sort": ""}
    return {"text": _score(facts.value), "sort": facts.value}


def _ceiling(own: Sequence[Result], metrics: Sequence[str], dataset: str) -> str:
    """What the method would score at best, in words, one sentence for each training set."""
    words = own[0].method.ceiling
    by_entrant: dict[str, list[Result]] = {}
    for result in own if words else ():
        if result.ok:
            by_entrant.setdefault(result.entrant.name, []).append(result)
    sentences = []
    for name, results in by_entrant.items():
        known = [(metric, ceiling_value(results, metric, [dataset])) for metric in metrics]
        parts = [
            " ".join(filter(None, [own[0].metric_label(metric), _score(value.number), value.aside]))
            for metric, value in known
            if value is not None and value.number is not None
        ]
        if parts:
            whose = f" of {name}" if len(by_entrant) > 1 else ""
            sentences.append(f"Ceiling{whose} ({words}): {listing(parts)}.")
    return " ".join(sentences)


def _spread(own: Sequence[Result], metrics: Sequence[str]) -> str:
    """What another seed changes, in words, of every metric that shows it."""
    by_entrant: dict[str, list[Result]] = {}
    for result in own:
        if result.ok:
            by_entrant.setdefault(result.entrant.name, []).append(result)
    sentences = []
    for name, results in by_entrant.items():
        parts = []
        for metric in metrics:
            spread = spread_over_seeds(results, metric) if all(metric in r.scores for r in results) else None
            if spread is not None:
                facts = results[0].record.metrics.get(metric) if results[0].record else None
                unit = f" {facts.unit}" if facts and facts.unit else ""
                parts.append(f"{own[0].metric_label(metric)} ±{significant(spread)}{unit}")
        if parts:
            whose = f"{name}, " if len(by_entrant) > 1 else ""
            sentences.append(f"Spread over {len(results)} seeds (standard deviation): {whose}{listing(parts)}.")
    return " ".join(sentences)
