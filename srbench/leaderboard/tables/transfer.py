"""The transfer table: trained on one set, tested on another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from srbench.leaderboard.results.results import Entrant, Results, Scope
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import Table, build_table
from srbench.leaderboard.words.numerals import decimals_of, half_width, number, warranted_decimals
from srbench.statistics.intervals import Interval

EVERY_DATASET = "all datasets"
"""The head of a column over all of them; no dataset's name, which has no space."""


def transfer_tables(results: Results) -> list[dict[str, Any]]:
    """A table a metric and protocol that has several training sets: rows are methods with their training set.

    first: whether it is of the metric that ranks there before any choice. Values have the intervals that
    they have in the tables of their datasets. differences: how much better a method is by one training set than by
    another, each with its interval; a line for each two sets of a method, where there are several datasets also over
    all of them, which have enough independent groups of images together where each has too few for an interval.
    """
    tables = []
    for protocol in dict.fromkeys(scope.protocol for scope in results.scopes if scope.trained_on is not None):
        inside = tuple(result for result in results.all if result.cell.protocol == protocol)
        whole = Scope(protocol, None, inside, results.board.rank_by)
        datasets = whole.datasets()
        parts = {name: build_table(whole, results.metrics, name) for name in datasets}
        pooled = {EVERY_DATASET: build_table(whole, results.metrics)} if len(datasets) > 1 else {}
        ranked = [metric for metric in results.metrics if any(metric in part.standings for part in parts.values())]
        learned = [entrant for entrant in whole.entrants() if entrant.trained_on is not None]
        for metric in ranked:
            column = next(part.column(metric) for part in parts.values() if metric in part.standings)
            words = "higher" if column.higher_is_better else "lower"
            lines: list[dict[str, Any]] = [
                {
                    "name": f"{entrant.method}, {entrant.trained_on}",
                    "cells": [_cell(parts[name], entrant, metric) for name in datasets],
                }
                for entrant in learned
            ]
            intervals = any(cell["interval"] for line in lines for cell in line["cells"])
            beside = ", with 95 % intervals" if intervals else ""
            tables.append(
                {
                    "metric": metric,
                    "first": metric == (whole.rank_by or ranked[0]),
                    "protocol": protocol,
                    "caption": f"{column.title} ({words} is better) under {protocol}{beside}: columns are tested on",
                    "heads": datasets,
                    "order": "descending" if column.higher_is_better else "ascending",
                    "lines": lines,
                    "differences": _differences(parts | pooled, learned, metric, f"{column.title} under {protocol}"),
                }
            )
    return tables


def _differences(
    parts: Mapping[str, Table], learned: Sequence[Entrant], metric: str, title: str
) -> dict[str, Any] | None:
    """Two training sets of a method against each other, the later one in the file first; None where none has two."""
    pairs = [(b, a) for a, b in combinations(learned, 2) if a.method == b.method]
    lines: list[dict[str, Any]] = [
        {
            "name": f"{a.method}: {a.trained_on} over {b.trained_on}",
            "cells": [_difference(part.standings.get(metric), a, b) for part in parts.values()],
        }
        for a, b in pairs
    ]
    beside = ", with 95 % intervals" if any("[" in one["interval"] for line in lines for one in line["cells"]) else ""
    caption = f"How much better one training set is than another in {title}{beside}: columns are tested on"
    return {"caption": caption, "heads": list(parts), "lines": lines} if lines else None


def _difference(standings: Standings | None, a: Entrant, b: Entrant) -> dict[str, Any]:
    if standings is None or a not in standings or b not in standings:
        return {"text": "not compared", "sort": "", "interval": ""}
    ahead = standings.ahead(a, b)
    if ahead.estimate is None:
        return {"text": "not a finite difference", "sort": "", "interval": ""}
    half = half_width(ahead)
    decimals = decimals_of(half) if half else warranted_decimals([], [ahead.estimate])
    verdict = "" if standings.told_apart(a, b) else ", not told apart"
    return {
        "text": number(ahead.estimate, decimals),
        "sort": ahead.estimate,
        "interval": f"{_in_words(ahead, decimals)}{verdict}".removeprefix(", "),
    }


def _cell(table: Table, entrant: Entrant, metric: str) -> dict[str, Any]:
    row = next((row for row in table.rows if row.entrant == entrant), None)
    if row is None:
        return {"text": "not in the matrix", "sort": "", "href": None, "interval": ""}
    if row.problems:
        _, result = row.problems[0].cells[0]
        return {"text": result.status, "sort": "", "href": f"cells/{result.slug}.html", "interval": ""}
    href, column = f"cells/{row.results[0].slug}.html", table.column(metric)
    value = row.values[table.columns.index(column)]
    if value.number is None:
        return {"text": value.missing, "sort": "", "href": href, "interval": ""}
    return {
        "text": number(value.number, column.decimals),
        "sort": value.number,
        "href": href,
        "interval": _in_words(value.interval, column.decimals),
    }


def _in_words(interval: Interval | None, decimals: int) -> str:
    """Its ends, and whether they can be relied on; empty where there is none."""
    if interval is None or interval.low is None or interval.high is None:
        return ""
    doubt = " unreliable" if interval.beyond else ""
    return f"[{number(interval.low, decimals)}, {number(interval.high, decimals)}]{doubt}"
