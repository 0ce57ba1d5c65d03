"""A plan in the words that pages tell it in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import msgspec

from srbench.contract.method import Method
from srbench.contract.protocol import Protocol
from srbench.contract.section import Passage, Section
from srbench.errors import SrbenchError, in_words, raised_at
from srbench.leaderboard.board.contents import Board, BoardCell, BoardMethod, BoardProtocol, BoardSource
from srbench.leaderboard.board.kept import read_text
from srbench.leaderboard.words.numerals import flat
from srbench.pictures import plain_scale
from srbench.registry.configured import Use
from srbench.registry.registry import task_named
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.store.frames import Frames, cells_frame, images_frame
from srbench.store.records import Store
from srbench.store.texts import own_documentation


def describe(plan: Plan) -> Board:
    """The board of a plan. Loads the classes of its methods and datasets."""
    matrix = plan.matrix
    coded = bool(plan.coded)
    return Board(
        name=matrix.name,
        title=matrix.title,
        task=matrix.task,
        path=str(matrix.path),
        text="" if coded else read_text(matrix.path),
        metrics=[use.name for use in matrix.metrics],
        rank_by=matrix.rank_by,
        datasets=[BoardSource(*_told(use)) for use in matrix.datasets],
        protocols=[_protocol(protocol) for protocol in matrix.protocols],
        methods=[_method(use) for use in matrix.methods],
        seeds=len(matrix.seeds),
        budget="" if matrix.budget is None else str(matrix.budget),
        settings=dict(matrix.settings),
        coded=coded,
        named=[use.name for use in matrix.datasets if use.name not in plan.coded],
        cells=[_cell(planned) for planned in plan.cells],
    )


def with_sections(board: Board, plan: Plan, store: Store) -> Board:
    """The board with what its sections say of the results. One that fails says so in its place."""
    uses = plan.matrix.sections
    if uses:
        records = [(planned.cell.point(), planned.record) for planned in plan.cells]
        results = Frames(cells_frame(records, board.metrics), images_frame(records, store))
        board.sections = [said for use in uses for said in _said(use, results, [one.name for one in board.methods])]
    return board


def _said(use: Use, results: Frames, methods: Sequence[str]) -> list[tuple[str, Passage]]:
    """What a section says, by the method that it is about; under the name that the matrix gives it, if it does."""
    own = use.name == use.registered.entry.name
    said: list[tuple[str, Passage]] = []
    try:
        section: Section = use.create()
        asked = {"": partial(section.board, results)} | {
            name: partial(section.method, results, name) for name in methods
        }
        for name, ask in asked.items():
            passage: Any = ask()
            if not isinstance(passage, Passage | None):
                where = "method" if name else "board"
                raise SrbenchError(f"`{where}` returned {type(passage).__name__} in place of a Passage")
            if passage is not None:
                said.append((name, passage if own else msgspec.structs.replace(passage, heading=use.name)))
    except Exception as error:  # a plugin may fail in any way; the board is made without it
        warnings.warn(f"section {use.name}: {in_words(error)} ({raised_at(error)})", stacklevel=2)
        said.append(("", Passage(use.name, (f"This section could not be made: {in_words(error)}.",))))
    return said


def _told(use: Use) -> tuple[str, str, tuple[str, ...]]:
    """Name, summary, and what the class says of itself, paragraph by paragraph."""
    try:
        text = own_documentation(use.registered.load())
    except SrbenchError as error:
        text = str(error)
    paragraphs = tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())
    return use.name, use.registered.entry.summary, paragraphs


def _method(use: Use) -> BoardMethod:
    entry, plugin = use.registered.entry, use.registered.plugin
    origin = [("Plugin", f"{plugin.distribution} {plugin.version}"), ("Entry", entry.name)]
    if "preset" in use.given:
        origin.append(("Preset", str(use.given["preset"])))
    try:
        kind: type[Method] = use.registered.load()
        ceiling = kind.ceiling
    except SrbenchError:
        ceiling = ""
    return BoardMethod(*_told(use), tuple(origin), tuple(flat(use.params)), ceiling)


def _protocol(protocol: Protocol) -> BoardProtocol:
    return BoardProtocol(
        protocol.name,
        protocol.version,
        protocol.task,
        task_named(protocol.task).describe(protocol),
        plain_scale(protocol.scale),
        protocol.channel,
        protocol.border,
        str(protocol.degradation),
        protocol.size,
    )


def _cell(planned: PlannedCell) -> BoardCell:
    training = planned.training
    return BoardCell(
        **cast(dict[str, Any], planned.cell.point()),
        key=planned.cell.key,
        metrics=dict(planned.keys),
        learned_from=None if training is None else training.dataset.name,
        state=planned.state,
        why=planned.why,
        damage=planned.damage,
    )
