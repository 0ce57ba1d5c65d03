"""The board's pages: `index.html`, a page a cell, a page a method, and the downloads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.dataroot import data_root
from srbench.leaderboard import details, downloads
from srbench.leaderboard.charts import Chart, charts
from srbench.leaderboard.findings import Findings, baseline, findings
from srbench.leaderboard.headtohead import HeadToHead, head_to_head
from srbench.leaderboard.look import extremes, look_data, start
from srbench.leaderboard.numerals import listing, metric_label, plural
from srbench.leaderboard.pictures import ERROR_WHITE, Gallery, error_legend, write_galleries
from srbench.leaderboard.results import Result, Results, Scope, load_results, unique_slugs
from srbench.leaderboard.site import SCRIPT, STYLE, date_words, write_page, write_static
from srbench.leaderboard.tables import Table, build_table, caption
from srbench.leaderboard.trainings import FOLDER, write_trainings
from srbench.leaderboard.transfer import transfer_tables
from srbench.runner.plan import Plan


@dataclass(frozen=True)
class ShownTable:
    """A table as the page shows it. links: where an entrant's numbers lead."""

    id: str
    table: Table
    caption: str
    links: dict[Any, str]


@dataclass(frozen=True)
class View:
    """One scope on the page."""

    id: str
    name: str
    heading: str
    describe: str
    scope: Scope
    tables: tuple[ShownTable, ...]
    findings: Findings
    duels: HeadToHead | None
    figures: tuple[Chart, ...]


def write_board(plan: Plan, store_root: Path, out: Path, listed: bool) -> Path:
    """Write everything anew; pages and pictures of an earlier writing are removed first.

    listed: whether an index of leaderboards lies in the folder around `out`.
    """
    results = load_results(plan, store_root)
    out.mkdir(parents=True, exist_ok=True)
    methods = [use.name for use in plan.matrix.methods]
    method_slugs = dict(zip(methods, unique_slugs(methods), strict=True))
    views = [_view(scope, results, method_slugs) for scope in results.scopes]
    _remove(out / "pictures", "*/*/*.png")
    galleries = write_galleries(results, data_root(), out)
    _remove(out / FOLDER, "*/*.png")
    trainings = write_trainings(results, out)
    date = max((result.record.started for result in results.all if result.record), default="")
    shared = {"board": plan.matrix.title, "date": date, "date_words": date_words(date)}
    _remove(out / "cells", "*.html")
    for result in results.all:
        method = result.entrant.method
        context = details.cell_context(result, results, galleries, method_slugs[method], trainings.get(method, []))
        write_page(out / "cells" / f"{result.slug}.html", "cell.html", shared | {"root": "../"} | context)
    _remove(out / "methods", "*.html")
    for use in plan.matrix.methods:
        context = details.method_context(use, results, trainings.get(use.name, []))
        write_page(
            out / "methods" / f"{method_slugs[use.name]}.html", "method.html", shared | {"root": "../"} | context
        )
    header = _header(results, date)
    downloads.write_scores(results, out / "scores.csv")
    downloads.write_records(results, out / "records.jsonl")
    downloads.write_board_json(
        results,
        [item.table for view in views for item in view.tables],
        out / "board.json",
        {
            "title": plan.matrix.title,
            "header": header,
            "date": date,
            "made_from": downloads.made_from(plan, listed),
            "findings": [sentence for view in views[:1] for sentence in view.findings.lead],
        },
    )
    write_static(out, STYLE, SCRIPT)
    index = out / "index.html"
    context = _index_context(results, views, galleries, header, method_slugs)
    context["boards_href"] = "../index.html" if listed else None
    write_page(index, "index.html", shared | {"root": ""} | context)
    return index


