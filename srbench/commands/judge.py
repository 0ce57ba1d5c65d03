"""Make the page on which people judge the pictures of a board."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from srbench.errors import SrbenchError, nearest
from srbench.leaderboard.board.contents import Board, BoardCell
from srbench.leaderboard.judging.page import judging_page
from srbench.leaderboard.judging.study import Study, study_of
from srbench.leaderboard.pages.document import Document, from_records, from_store, results_in
from srbench.store.files import write_atomically
from srbench.store.records import Store
from srbench.store.votes import Kind, Picture, keep_key

_MARK = b"<title>Judging pictures</title>"


@dataclass(frozen=True)
class Made:
    """A page for judging. size: in bytes. remarks: what whoever made it should know, a line each."""

    study: Study
    size: int
    remarks: tuple[str, ...]


def make_page(
    records: Path,
    board: Board | None,
    store: Store | None,
    out: Path,
    *,
    kind: Kind,
    trials: int,
    reference: bool,
    where: Mapping[str, set[str]],
) -> Made:
    """Write the page for a board of a store or, where that is None, of published records.

    What its pictures are is kept in the store. kind, trials, reference: as of `judging_page`. where: which cells, by
    coordinate. Raises `SrbenchError` where there is nothing to compare, or `out` is another file.
    """
    if out.exists() and not _is_page(out):
        raise SrbenchError(f"{out} is there, and no page for judging; name another file with --out")
    with tempfile.TemporaryDirectory(prefix="srbench-") as folder:
        document = _document(records, board, store, Path(folder))
        chosen = _chosen(document.results.board.cells, where)
        study = study_of(document.results, document.galleries, Path(folder), chosen)
    page = judging_page(study, kind, trials, reference)
    if store is not None:
        keep_key(store, study.hash, study.key)
    write_atomically(out, page)
    remarks = [*document.troubles]
    if not study.catches:
        remarks.append("there are no catch trials: no image has both HR and LR; repeated trials alone check raters")
    return Made(study, len(page), tuple(remarks))


def whole_key(records: Path, board: Board | None, store: Store | None) -> dict[str, Picture]:
    """What every picture is that a page for judging could show, by its id. Arguments as of `make_page`."""
    with tempfile.TemporaryDirectory(prefix="srbench-") as folder:
        document = _document(records, board, store, Path(folder))
        return study_of(document.results, document.galleries, Path(folder)).key


def _document(records: Path, board: Board | None, store: Store | None, folder: Path) -> Document:
    if board is None or store is None:
        return from_records(records, folder)
    return from_store(results_in(board, store.root).results, store.root, folder)


def _chosen(cells: Iterable[BoardCell], where: Mapping[str, set[str]]) -> set[str]:
    """The keys of the cells with these coordinates. Raises `SrbenchError` for what no cell has."""
    points = {cell.key: {name: str(value) for name, value in cell.point().items()} for cell in cells}
    for name, values in where.items():
        known = {point[name] for point in points.values() if name in point}
        if not known:
            names = {coordinate for point in points.values() for coordinate in point}
            raise SrbenchError(f"--where {name}: unknown coordinate.{nearest(name, names)}")
        for value in sorted(values - known):
            raise SrbenchError(f"--where {name}={value}: no such cell.{nearest(value, known - {str(None)})}")
    return {key for key, point in points.items() if all(point[name] in values for name, values in where.items())}


def _is_page(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return _MARK in file.read(1000)
