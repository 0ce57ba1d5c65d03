"""What pages below the index are made from: of a large board only those that changed are made anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from srbench.leaderboard.datasets.page import dataset_places
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.gallery.choice import first_seeds
from srbench.leaderboard.gallery.pictures import Gallery, map_legend, white_words
from srbench.leaderboard.methods.page import method_slugs
from srbench.leaderboard.methods.standing import Standing
from srbench.leaderboard.pages.document import Document
from srbench.leaderboard.pages.views import TaskPages
from srbench.leaderboard.results.results import Result
from srbench.leaderboard.trainings.pages import by_method, training_of
from srbench.registry.registry import registry


def cell_page(result: Result) -> str:
    """The place of a cell's page in the board's folder."""
    return f"cells/{result.slug}.html"


def pages_made_from(document: Document, pages: TaskPages, standing: Mapping[str, Sequence[Standing]]) -> dict[str, str]:
    """A sha256 over all that a page of a cell, a dataset or a method shows, by its place: its own, and what all share.

    standing: of methods, on each dataset.
    """
    results = document.results
    common = _common(document)
    made = _cells(document, common)
    protocols = list(dict.fromkeys(protocol for _, protocol in results.by_place))
    of_dataset: dict[str, list[Result]] = {}
    for result in results.all:
        for name in dict.fromkeys((result.cell.dataset, *result.cell.learned)):
            of_dataset.setdefault(name, []).append(result)
    for name, place in dataset_places(results.board).items():
        cells = [(result.slug, made[cell_page(result)]) for result in of_dataset.get(name, [])]
        galleries = [one for one in document.galleries if one.dataset == name]
        looked = [pages.addresses(name, protocol) for protocol in protocols]
        made[place] = _hashed([common, name, cells, galleries, pages.dataset_shots(name), looked])
    trainings = by_method(document.trainings)
    for name, slug in method_slugs(results.board).items():
        cells = [(result.slug, made[cell_page(result)]) for result in results.of_method(name)]
        sections = [passage for method, passage in results.board.sections if method == name]
        facts = [common, name, cells, repr(standing.get(name)), trainings.get(name), sections]
        made[f"methods/{slug}.html"] = _hashed(facts)
    return made


def figures_made_from(figures: Mapping[str, Chart]) -> dict[str, str]:
    """A sha256 over each figure as the page has it, by the place of its SVG: its PDF is drawn once for all the same."""
    return {place: _hashed([registry().source_of("srbench"), str(chart.svg)]) for place, chart in figures.items()}


def _common(document: Document) -> str:
    """What pages show of the board, wherever they are of."""
    results = document.results
    board = msgspec.structs.replace(results.board, cells=[], sections=[], path="")
    task = registry().get("task", board.task).plugin.sources
    learned_by = [(one.key, one.group.id) for one in document.extractors]
    pages = dataset_places(results.board)
    known = [registry().source_of("srbench"), task, board, pages, results.metrics, learned_by]
    return _hashed([*known, *_legends(document)])


def _cells(document: Document, common: str) -> dict[str, str]:
    results = document.results
    pictures = {(one.dataset, one.protocol): _hashed([one]) for one in document.galleries}
    trainings = by_method(document.trainings)
    learned = {id(group): _hashed([group]) for group in document.trainings}
    made: dict[str, str] = {}
    for place, rivals in results.by_place.items():
        shown = {id(result) for result in first_seeds(rivals)}
        for result in rivals:
            cell = msgspec.structs.replace(result.cell, damage=result.damage)
            own = [cell, result.entrant.name, document.record_hashes.get(result.slug), id(result) in shown]
            training, _ = training_of(result, trainings.get(result.entrant.method, []))
            made[cell_page(result)] = _hashed([common, pictures.get(place), learned.get(id(training)), *own])
    return made


def _legends(document: Document) -> tuple[Any, Any]:
    """What a page says of the maps of all galleries: the colours of one kind, the scale of the other."""
    galleries = [one for one in document.galleries if isinstance(one, Gallery)]
    return map_legend(galleries), white_words(galleries)


def _hashed(parts: Iterable[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(list(parts))).hexdigest()
