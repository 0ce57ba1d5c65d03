"""The board's pages: `index.html`, a page a cell, a page a method, and the downloads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from srbench.leaderboard import details, downloads
from srbench.leaderboard.generation.pages import GenerationPages
from srbench.leaderboard.numerals import listing, metric_label, plural
from srbench.leaderboard.results import Result, Results, load_results, unique_slugs
from srbench.leaderboard.site import SCRIPT, STYLE, date_words, write_page, write_static
from srbench.leaderboard.trainings import FOLDER, write_trainings
from srbench.leaderboard.transfer import transfer_tables
from srbench.leaderboard.upscaled import UpscalingPages
from srbench.leaderboard.views import TaskPages, View, told
from srbench.leaderboard.wording import WORDING
from srbench.protocol import Task
from srbench.runner.plan import Plan

_PAGES: Mapping[Task, Callable[[Results, Path], TaskPages]] = {
    "super-resolution": UpscalingPages,
    "generation": GenerationPages,
}


def write_board(plan: Plan, store_root: Path, out: Path, listed: bool) -> Path:
    """Write everything anew; pages and pictures of an earlier writing are removed first.

    listed: whether an index of leaderboards lies in the folder around `out`.
    """
    results = load_results(plan, store_root)
    out.mkdir(parents=True, exist_ok=True)
    methods = [use.name for use in plan.matrix.methods]
    method_slugs = dict(zip(methods, unique_slugs(methods), strict=True))
    _remove(out / "pictures", "*/*/*.png")
    pages = _PAGES[plan.matrix.task](results, out)
    views = [pages.view(scope, method_slugs) for scope in results.scopes]
    _remove(out / FOLDER, "*/*.png")
    trainings = write_trainings(results, out)
    date = max((result.record.started for result in results.all if result.record), default="")
    shared = {
        "board": plan.matrix.title,
        "date": date,
        "date_words": date_words(date),
        "words": WORDING[plan.matrix.task],
    }
    _remove(out / "cells", "*.html")
    for result in results.all:
        method = result.entrant.method
        context = details.cell_context(result, results, method_slugs[method], trainings.get(method, []))
        context |= shared | {"root": "../"} | pages.cell(result)
        write_page(out / "cells" / f"{result.slug}.html", pages.cell_template, context)
    _remove(out / "methods", "*.html")
    for use in plan.matrix.methods:
        context = details.method_context(use, results, trainings.get(use.name, []))
        write_page(
            out / "methods" / f"{method_slugs[use.name]}.html", "method.html", shared | {"root": "../"} | context
        )
    header = " · ".join([*pages.header(), *([date_words(date)] if date else [])])
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
            "findings": told(views),
        },
    )
    write_static(out, STYLE, SCRIPT)
    index = out / "index.html"
    context = shared | {"root": "", "header": header, "limits": list(pages.limits())}
    context |= _index_context(results, views, method_slugs) | pages.index(views)
    context["boards_href"] = "../index.html" if listed else None
    write_page(index, pages.index_template, context)
    return index


def _remove(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink()


def _index_context(results: Results, views: Sequence[View], method_slugs: dict[str, str]) -> dict[str, Any]:
    matrix = results.plan.matrix
    statuses = Counter(result.status for result in results.all)
    return {
        "title": matrix.title,
        "name": matrix.name,
        "views": views,
        "datasets": list(dict.fromkeys(result.planned.cell.dataset for result in results.all)),
        "metrics": [(name, metric_label(name)) for name in results.metrics],
        "method_slugs": method_slugs,
        "transfer": transfer_tables(results),
        "matrix_text": _matrix_text(matrix.path),
        "protocols": [(protocol.name, protocol.describe()) for protocol in matrix.protocols],
        "environments": list(_environments(results.all)),
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
