"""The cells of a method, in a table a dataset and protocol: scores of each, spread over seeds, ceiling and cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srbench.leaderboard.figures.coverage import coverage_figure
from srbench.leaderboard.results.ceilings import ceiling_value
from srbench.leaderboard.results.hardware import hardware
from srbench.leaderboard.results.results import Result, Results
from srbench.leaderboard.results.values import spread_over_seeds
from srbench.leaderboard.tables.costs import cost_cell, cost_columns
from srbench.leaderboard.tables.scores import heads, shown_value
from srbench.leaderboard.words.numerals import listing, score, significant, slug
from srbench.registry.registry import task_named


def group_id(protocol: str, dataset: str) -> str:
    """The anchor of a method page's table."""
    return f"s-{slug(f'{protocol}-{dataset}')}"


def cell_tables(method: str, results: Results) -> list[dict[str, Any]]:
    """One table a protocol and dataset, one line a cell."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results.of_method(method):
        groups.setdefault((result.cell.protocol, result.cell.dataset), []).append(result)
    return [
        {
            "id": group_id(protocol, dataset),
            "caption": f"{dataset}, {protocol}",
            "heads": heads(results.metrics, own),
            "lines": [_line(result, results.metrics) for result in own],
            "spread": _spread(own, results.metrics),
            "ceiling": _ceiling(own, results.metrics, dataset),
            "costs": _costs(own),
            "coverage": _group_coverage(own, f"{group_id(protocol, dataset)}-coverage"),
        }
        for (protocol, dataset), own in groups.items()
    ]


def _line(result: Result, metrics: Sequence[str]) -> dict[str, Any]:
    record = result.record
    seed = "" if result.cell.seed is None else f", seed {result.cell.seed}"
    line = {"slug": result.slug, "name": f"{result.entrant.name}{seed}", "trouble": "" if result.ok else result.trouble}
    if not result.ok or record is None:
        return line
    return line | {"cells": [shown_value(record.metrics.get(metric)) for metric in metrics]}


def _group_coverage(own: Sequence[Result], name: str) -> dict[str, Any] | None:
    """The calibration curves of the cells of a table."""
    several = len(own) > 1
    known = [
        (_line(result, ())["name"] if several else result.metric_label(metric), facts)
        for result in own
        if result.ok and result.record is not None
        for metric, facts in result.record.metrics.items()
    ]
    return coverage_figure(known, name)


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
            " ".join(filter(None, [own[0].metric_label(metric), score(value.number), value.aside]))
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
