"""The board's pages: `index.html`, a page a cell, a page a method, and the downloads."""

from __future__ import annotations

import shlex
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from srbench.contract.entry import imported
from srbench.errors import in_words
from srbench.leaderboard.pages import details, downloads
from srbench.leaderboard.pages.folder import BoardFolder, shown_path
from srbench.leaderboard.pages.site import SCRIPT, STYLE, render, write_static
from srbench.leaderboard.pages.views import TaskPages, View, told
from srbench.leaderboard.results.results import Damaged, Result, Results, load_results, unique_slugs
from srbench.leaderboard.tables.transfer import transfer_tables
from srbench.leaderboard.trainings.pages import write_trainings
from srbench.leaderboard.words.dates import date_words
from srbench.leaderboard.words.numerals import listing, metric_label, plural
from srbench.leaderboard.words.privacy import Privacy
from srbench.matrix import Matrix
from srbench.registry.configured import Use
from srbench.registry.registry import task_named
from srbench.runner.planning.plan import Plan


def write_board(plan: Plan, store_root: Path, out: Path, listed: bool) -> list[str]:
    """Make the board and bring it into the folder `out`; what is there stands until the new one is whole.

    listed: whether an index of leaderboards lies in the folder around `out`. Returns what could not be shown, a line
    each. Raises `PublishError` where the board may not or cannot be written.
    """
    folder = BoardFolder(out, plan.matrix)
    with folder.building() as new:
        results, pages = _with_pictures(load_results(plan, store_root), new)
        troubles = _write(results, pages, new, listed)
        folder.bring_in(new, downloads.made_from(plan, listed), Privacy(plan.matrix.path).of(troubles))
    return troubles


def _with_pictures(results: Results, new: Path) -> tuple[Results, TaskPages]:
    """Write the pictures. A cell of which one turns out to be damaged is none of the results that are well."""
    pages: Callable[[Results, Path], TaskPages] = imported(task_named(results.plan.matrix.task).pages)
    while True:
        try:
            return results, pages(results, new)
        except Damaged as damaged:
            results = results.without(damaged)
            shutil.rmtree(new / "pictures", ignore_errors=True)


def _write(results: Results, pages: TaskPages, new: Path, listed: bool) -> list[str]:
    """Write all but the pictures; returns what could not be shown, a line each."""
    plan = results.plan
    methods = [use.name for use in plan.matrix.methods]
    method_slugs = dict(zip(methods, unique_slugs(methods), strict=True))
    views = [pages.view(scope, method_slugs) for scope in results.scopes]
    trainings = write_trainings(results, new)
    privacy = Privacy(plan.matrix.path)
    date = max((result.record.started for result in results.all if result.record), default="")
    shared = {
        "board": plan.matrix.title,
        "date": date,
        "date_words": date_words(date),
        "words": task_named(plan.matrix.task).wording,
        "privacy": privacy,
    }
    below = shared | {"root": "../"}
    troubles = [f"{result.planned.cell.label} is damaged: {result.damage}" for result in results.all if result.damage]
    troubles += dict.fromkeys(
        text for groups in trainings.values() for group in groups for run in group.runs for text in run.damage
    )

    def page(name: str, title: str, make: Callable[[], tuple[str, dict[str, Any]]]) -> None:
        """A page below the index. One that cannot be made costs nothing else."""
        try:
            text = render(*make())
        except Exception as error:
            problem = f"The page of {title} could not be made ({in_words(error)})."
            troubles.append(problem)
            text = render("broken.html", below | {"title": title, "problem": problem})
        (new / name).parent.mkdir(exist_ok=True)
        (new / name).write_bytes(text)

    def cell(result: Result) -> tuple[str, dict[str, Any]]:
        method = result.entrant.method
        context = details.cell_context(result, results, method_slugs[method], trainings.get(method, []))
        return pages.cell_template, context | below | pages.cell(result)

    for result in results.all:
        page(f"cells/{result.slug}.html", result.planned.cell.label, partial(cell, result))
    for use in plan.matrix.methods:

        def method(use: Use = use) -> tuple[str, dict[str, Any]]:
            return "method.html", below | details.method_context(use, results, trainings.get(use.name, []))

        page(f"methods/{method_slugs[use.name]}.html", use.name, method)
    header = " · ".join([*pages.header(), *([date_words(date)] if date else [])])
    downloads.write_scores(results, new / "scores.csv")
    downloads.write_records(results, new / "records.jsonl", privacy)
    downloads.write_board_json(
        results,
        [item.table for view in views for item in view.tables],
        new / "board.json",
        {
            "title": plan.matrix.title,
            "header": header,
            "date": date,
            "findings": told(views),
        },
        privacy,
    )
    write_static(new, STYLE, SCRIPT)
    context = shared | {"root": "", "header": header, "limits": list(pages.limits())}
    context |= _index_context(results, views, method_slugs) | pages.index(views)
    context["boards_href"] = "../index.html" if listed else None
    (new / "index.html").write_bytes(render(pages.index_template, context))
    return troubles


def _index_context(results: Results, views: Sequence[View], method_slugs: dict[str, str]) -> dict[str, Any]:
    matrix = results.plan.matrix
    describe = task_named(matrix.task).describe
    statuses = Counter(result.status for result in results.all)
    return {
        "title": matrix.title,
        "name": matrix.name,
        "views": views,
        "datasets": list(dict.fromkeys(result.planned.cell.dataset for result in results.all)),
        "metrics": [(name, metric_label(name)) for name in results.metrics],
        "method_slugs": method_slugs,
        "transfer": transfer_tables(results),
        "matrix_path": matrix.path.name if _has_coded_ids(matrix) else shlex.quote(shown_path(matrix.path)),
        "matrix_text": "" if _has_coded_ids(matrix) else downloads.matrix_text(matrix.path),
        "protocols": [(protocol.name, describe(protocol)) for protocol in matrix.protocols],
        "sources": [(use.name, use.registered.entry.summary, details.documentation(use)) for use in matrix.datasets],
        "environments": list(_environments(results.all)),
        "cells": results.all,
        "status_words": listing([f"{number} {status}" for status, number in statuses.most_common()]),
    }


def _has_coded_ids(matrix: Matrix) -> bool:
    """Whether names are to be kept out of the pages: the matrix file holds those of folders, at least."""
    uses = [*matrix.datasets, *(use for use in matrix.train_on if not isinstance(use, str))]
    return any(use.params.get("ids") == "coded" for use in uses)


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
