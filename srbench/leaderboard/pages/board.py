"""The board's pages: `index.html`, a page a cell, a page a method, and the downloads."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from srbench.contract.entry import imported
from srbench.errors import in_words
from srbench.leaderboard.board.contents import BoardMethod
from srbench.leaderboard.datasets.page import by_protocol, dataset_context, dataset_places, learners
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.judging import told as people
from srbench.leaderboard.methods.page import method_context, method_slugs
from srbench.leaderboard.methods.standing import Standing, standings
from srbench.leaderboard.pages import details, downloads
from srbench.leaderboard.pages.document import RECORDS, Document
from srbench.leaderboard.pages.paper import FOLDER as PAPER
from srbench.leaderboard.pages.paper import cited, figures_of, paper_tables, write_figures, write_paper
from srbench.leaderboard.pages.parts import cell_page, figures_made_from, pages_made_from
from srbench.leaderboard.pages.site import render, write_late, write_static
from srbench.leaderboard.pages.views import TaskPages, View, by_dataset, told
from srbench.leaderboard.publishing.badge import BADGE, badge, badge_words, embedding
from srbench.leaderboard.publishing.changes import changes_told
from srbench.leaderboard.publishing.cover import Cover, write_cover
from srbench.leaderboard.publishing.facts import facts_of
from srbench.leaderboard.results.results import Result, Results
from srbench.leaderboard.site.folder import BoardFolder
from srbench.leaderboard.tables.kinds import groups, side_by_side
from srbench.leaderboard.tables.listings import every_cell
from srbench.leaderboard.tables.transfer import transfer_tables
from srbench.leaderboard.trainings.extractors import FOLDER
from srbench.leaderboard.trainings.pages import by_method
from srbench.leaderboard.words.dates import date_words
from srbench.leaderboard.words.numerals import flat, listing, plural
from srbench.leaderboard.words.privacy import Privacy
from srbench.registry.registry import task_named

EXTRACTORS = "The extractors that metrics run on"


def write_board(folder: BoardFolder, listed: bool, gather: Callable[[Path], Document]) -> list[str]:
    """Make the board and bring it into its folder; what is there stands until the new one is whole.

    listed: whether an index of leaderboards lies in the folder around it. gather: makes the document, and writes its
    pictures into a folder. Returns what could not be shown, a line each. Raises `PublishError` where the board may not
    or cannot be written.
    """
    with folder.building() as new:
        document = gather(new)
        pages, views = _pages(document), views_of(document)
        standing = standings([one for tables in by_dataset(views).values() for one in tables], pages.method_shots())
        parts = pages_made_from(document, pages, standing) | figures_made_from(figures_of(views))
        kept = folder.kept(parts)
        troubles, beside = _write(document, views, standing, folder.path, new, listed, parts.keys() & kept.keys())
        made = {name: parts[place] for place, names in beside.items() if place in parts for name in names}
        kept |= folder.listed(place for place in document.files if not (new / place).exists())
        folder.bring_in(new, downloads.made_from(document, listed), Privacy().of(troubles), made, kept)
    return troubles


def _write(
    document: Document,
    views: Sequence[View],
    standing: Mapping[str, Sequence[Standing]],
    there: Path,
    new: Path,
    listed: bool,
    kept: Collection[str],
) -> tuple[list[str], dict[str, Sequence[str]]]:
    """Write all but the pictures, and pages that are kept: those are in the folder `there`, as some pictures may be.

    Returns what could not be shown, a line each, and the files of each page below the index that could be made.
    """
    results, board = document.results, document.results.board
    pages, slugs = _pages(document), method_slugs(board)
    trainings = by_method(document.trainings)
    privacy, dataset_pages = Privacy(), dataset_places(board)
    date = document.date
    shared = {
        "board": board.title,
        **_dated(date),
        "words": task_named(board.task).wording,
        "privacy": privacy,
        "dataset_pages": dataset_pages,
    }
    below = shared | {"root": "../"}
    troubles, made = list(document.troubles), dict[str, Sequence[str]]()

    def page(name: str, title: str, make: Callable[[], tuple[str, dict[str, Any], list[str]]]) -> None:
        """A page below the index. One that cannot be made costs nothing else. make: writes what lies beside it."""
        if name in kept:
            return
        try:
            template, context, beside = make()
            text = render(template, context)
            made[name] = [name, *beside]
        except Exception as error:
            problem = f"The page of {title} could not be made ({in_words(error)})."
            troubles.append(problem)
            text = render("broken.html", below | {"title": title, "problem": problem})
        (new / name).parent.mkdir(exist_ok=True)
        (new / name).write_bytes(text)

    def cell(result: Result) -> tuple[str, dict[str, Any], list[str]]:
        method = result.entrant.method
        learned = trainings.get(method, [])
        context = details.cell_context(result, results, slugs[method], learned, document.extractors)
        late = write_late(new, "cells", context["images"], privacy)
        return pages.cell_template, context | below | _dated_by([result]) | pages.cell(result), late

    for result in results.all:
        page(cell_page(result), result.cell.label, partial(cell, result))
    linked, learned_by, places = by_dataset(views), learners(results), by_protocol(results)

    def method(shown: BoardMethod) -> tuple[str, dict[str, Any], list[str]]:
        own = method_context(shown, results, trainings.get(shown.name, []), standing.get(shown.name, []))
        return "methods/page.html", below | own | _dated_by(results.of_method(shown.name)), []

    for shown in board.methods:
        page(f"methods/{slugs[shown.name]}.html", shown.name, partial(method, shown))

    def dataset(name: str) -> tuple[str, dict[str, Any], list[str]]:
        own = places.get(name, {})
        hrefs = {protocol: pages.addresses(name, protocol) for protocol in own}
        pictures = pages.dataset_shots(name), hrefs
        context = dataset_context(name, results, own, linked.get(name, []), *pictures, learned_by.get(name, []))
        figures = _figures_of(name, pages, views)
        beside = write_figures(new, [chart for _, charts in figures for chart in charts])
        context |= _dated_by([result for rivals in own.values() for result in rivals])
        return "datasets/page.html", below | context | {"method_slugs": slugs, "figures": figures}, beside

    for name, place in dataset_pages.items():
        page(place, name, partial(dataset, name))
    if document.extractors:
        shown_extractors = below | {"title": EXTRACTORS, "extractors": document.extractors}
        page(f"{FOLDER}/index.html", EXTRACTORS, lambda: ("extractors.html", shown_extractors, []))
    judged = people.told(results, document.votes)
    header = " · ".join([*pages.header(), *([date_words(date)] if date else [])])
    downloads.write_scores(results, new / "scores.csv")
    with (new / RECORDS).open("wb") as file:
        file.writelines(line + b"\n" for line in document.lines())
    data = document.fingerprint
    tables, how = paper_tables(views, board, data), cited(board, data, date)
    write_paper(new, tables, how)
    for place, chart in figures_of(views).items():
        if place not in kept:
            made[place] = write_figures(new, [chart])
    badged, cover = badge_words(views[0].tables[0].table.ranking if views else None), _cover(pages, views, there, new)
    (new / BADGE).write_bytes(badge(privacy.of(badged)))
    downloads.write_board_json(
        results,
        [item.table for view in views for item in view.tables],
        new / "board.json",
        {
            "title": board.title,
            "header": header,
            "date": date,
            "sha256": data,
            "findings": told(views),
            "badge": badged,
            "facts": msgspec.to_builtins(facts_of(board)),
            **({} if cover is None else {"cover": msgspec.to_builtins(cover)}),
            **({"judged": [one.data() for one in judged]} if judged else {}),
        },
        privacy,
    )
    write_static(new)
    context = shared | {"root": "", "header": header, "limits": list(pages.limits()), "judged": judged}
    cells = every_cell(results)
    context |= {"cells": cells} | _index_context(results, views, slugs) | pages.index(views)
    context |= {"papers": {table.id: table for table in tables}, "cited": how, "extractors": document.extractors}
    context["badged"] = {"href": BADGE, "alt": f"srbench: {badged}", "markdown": embedding(badged, "ADDRESS")}
    context["changed"] = changes_told(document.changes, told(views))
    context["boards_href"] = "../index.html" if listed else None
    write_late(new, "", cells, privacy)
    (new / "index.html").write_bytes(render(pages.index_template, context))
    return troubles, made


def _cover(pages: TaskPages, views: Sequence[View], there: Path, new: Path) -> Cover | None:
    """The cover, written into the folder: a picture or, where there is none, the first figure."""
    shown = pages.cover(views)
    cover = None
    if shown is not None:
        cover = write_cover(shown, new if (new / shown.href).exists() else there, new)
    figures = [figure for view in views for item in view.tables for figure in item.figures]
    if cover is not None or not figures:
        return cover
    return Cover(f"{PAPER}/{figures[0].svg.name}.svg", figures[0].caption, drawn=True)


def _dated(date: str) -> dict[str, str]:
    """When what a page shows was made."""
    return {"date": date, "date_words": date_words(date)}


def _dated_by(results: Iterable[Result]) -> dict[str, str]:
    return _dated(max((result.record.started for result in results if result.record), default=""))


def _figures_of(dataset: str, pages: TaskPages, views: Sequence[View]) -> list[tuple[str, list[Chart]]]:
    """The figures of a dataset alone, by the name of what they are of."""
    tables = [(view.name, item) for view in views for item in view.tables if item.table.dataset == dataset]
    found = [(name, pages.dataset_figures(item.table, item.id)) for name, item in tables]
    return [(name, charts) for name, charts in found if charts]


def _pages(document: Document) -> TaskPages:
    make = imported(task_named(document.results.board.task).pages)
    pages: TaskPages = make(document.results, document.galleries, document.trainings)
    return pages


def views_of(document: Document) -> list[View]:
    """What the first page shows of each scope."""
    pages, slugs = _pages(document), method_slugs(document.results.board)
    return [pages.view(scope, slugs) for scope in document.results.scopes]


def _ranks(metric: str, views: Sequence[View]) -> bool:
    """Whether any table can be ranked by a metric."""
    return any(metric in item.table.standings for view in views for item in view.tables)


def _index_context(results: Results, views: Sequence[View], slugs: dict[str, str]) -> dict[str, Any]:
    board = results.board
    statuses = Counter(result.status for result in results.all)
    judges = results.scopes[0].judges
    return {
        "title": board.title,
        "name": board.name,
        "views": views,
        "datasets": list(dict.fromkeys(result.cell.dataset for result in results.all)),
        "ranking": [name for name in results.metrics if _ranks(name, views)],
        "metric_label": results.metric_label,
        "kinds": groups(side_by_side(results.metrics, judges), judges),
        "method_slugs": slugs,
        "transfer": transfer_tables(results),
        "sections": [passage for name, passage in board.sections if not name],
        "matrix_path": Path(board.path).name if board.coded else shlex.quote(board.path),
        "matrix_text": board.text,
        "protocols": [(protocol.name, protocol.describe()) for protocol in board.protocols],
        "sources": board.datasets,
        "environments": list(_environments(results.all)),
        "status_words": listing([f"{number} {status}" for status, number in statuses.most_common()]),
    }


def _environments(results: Iterable[Result]) -> Iterable[dict[str, Any]]:
    """Where cells ran, most cells first; equal environments once."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        if result.record is not None and result.record.environment:
            pairs = flat(result.record.environment)
            groups.setdefault(repr(pairs), []).append(result)
    for group in sorted(groups.values(), key=len, reverse=True):
        assert group[0].record is not None
        yield {"cells": plural(len(group), "cell"), "pairs": flat(group[0].record.environment)}
