"""What each cell's page is made from: of a large board only the pages of cells that changed are made anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from srbench.leaderboard.datasets.page import dataset_places
from srbench.leaderboard.gallery.pictures import Gallery, first_seeds, map_legend, white_words
from srbench.leaderboard.pages.document import Document, told_of
from srbench.leaderboard.results.results import Result
from srbench.leaderboard.tables.listings import images_of
from srbench.leaderboard.tables.long import IN_PAGE
from srbench.leaderboard.trainings.pages import by_method, training_of
from srbench.registry.registry import registry


def cell_page(result: Result) -> str:
    """The place of a cell's page in the board's folder."""
    return f"cells/{result.slug}.html"


def cell_files(result: Result) -> list[str]:
    """The files of a cell in the board's folder: its page, and the rows of its images that the page does not hold."""
    late = [f"cells/{result.slug}.js"] if len(images_of(result)) > IN_PAGE else []
    return [cell_page(result), *late]


def cells_made_from(document: Document) -> dict[str, str]:
    """A sha256 over all that each cell's page shows, by its files: its own, and what it has in common with others."""
    results = document.results
    board = msgspec.structs.replace(results.board, cells=[], sections=[], path="")
    task = registry().get("task", board.task).plugin.sources
    learned_by = [(one.key, one.group.id) for one in document.extractors]
    pages = dataset_places(results.board)
    known = [registry().source_of("srbench"), task, board, pages, results.metrics, learned_by]
    common = _hashed([*known, *_legends(document)])
    pictures = {(one.dataset, one.protocol): _hashed([one]) for one in document.galleries}
    trainings = by_method(document.trainings)
    learned = {id(group): _hashed([group]) for group in document.trainings}
    made: dict[str, str] = {}
    for place, rivals in results.by_place.items():
        shown = {id(result) for result in first_seeds(rivals)}
        for result in rivals:
            cell = msgspec.structs.replace(result.cell, damage=result.damage)
            told = told_of(result) if result.record else None
            own = [cell, result.entrant.name, told, id(result) in shown]
            training, _ = training_of(result, trainings.get(result.entrant.method, []))
            made |= dict.fromkeys(
                cell_files(result), _hashed([common, pictures.get(place), learned.get(id(training)), *own])
            )
    return made


def _legends(document: Document) -> tuple[Any, Any]:
    """What a page says of the maps of all galleries: the colours of one kind, the scale of the other."""
    galleries = [one for one in document.galleries if isinstance(one, Gallery)]
    return map_legend(galleries), white_words(galleries)


def _hashed(parts: Iterable[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(list(parts))).hexdigest()
