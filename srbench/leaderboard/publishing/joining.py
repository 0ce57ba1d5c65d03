"""A submission: results that somebody else made, joined to a board where they are comparable with its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from srbench.leaderboard.board.contents import Board, BoardCell, BoardMethod
from srbench.leaderboard.results.results import Left, Result, Results, results_of
from srbench.leaderboard.words.numerals import listing
from srbench.matrix.fields import is_safe
from srbench.store.record import Record

_Value = TypeVar("_Value")
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


class _Held:
    """What a submission is held against: the results of a board, by what they are asked for."""

    def __init__(self, ours: Results) -> None:
        self.ours = ours
        self.by_label = {one.cell.label: one for one in ours.all}
        self.by_key = {one.cell.key: one for one in ours.all}
        self.methods = {one.name for one in ours.board.methods}
        self.kin = dict[str, Record]()  # a record of each method
        self.beside = dict[tuple[str, str], Record]()  # one that went well on each dataset and protocol
        self.asked = dict[tuple[str, str], dict[str, set[str]]]()  # keys of the metrics that went well there
        self.learned = dict[tuple[str | None, str], Mapping[str, Any]]()  # of models, by training set and protocol
        for one in ours.all:
            if (record := one.record) is None:
                continue
            self.kin.setdefault(one.cell.method, record)
            if (model := _model(record)) is not None:
                self.learned.setdefault((one.cell.learned_from, one.cell.protocol), model)
            if one.ok:
                place = one.cell.dataset, one.cell.protocol
                self.beside.setdefault(place, record)
                asked = self.asked.setdefault(place, {})
                for name, result in record.metrics.items():
                    if result.status == "ok":
                        asked.setdefault(name, set()).add(result.key)


def join(ours: Results, theirs: Results, origin: str) -> Joined:
    """Join a submission to a board, whole or not at all. origin: where it is from, for the pages of its methods.

    Results of methods that the board has are held against its own, and not taken.
    """
    board, held = ours.board, _Held(ours)
    datasets, protocols = {*board.tested}, {one.name for one in board.protocols}
    refused, remarks, taken = [*_twice(theirs)], list[str](), list[Result]()
    for each in theirs.all:
        cell = each.cell
        if each.record is None:
            continue
        if cell.dataset not in datasets or cell.protocol not in protocols:
            remarks.append(f"{cell.dataset} under {cell.protocol} is not of this board")
            continue
        if each.damage:
            refused.append(f"{cell.label}: {each.damage}")
            continue
        if (problem := _names(cell)) is not None:
            refused.append(problem)
            continue
        one, strange = _of_metrics(each, each.record, ours.metrics)
        remarks += [f"{name} is no metric of this board" for name in strange]
        wrong = [*_wrong(one, held)]
        refused += [f"{cell.label}: {problem}" for problem in wrong]
        if not wrong and cell.method not in held.methods:
            remarks += _other_budget(one, held)
            taken.append(one)
        elif not wrong and cell.label not in held.by_label:
            remarks.append(f"{cell.label} is not taken: this board has {cell.method} already")
    if not refused and not taken:
        remarks.append("nothing in it is new to this board")
    told = tuple(dict.fromkeys(remarks))
    if refused or not taken:
        return Joined(ours, refused=tuple(refused), remarks=told)
    return Joined(_together(ours, theirs.board, taken, origin), tuple(one.cell.label for one in taken), remarks=told)


def _twice(theirs: Results) -> Iterator[str]:
    """That a submission names a cell twice, or calls two the same."""
    labels = dict[str, dict[str, None]]()
    for cell in theirs.board.cells:
        labels.setdefault(cell.key, {})[cell.label] = None
    for label, count in Counter(cell.label for cell in theirs.board.cells).items():
        if count > 1:
            yield f"{label[:100]}: it is in the submission {count} times"
    for key, same in labels.items():
        if len(same) > 1:
            yield f"{listing([label[:100] for label in same])} are the same cell, of the key {key[:12]}"


def _of_metrics(one: Result, record: Record, known: Collection[str]) -> tuple[Result, list[str]]:
    """A result with the metrics of a board alone, and the names of others, as tables print them."""
    strange = [name for name in record.metrics if name not in known]
    if not strange:
        return one, []

    def kept(all_of: Mapping[str, _Value]) -> dict[str, _Value]:
        return {name: value for name, value in all_of.items() if name in known}

    record = msgspec.structs.replace(record, metrics=kept(record.metrics), ceiling=kept(record.ceiling))
    cell = msgspec.structs.replace(one.cell, metrics=kept(one.cell.metrics))
    return replace(one, cell=cell, record=record, scores=kept(one.scores)), [one.metric_label(name) for name in strange]


def _names(cell: BoardCell) -> str | None:
    """That a name of a cell is none a matrix could give, in words."""
    for what, name in (("method", cell.method), ("training set", cell.trained_on)):
        if name is not None and not all(map(is_safe, name.split(", then "))):
            return f"{name[:100]!r} will not do as the name of a {what}"
    return None


def _wrong(one: Result, held: _Held) -> Iterator[str]:
    """Why a cell of a submission cannot stand beside those of a board, a sentence each."""
    record, cell = one.record, one.cell
    assert record is not None
    owner = held.by_key.get(cell.key)
    if owner is not None and owner.cell.label != cell.label:
        yield f"this board has the same cell as {owner.cell.label}; call its method and data so, too"
        return
    same, kin = held.by_label.get(cell.label), held.kin.get(cell.method)
    if same is not None:
        yield from _contradictions(one, record, same)
    elif kin is not None and kin.ingredients.get("method") != record.ingredients.get("method"):
        yield f"another method of this board is called {cell.method}; give it another name with `as`"
    place = cell.dataset, cell.protocol
    beside = held.beside.get(place)
    if beside is None:
        yield "this board has no result on that dataset and protocol to be held against"
        return
    yield from _other_ingredients(record.ingredients, beside.ingredients)
    model, learned = _model(record), held.learned.get((cell.learned_from, cell.protocol))
    if model is not None and learned is not None and model.get("train") != learned.get("train"):
        yield f"its training images of {cell.learned_from} are others: their fingerprint is not that of this board's"
    if record.status != "ok":
        return
    for name in ("images", "groups", "labels"):
        mine, its = (getattr(each, name) for each in (beside, record))
        if (mine.keys() != its.keys()) if name == "images" else mine != its:
            yield f"it has other {name} of the test split than this board"
    asked = held.asked[place]
    for name, result in record.metrics.items():
        if result.status == "ok" and name in asked and result.key not in asked[name]:
            yield f"{one.metric_label(name)} is computed otherwise than on this board (code, parameters or packages)"
    lacking = [name for name in held.ours.metrics if name in asked and name not in record.metrics]
    if lacking:
        yield f"it lacks {listing([held.ours.metric_label(name) for name in lacking])}"


def _model(record: Record) -> Mapping[str, Any] | None:
    """What the key of a cell holds of the training of its model; None where it has none."""
    model = record.ingredients.get("model")
    return model if isinstance(model, Mapping) else None


def _other_budget(one: Result, held: _Held) -> Iterator[str]:
    """That its model was trained for another budget than those of the board."""
    model = None if one.record is None else _model(one.record)
    learned = held.learned.get((one.cell.learned_from, one.cell.protocol))
    if model is None or learned is None or model.get("budget") == learned.get("budget"):
        return
    its, ours = (_budget_words(training.get("budget")) for training in (model, learned))
    yield f"{one.cell.method} was trained for {its}, methods of this board for {ours}"


def _budget_words(budget: object) -> str:
    known = budget if isinstance(budget, Mapping) else {}
    return listing([f"{amount} {unit}" for unit, amount in known.items()]) or "no budget of its own"


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


def _contradictions(one: Result, record: Record, ours: Result) -> Iterator[str]:
    """Where a cell that the board has, too, says otherwise. Trainings may differ between machines."""
    own = ours.record
    if record.key != ours.cell.key:
        yield "this board has that cell, made of something else; give the method another name with `as`"
    elif own is not None and own.model is None and record.model is None and own.status == record.status == "ok":
        for name, result in record.metrics.items():
            mine = own.metrics.get(name)
            if mine is None or mine.value is None or result.value is None:
                continue
            if not math.isclose(mine.value, result.value, rel_tol=_AGREES):
                yield f"{one.metric_label(name)} is {result.value:.10g}, on this board {mine.value:.10g}"


def _together(ours: Results, theirs: Board, taken: list[Result], origin: str) -> Results:
    """A board and the cells that come to it: those of a method beside each other."""
    board, methods = ours.board, dict[str, BoardMethod]()
    for one in taken:
        told = msgspec.structs.replace(one.method, origin=(*one.method.origin, ("Submitted", origin)))
        methods.setdefault(one.method.name, told)
    cells = [*board.cells, *(one.cell for one in taken)]
    tested, protocols, slots = (
        {name: place for place, name in enumerate(names)}
        for names in (
            board.tested,
            [one.name for one in board.protocols],
            [*(one.name for one in board.methods), *methods],
        )
    )
    cells.sort(key=lambda cell: (tested[cell.dataset], protocols[cell.protocol], slots[cell.method]))
    learned = {name for one in taken for name in one.cell.learned}
    known = {one.name for one in board.datasets}
    whole = msgspec.structs.replace(
        board,
        methods=[*board.methods, *methods.values()],
        cells=cells,
        datasets=[*board.datasets, *(one for one in theirs.datasets if one.name in learned - known)],
        seen=_seen(board, theirs, learned),
    )
    left = {one.cell.key: Left(one.record, one.scores, one.damage, one.references) for one in ours.all}
    left |= {one.cell.key: Left(one.record, one.scores) for one in taken}  # whose pictures are nowhere here
    return results_of(whole, lambda cell: left[cell.key])


def _seen(board: Board, theirs: Board, learned: Collection[str]) -> dict[str, dict[str, dict[str, str]]]:
    """What test images of a board look like: images of its own training sets, and of those that a submission used."""
    seen = {dataset: {**found} for dataset, found in board.seen.items()}
    for dataset in board.tested:
        for training, images in theirs.seen.get(dataset, {}).items():
            if training in learned:
                seen.setdefault(dataset, {}).setdefault(training, images)
    return seen
