"""The page of a dataset: what it is and on what terms, what it holds, its pictures, and how every method did on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from srbench.leaderboard.board.contents import Board, BoardDataset
from srbench.leaderboard.datasets.contents import split_lines, split_words
from srbench.leaderboard.datasets.images import ImageTable, image_tables
from srbench.leaderboard.datasets.overlap import overlaps
from srbench.leaderboard.gallery.shots import Shot
from srbench.leaderboard.methods.standing import Linked
from srbench.leaderboard.results.results import Result, Results, unique_slugs

FOLDER = "datasets"


@dataclass(frozen=True)
class Looked:
    """The images of a dataset under a protocol, score by score. tables: that of the metric that ranks first."""

    id: str
    protocol: str
    tables: tuple[ImageTable, ...]


def dataset_places(board: Board) -> dict[str, str]:
    """Where the page of each dataset lies in the board's folder: of those that are tested or only learned from."""
    names = list(dict.fromkeys([*(dataset.name for dataset in board.datasets), *board.tested]))
    return {name: f"{FOLDER}/{place}.html" for name, place in zip(names, unique_slugs(names), strict=True)}


def learners(results: Results) -> Mapping[str, list[str]]:
    """The methods that learned from each dataset, in the order of the matrix."""
    found: dict[str, dict[str, None]] = {}
    for result in results.all:
        for name in result.cell.learned:
            found.setdefault(name, {})[result.cell.method] = None
    return {name: list(methods) for name, methods in found.items()}


def by_protocol(results: Results) -> Mapping[str, Mapping[str, Sequence[Result]]]:
    """The cells of each dataset, by protocol."""
    found: dict[str, dict[str, Sequence[Result]]] = {}
    for (dataset, protocol), rivals in results.by_place.items():
        found.setdefault(dataset, {})[protocol] = rivals
    return found


def dataset_context(
    name: str,
    results: Results,
    places: Mapping[str, Sequence[Result]],
    tables: Sequence[Linked],
    shots: Sequence[Shot],
    hrefs: Mapping[str, Mapping[str, str]],
    learned_by: Sequence[str],
) -> dict[str, Any]:
    """What `datasets/page.html` shows.

    places: its cells by protocol. tables: its ranked tables. shots: its pictures. hrefs: where its images can be looked
    at, by protocol. learned_by: the methods that learned from it.
    """
    board = results.board
    told = next((one for one in board.datasets if one.name == name), BoardDataset(name))
    own = [result for rivals in places.values() for result in rivals]
    lead, *more = told.documentation or (told.summary,)
    return {
        "title": name,
        "lead": lead,
        "documentation": more,
        "papers": [str(paper) for paper in told.papers],
        "terms": told.terms,
        "splits": split_lines(told.splits),
        "split_words": split_words(told.splits),
        "overlaps": list(overlaps(name, board, own)),
        "shots": shots,
        "tables": tables,
        "looked": [
            Looked(f"images-{place}", protocol, _image_tables(name, protocol, rivals, results, tables, hrefs))
            for place, (protocol, rivals) in enumerate(places.items())
        ],
        "learned_by": learned_by,
        "tested": bool(own),
    }


def _image_tables(
    name: str,
    protocol: str,
    own: Sequence[Result],
    results: Results,
    tables: Sequence[Linked],
    hrefs: Mapping[str, Mapping[str, str]],
) -> tuple[ImageTable, ...]:
    primary = next((table.primary for table, _ in tables if table.scope.protocol == protocol), None)
    seen: dict[str, str] = {}
    for training, images in results.board.seen.get(name, {}).items():
        for image, like in images.items():
            seen[image] = f"{seen[image]}; {like} of {training}" if image in seen else f"like {like} of {training}"
    return tuple(image_tables(own, results.metrics, primary, hrefs.get(protocol, {}), seen))
