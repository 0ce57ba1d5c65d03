"""A submission: results that somebody else made, joined to a board where they are comparable with its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from srbench.leaderboard.board.contents import Board, BoardCell, BoardMethod
from srbench.leaderboard.results.results import Left, Result, Results, results_of
from srbench.leaderboard.words.numerals import listing
from srbench.matrix.fields import is_safe
from srbench.store.record import Record

_AGREES = 1e-6
"""Scores of methods that learn nothing agree to this part on any two machines."""


@dataclass(frozen=True)
class Joined:
    """A board with a submission.

    taken: the labels of the cells that came to it. refused: what is wrong, a line each; where anything is, nothing is
    taken. remarks: what of the submission is not of this board.
    """

    results: Results
    taken: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def join(ours: Results, theirs: Results, origin: str) -> Joined:
    """Join a submission to a board, whole or not at all. origin: where it is from, for the pages of its methods."""
    board, known = ours.board, {one.cell.label: one for one in ours.all}
    datasets, protocols = {*board.tested}, {one.name for one in board.protocols}
    refused, remarks, taken = list[str](), list[str](), list[Result]()
    for one in theirs.all:
        cell = one.cell
        if one.record is None:
            continue
        if cell.dataset not in datasets or cell.protocol not in protocols:
            place = f"{cell.dataset} under {cell.protocol}"
            remarks.append(f"{place} is not of this board")
            continue
        if one.damage:
            refused.append(f"{cell.label}: {one.damage}")
            continue
        if (problem := _names(cell)) is not None:
            refused.append(problem)
            continue
        wrong = [*_wrong(one, ours, known.get(cell.label))]
        refused += [f"{cell.label}: {problem}" for problem in wrong]
        if not wrong and cell.label not in known:
            taken.append(one)
    if not refused and not taken:
        refused.append("nothing in it is new to this board")
    if refused:
        return Joined(ours, refused=tuple(refused), remarks=tuple(dict.fromkeys(remarks)))
    told = tuple(one.cell.label for one in taken)
    return Joined(_together(ours, taken, origin), told, remarks=tuple(dict.fromkeys(remarks)))


def _names(cell: BoardCell) -> str | None:
    """That a name of a cell is none a matrix could give, in words."""
    for what, name in (("method", cell.method), ("training set", cell.trained_on)):
        if name is not None and not all(map(is_safe, name.split(", then "))):
            return f"{name[:100]!r} will not do as the name of a {what}"
    return None


def _wrong(one: Result, ours: Results, same: Result | None) -> Iterator[str]:
    """Why a cell of a submission cannot stand beside those of a board, a sentence each. same: the board's own."""
    record = one.record
    assert record is not None
    beside = _beside(one, ours)
    if beside is None:
        yield "this board has no result on that dataset and protocol to be held against"
        return
    yield from _other_ingredients(record.ingredients, beside.ingredients)
    if record.status != "ok":
        return
    for name in ("images", "groups", "labels"):
        mine, its = (getattr(each, name) for each in (beside, record))
        if (mine.keys() != its.keys()) if name == "images" else mine != its:
            yield f"it has other {name} of the test split than this board"
    for name, result in record.metrics.items():
        asked = beside.metrics.get(name)
        if asked is not None and result.key != asked.key:
            yield f"{one.metric_label(name)} is computed otherwise than on this board (code, parameters or packages)"
    lacking = [name for name in ours.metrics if name in beside.metrics and name not in record.metrics]
    if lacking:
        yield f"it lacks {listing([ours.metric_label(name) for name in lacking])}"
    if same is not None and same.record is not None:
        yield from _contradictions(one, record, same.record)
    elif (kin := _kin(one, ours)) is not None and kin.ingredients.get("method") != record.ingredients.get("method"):
        yield f"another method of this board is called {one.cell.method}; give it another name with `as`"


def _beside(one: Result, ours: Results) -> Record | None:
    """A record of the board that went well, on the same dataset and protocol."""
    for result in ours.by_place.get((one.cell.dataset, one.cell.protocol), []):
        if result.ok and result.record is not None:
            return result.record
    return None


def _kin(one: Result, ours: Results) -> Record | None:
    """A record of a method of the board with the same name."""
    return next((result.record for result in ours.of_method(one.cell.method) if result.record is not None), None)


def _other_ingredients(its: Mapping[str, object], ours: Mapping[str, object]) -> Iterator[str]:
    """In what it was made under other conditions."""
    if its.get("schema") != ours.get("schema"):
        yield f"it was made by another srbench (schema {its.get('schema')}, here {ours.get('schema')})"
    if its.get("protocol") != ours.get("protocol"):
        versions = [one.get("version") for one in (its.get("protocol"), ours.get("protocol")) if isinstance(one, dict)]
        told = f" (version {versions[0]}, here {versions[1]})" if len(set(versions)) == 2 else ""
        yield f"its protocol is another one of the same name{told}"
    if its.get("test") != ours.get("test"):
        yield "its test images are others: their fingerprint is not that of this board's"


def _contradictions(one: Result, record: Record, ours: Record) -> Iterator[str]:
    """Where a cell that the board has, too, says otherwise. Trainings may differ between machines."""
    if record.key != ours.key:
        yield "this board has that cell, made of something else; give the method another name with `as`"
    elif ours.model is None and record.model is None and ours.status == record.status == "ok":
        for name, result in record.metrics.items():
            mine = ours.metrics.get(name)
            if mine is None or mine.value is None or result.value is None:
                continue
            if not math.isclose(mine.value, result.value, rel_tol=_AGREES):
                yield f"{one.metric_label(name)} is {result.value:.10g}, on this board {mine.value:.10g}"


def _together(ours: Results, taken: list[Result], origin: str) -> Results:
    """A board and the cells that come to it: those of a method beside each other."""
    known = {one.name for one in ours.board.methods}
    methods = dict[str, BoardMethod]()
    for one in taken:
        if one.method.name not in known:
            told = msgspec.structs.replace(one.method, origin=(*one.method.origin, ("Submitted", origin)))
            methods.setdefault(one.method.name, told)
    board = ours.board
    order = [*(method.name for method in board.methods), *methods]
    cells = [*board.cells, *(one.cell for one in taken)]
    cells.sort(key=lambda cell: (_place(board, cell), order.index(cell.method)))
    whole = msgspec.structs.replace(board, methods=[*board.methods, *methods.values()], cells=cells)
    left = {one.cell.key: Left(one.record, one.scores, one.damage, one.references) for one in ours.all}
    left |= {one.cell.key: Left(one.record, one.scores) for one in taken}  # whose pictures are nowhere here
    return results_of(whole, lambda cell: left[cell.key])


def _place(board: Board, cell: BoardCell) -> tuple[int, int]:
    protocols = [protocol.name for protocol in board.protocols]
    return board.tested.index(cell.dataset), protocols.index(cell.protocol)
