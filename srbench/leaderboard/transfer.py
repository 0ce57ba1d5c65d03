"""The transfer table: trained on one set, tested on another."""

from __future__ import annotations

from typing import Any

from srbench.leaderboard.numerals import number
from srbench.leaderboard.results import Results, Scope
from srbench.leaderboard.tables import build_table


def transfer_tables(results: Results) -> list[dict[str, Any]]:
    """One table a protocol that has several training sets: rows are methods with their training set."""
    tables = []
    for protocol in dict.fromkeys(scope.protocol for scope in results.scopes if scope.trained_on is not None):
        inside = tuple(result for result in results.all if result.planned.cell.protocol == protocol)
        whole = Scope(protocol, None, inside)
        datasets = whole.datasets()
        parts = {name: build_table(whole, results.metrics, name) for name in datasets}
        column = next((table.primary_column for table in parts.values() if table.primary_column), None)
        if column is None:
            continue
        lines = []
        for entrant in whole.entrants():
            if entrant.trained_on is None:
                continue
            cells = []
            for name in datasets:
                row = next((row for row in parts[name].rows if row.entrant == entrant), None)
                own = next((c for c in parts[name].columns if c.metric == column.metric), None)
                value = row.values[parts[name].columns.index(own)] if row and own else None
                cells.append(_cell(row, value, own))
            lines.append({"name": f"{entrant.method}, {entrant.trained_on}", "cells": cells})
        words = "higher" if column.higher_is_better else "lower"
        tables.append(
            {
                "caption": f"{column.title} ({words} is better) under {protocol}: columns are tested on",
                "heads": datasets,
                "order": "descending" if column.higher_is_better else "ascending",
                "lines": lines,
            }
        )
    return tables


def _cell(row: Any, value: Any, column: Any) -> dict[str, Any]:
    if row is None:
        return {"text": "not in the matrix", "sort": "", "href": None}
    href = f"cells/{row.results[0].slug}.html"
    if row.problems:
        _, result = row.problems[0].cells[0]
        return {"text": result.status, "sort": "", "href": f"cells/{result.slug}.html"}
    if value is None or value.interval is None or value.interval.estimate is None:
        return {"text": value.missing or "∞" if value else "not scored", "sort": "", "href": href}
    estimate = value.interval.estimate
    return {"text": number(estimate, column.decimals), "sort": estimate, "href": href}
