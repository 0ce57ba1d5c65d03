"""The board as data: every score as CSV, the tables and the cells as JSON."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from srbench.leaderboard.pages.document import Document
from srbench.leaderboard.results.references import ReferenceRow
from srbench.leaderboard.results.results import Entrant, Result, Results
from srbench.leaderboard.results.values import Value
from srbench.leaderboard.tables.ranked import Row, Table
from srbench.leaderboard.tables.subgroups import SubgroupRow, SubgroupTable, subgroup_tables
from srbench.leaderboard.words.privacy import Privacy
from srbench.registry.registry import registry
from srbench.store.cell import digest
from srbench.store.texts import visible

SCORE_COLUMNS = (
    "dataset",
    "protocol",
    "method",
    "trained_on",
    "seed",
    "metric",
    "unit",
    "higher_is_better",
    "image",
    "group",
    "label",
    "value",
    "key",
)


def write_scores(results: Results, path: Path) -> None:
    """One row a cell, metric and image, with its group and label if it has them (for a set metric without an image).

    What else divides images into subgroups has a column each, `by_site`.
    """
    divided = list(dict.fromkeys(by for result in results.all for by in result.attributes))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_csv([(*SCORE_COLUMNS, *(f"by_{by}" for by in divided))]))
        for result in results.all:
            file.write(_csv(_scores(result, divided)))


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return visible(buffer.getvalue())


def _scores(result: Result, divided: Sequence[str]) -> Iterator[Sequence[Any]]:
    if result.record is None or not result.ok:
        return
    cell = result.cell
    named = {
        (by, image): name
        for by, found in result.attributes.items()
        for name, inside in found.items()
        for image in inside
    }
    for metric, scores in result.scores.items():
        facts = result.record.metrics.get(metric)
        told = (facts.unit, "yes" if facts.higher_is_better else "no") if facts else ("", "")
        for image, value in scores.items():
            place = (cell.dataset, cell.protocol, cell.method, cell.trained_on, cell.seed)
            known = (result.record.groups.get(image or ""), result.record.labels.get(image or ""))
            subgroups = (named.get((by, image or "")) for by in divided)
            yield (*place, metric, *told, image, *known, repr(value), cell.key, *subgroups)


def write_board_json(
    results: Results, tables: Sequence[Table], path: Path, facts: Mapping[str, Any], privacy: Privacy
) -> None:
    """Title, findings, tables and cells; infinite values as the strings `inf` and `-inf`."""
    board = {
        "name": results.board.name,
        **facts,
        "tables": [_table(table) for table in tables],
        "cells": [_cell(result) for result in results.all],
    }
    with path.open("w", encoding="utf-8", newline="") as file:
        json.dump(privacy.of(board), file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def made_from(document: Document, listed: bool) -> str:
    """A sha256 over everything the pages are made from: the board, every record, the source of srbench and the task."""
    asked = [line for line in document.other_lines if line.startswith((b'{"board":', b'{"votes":'))]
    return digest(
        {
            "listed": listed,
            "data": document.fingerprint,
            "asked": hashlib.sha256(b"\n".join(asked)).hexdigest(),
            "source": registry().source_of("srbench"),
            "task": registry().get("task", document.results.board.task).plugin.sources,
        }
    )


def _table(table: Table) -> dict[str, Any]:
    return {
        "protocol": table.scope.protocol,
        "trained_on": table.scope.trained_on,
        "dataset": table.dataset,
        "datasets": list(table.datasets),
        "ranked_by": None if table.ranking is None else table.ranking.metric,
        "rows": [_row(row, table) for row in table.rows],
        "subgroups": [_subgroup_table(shown) for shown in subgroup_tables(table)],
        "references": [_reference(reference, table) for reference in table.references],
        "published": [
            {
                "method": row.method,
                "source": row.source,
                "metrics": {name: float(text) for name, text in row.values.items()},
            }
            for row in table.published
        ],
        "notes": list(table.notes),
    }


def _subgroup_table(shown: SubgroupTable) -> dict[str, Any]:
    interaction = shown.interaction
    return {
        "by": shown.by,
        "metric": shown.column.metric,
        "rows": [{"subgroup": row.name, **_subgroup_row(row, shown.entrants)} for row in shown.rows],
        "overall": _subgroup_row(shown.overall, shown.entrants),
        "worst": [
            {**_entrant(entrant), "subgroup": None if at is None else shown.rows[at].name}
            for entrant, at in zip(shown.entrants, shown.worst, strict=True)
        ],
        "heterogeneity": {
            "untested": interaction.untested or None,
            "p_before_correction": [{**_entrant(entrant), "p": p} for entrant, p in interaction.p.items()],
        },
    }


def _subgroup_row(row: SubgroupRow, entrants: Sequence[Entrant]) -> dict[str, Any]:
    return {
        "images": row.images,
        "units": row.units,
        "values": [
            {**_entrant(entrant), "rank": [rank.low, rank.high], **_value(value)}
            for entrant, value, rank in zip(entrants, row.values, row.ranks, strict=True)
        ],
    }


def _entrant(entrant: Entrant) -> dict[str, Any]:
    return {"method": entrant.method, "trained_on": entrant.trained_on}


def _reference(reference: ReferenceRow, table: Table) -> dict[str, Any]:
    known = {
        column.metric: _number(value.number)
        for column, value in zip(table.columns, reference.values, strict=True)
        if value.number is not None
    }
    words = {"words": reference.words} if reference.words else {}
    return {"name": reference.name, "mark": reference.mark, **words, "metrics": known}


def _row(row: Row, table: Table) -> dict[str, Any]:
    metrics = {}
    for column, value in zip(table.columns, row.values, strict=True):
        metrics[column.metric] = _value(value)
    return {
        **_entrant(row.entrant),
        "rank": None if row.rank is None else [row.rank.low, row.rank.high],
        "metrics": metrics,
        "images": row.images,
        "seeds": row.seeds,
        "train_seconds": row.training.number,
        table.words.speed.name: row.speed.number,
        "hardware": {"train_seconds": row.training.hardware, table.words.speed.name: row.speed.hardware},
        "parameters": row.parameters,
        "problems": [f"{where}: {problem.text}" for problem in row.problems for where, _ in problem.cells],
    }


def _value(value: Value) -> dict[str, Any]:
    if value.number is None:
        return {"missing": value.missing}
    shown: dict[str, Any] = {"estimate": _number(value.number)}
    if value.interval is None:
        return shown
    interval = value.interval
    ends = {"low": interval.low, "high": interval.high, "unreliable": interval.beyond}
    return shown | ends | {"images": interval.n, "units": interval.units, "infinite": interval.infinite}


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _cell(result: Result) -> dict[str, Any]:
    return {
        **result.cell.point(),
        "key": result.cell.key,
        "status": "damaged" if result.damage else result.record.status if result.record else "not run",
        "reason": result.damage or (result.record.reason if result.record else result.cell.why),
        "page": f"cells/{result.slug}.html",
    }