def _remove(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink()


def _view(scope: Scope, results: Results, method_slugs: dict[str, str]) -> View:
    protocol = scope.results[0].planned.protocol
    pooled = build_table(scope, results.metrics)
    single = (
        [build_table(scope, results.metrics, name) for name in scope.datasets()] if len(pooled.datasets) > 1 else []
    )
    name = f"v-{scope.slug}"
    trained = f", trained on {scope.trained_on}" if scope.trained_on else ""
    tables = []
    for place, table in enumerate([pooled, *single]):
        tables.append(ShownTable(f"{name}-t{place}", table, caption(table), _links(table, method_slugs)))
    return View(
        id=name,
        name=f"{protocol.name}{trained}",
        heading=f"{protocol.name}{trained}",
        describe=f"{protocol.describe()} (version {protocol.version}).",
        scope=scope,
        tables=tuple(tables),
        findings=findings(pooled, single or [pooled]),
        duels=head_to_head(pooled, single),
        figures=tuple(charts(pooled, name)),
    )


def _links(table: Table, method_slugs: dict[str, str]) -> dict[Any, str]:
    """An entrant's numbers lead to its cell; where they come from several, to the table of these cells."""
    links = {}
    for row in table.rows:
        if len(row.results) == 1:
            links[row.entrant] = f"cells/{row.results[0].slug}.html"
        else:
            cell = row.results[0].planned.cell
            anchor = f"#{details.group_id(cell.protocol, table.dataset)}" if table.dataset else ""
            links[row.entrant] = f"methods/{method_slugs[row.entrant.method]}.html{anchor}"
    return links


def _header(results: Results, date: str) -> str:
    matrix = results.plan.matrix
    seen: dict[str, set[str]] = {}
    for result in results.all:
        if result.record is not None:
            seen.setdefault(result.planned.cell.dataset, set()).update(result.record.images)
    images = sum(map(len, seen.values()))
    protocols = listing(
        [f"{protocol.describe()} ({protocol.name} v{protocol.version})" for protocol in matrix.protocols]
    )
    learns = any(result.planned.training is not None for result in results.all)
    parts = [
        protocols,
        f"{plural(len(matrix.datasets), 'dataset')}, {plural(images, 'test image') if images else 'no results yet'}",
        plural(len(matrix.methods), "method") + (f", {plural(len(matrix.seeds), 'seed')}" if learns else ""),
    ]
    return " · ".join([*parts, *([date_words(date)] if date else [])])


def _index_context(
    results: Results, views: Sequence[View], galleries: Sequence[Gallery], header: str, method_slugs: dict[str, str]
) -> dict[str, Any]:
    matrix = results.plan.matrix
    pooled = views[0].tables[0].table
    ranked = [row.entrant for row in pooled.ranked]
    against = baseline(pooled, ranked[0]) if ranked else None
    wanted = [entrant.name for entrant in [*ranked[:1], *([against] if against else []), *ranked]]
    statuses = Counter(result.status for result in results.all)
    return {
        "title": matrix.title,
        "name": matrix.name,
        "header": header,
        "views": views,
        "datasets": list(dict.fromkeys(result.planned.cell.dataset for result in results.all)),
        "metrics": [(name, metric_label(name)) for name in results.metrics],
        "method_slugs": method_slugs,
        "transfer": transfer_tables(results),
        "galleries": [gallery for gallery in galleries if gallery.images],
        "start": start(galleries, wanted),
        "look": look_data(galleries, results),
        "extremes": extremes(galleries, results),
        "legend": error_legend(),
        "error_white": round(ERROR_WHITE * 100),
        "matrix_text": _matrix_text(matrix.path),
        "protocols": [(protocol.name, protocol.describe()) for protocol in matrix.protocols],
        "environments": list(_environments(results.all)),
        "limits": list(_limits(results, galleries)),
        "cells": results.all,
        "status_words": listing([f"{number} {status}" for status, number in statuses.most_common()]),
    }


def _matrix_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"# {path.name} could not be read: {error.strerror}"


def _environments(results: Iterable[Result]) -> Iterable[dict[str, Any]]:
    """Where cells ran, most cells first; equal environments once."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        if result.record is not None and result.record.environment:
            pairs = details.flat(result.record.environment)
            groups.setdefault(repr(pairs), []).append(result)
    for group in sorted(groups.values(), key=len, reverse=True):
        assert group[0].record is not None
        yield {"cells": plural(len(group), "cell"), "pairs": details.flat(group[0].record.environment)}


def _limits(results: Results, galleries: Sequence[Gallery]) -> Iterable[str]:
    matrix = results.plan.matrix
    degradations = listing(sorted({protocol.degradation for protocol in matrix.protocols}))
    yield (
        f"LR is made from HR ({degradations}). How a method does on the blur, noise and compression of a real camera "
        "or scanner is another question."
    )
    if any(result.planned.training is not None for result in results.all):
        if len(matrix.seeds) < 3:
            times = "once" if len(matrix.seeds) == 1 else "twice"
            yield f"Each training was done {times}; another seed may order methods that are close otherwise."
        if matrix.budget is not None:
            yield f"Every training had {matrix.budget}. A method that learns slowly may pass the others with more."
    yield "Intervals speak of images like these. Other kinds of images may rank the methods differently."
    yield "Times belong to the machines named above; compare them only within one environment."
    if galleries:
        yield (
            "The viewer shows a choice of images, of the first seed only, as 8 bits; scores are of all images in "
            "native depth."
        )
