"""A plan in the words that pages tell it in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any, cast, get_args

import msgspec

from srbench.contract.dataset import Dataset
from srbench.contract.method import Method
from srbench.contract.metric import Judges
from srbench.contract.paper import Paper
from srbench.contract.protocol import Protocol
from srbench.contract.section import Passage, Section
from srbench.contract.submission import Submission
from srbench.contract.terms import Terms
from srbench.errors import SrbenchError, in_words, raised_at
from srbench.leaderboard.board.contents import (
    Board,
    BoardCell,
    BoardDataset,
    BoardMethod,
    BoardMetric,
    BoardProtocol,
    BoardPublished,
    BoardSplit,
)
from srbench.leaderboard.board.kept import read_text
from srbench.leaderboard.words.numerals import amount_words, flat, listing, plural
from srbench.matrix import Matrix
from srbench.matrix.published import PublishedValues
from srbench.matrix.training import Curriculum
from srbench.pictures import plain_scale
from srbench.registry.configured import Use
from srbench.registry.parameters import variants
from srbench.registry.registry import task_named
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.runner.planning.splits import SplitContents
from srbench.store.frames import Frames, cells_frame, images_frame
from srbench.store.records import Store
from srbench.store.texts import own_documentation

_CLASSES_NAMED = 12
"""How many classes of a split are named; of more it is told how many."""


def describe(plan: Plan) -> Board:
    """The board of a plan. Loads the classes of its methods and datasets."""
    matrix = plan.matrix
    coded = bool(plan.coded)
    return Board(
        name=matrix.name,
        title=matrix.title,
        task=matrix.task,
        fields=list(matrix.fields),
        path=str(matrix.path),
        text="" if coded else read_text(matrix.path),
        metrics=[use.name for use in matrix.metrics],
        labels={use.name: _label(use) for use in matrix.metrics},
        metric_sources=[_metric(use) for use in matrix.metrics],
        rank_by=matrix.rank_by,
        whole_pictures_mb=matrix.whole_pictures_mb,
        datasets=[BoardDataset(*_told(use), _splits(use, plan), _terms(use)) for use in _data(matrix)],
        protocols=[_protocol(protocol) for protocol in matrix.protocols],
        methods=[_method(use, matrix) for use in matrix.methods],
        seeds=len(matrix.seeds),
        budget=_budgets(matrix),
        settings=dict(matrix.settings),
        coded=coded,
        named=[use.name for use in matrix.datasets if use.name not in plan.coded],
        seen=_seen(plan),
        subgroups={
            one.dataset: {
                by: {value: list(images) for value, images in named.items()} for by, named in one.subgroups.items()
            }
            for one in plan.contents
            if one.subgroups
        },
        cells=[_cell(planned) for planned in plan.cells],
        published=[_published(row) for row in matrix.published],
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


def _seen(plan: Plan) -> dict[str, dict[str, dict[str, str]]]:
    """Test images that look like training images: by dataset, training set and image."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for one in plan.alike:
        if (one.split, one.other_split) == ("test", "train"):
            like = ", ".join(filter(None, (one.other, one.how)))
            found.setdefault(one.dataset, {}).setdefault(one.other_dataset, {})[one.image] = like
    return found


def _told(use: Use) -> tuple[str, str, tuple[str, ...], tuple[Paper, ...]]:
    """Name, summary, and what the class says of itself, paragraph by paragraph; its papers."""
    papers: tuple[Paper, ...] = ()
    try:
        kind = use.registered.load()
        kinds = (kind, *variants(kind, use.params))
        text = "\n\n".join(map(own_documentation, kinds))
        papers = tuple(dict.fromkeys(paper for one in kinds for paper in getattr(one, "papers", ())))
    except SrbenchError as error:
        text = str(error)
    paragraphs = tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())
    return use.name, use.registered.entry.summary, paragraphs, papers


def _metric(use: Use) -> BoardMetric:
    name, summary, paragraphs, papers = _told(use)
    seen_through = () if use.extractor is None else _told(use.extractor)[3]
    return BoardMetric(name, summary, paragraphs, tuple(dict.fromkeys((*papers, *seen_through))), _judges(use))


def _judges(use: Use) -> Judges:
    """What a metric says of SR; nothing of one that cannot be loaded, which its documentation tells."""
    with suppress(SrbenchError):
        declared: Judges = getattr(use.registered.load(), "judges", "")
        return declared if declared in get_args(Judges) else ""
    return ""


def _label(use: Use) -> str:
    """How tables print a metric's name, where this is the name of its entry or begins with that."""
    name, entry = use.name, use.registered.entry.name
    try:
        shown = str(vars(use.registered.load()).get("shown_as", ""))
    except SrbenchError:
        shown = ""
    return shown + name.removeprefix(entry) if shown and f"{name}-".startswith(f"{entry}-") else name


def _data(matrix: Matrix) -> list[Use]:
    """The datasets that are tested, and those that are only trained on, by methods or extractors, each once."""
    uses = (*matrix.datasets, *matrix.training_data, *matrix.instrument_data)
    return list({use.name: use for use in reversed(uses)}.values())[::-1]


def _terms(use: Use) -> tuple[Terms, ...]:
    """Those that its class states, or those of what it publishes, each with its name where there are several."""
    try:
        kind: type[Dataset] = use.registered.load()
    except SrbenchError:
        return ()
    several = len(kind.published) > 1
    published = [Terms(one.source, one.licence, one.name if several else "") for one in kind.published]
    return kind.terms or tuple(published)


def _splits(use: Use, plan: Plan) -> tuple[BoardSplit, ...]:
    return tuple(_split(one) for one in plan.contents if one.dataset == use.name)


def _split(one: SplitContents) -> BoardSplit:
    sizes = [shape[:2] for shape in one.shapes]
    return BoardSplit(
        one.split,
        split_words(one),
        one.images,
        one.groups,
        sizes[0] if sizes else None,
        sizes[-1] if sizes else None,
        tuple(sorted({shape[2] for shape in one.shapes})),
        one.depths,
        dict(one.lr),
        one.lone,
    )


def split_words(one: SplitContents) -> str:
    """A split: `36 training images in 9 independent groups: brick 12, grass 12, gravel 12`."""
    classes = ", ".join(f"{label} {count:,}" for label, count in one.labels.items())
    if len(one.labels) > _CLASSES_NAMED:
        classes = plural(len(one.labels), "class", "classes")
    noun = "training image" if one.split == "train" else "test image"
    return f"{amount_words(one.images, one.groups, noun)}{classes and f': {classes}'}"


def _budgets(matrix: Matrix) -> str:
    """The budget of trainings, in words; beside it those of methods with another one, and how sets divide it."""
    common = matrix.train.budget
    own = [(name, options.budget) for name, options in matrix.train_of.items() if options.budget != common]
    told = [f"{name} {budget}" for name, budget in own]
    for arm in matrix.train_on:
        if isinstance(arm, Curriculum):
            wholes = dict.fromkeys([common, *(budget for _, budget in own)])
            parts = dict.fromkeys(arm.budgets(whole) for whole in wholes if whole is not None)
            told.append(f"{arm.name} {listing([', then '.join(map(str, both)) for both in parts])}")
    beside = "; ".join(told)
    return beside if common is None else f"{common}{beside and f' ({beside})'}"


def _method(use: Use, matrix: Matrix) -> BoardMethod:
    entry, plugin = use.registered.entry, use.registered.plugin
    origin = [("Plugin", f"{plugin.distribution} {plugin.version}"), ("Entry", entry.name)]
    origin += [("Licence of its code", licence)] if (licence := _licence(plugin.distribution)) else []
    if "preset" in use.given:
        origin.append(("Preset", str(use.given["preset"])))
    if (options := matrix.train_of.get(use.name)) is not None:
        common = matrix.train.told()
        origin += [(name, text) for name, text in options.told().items() if common.get(name) != text]
    try:
        kind: type[Method] = use.registered.load()
        ceiling, elsewhere = kind.ceiling, issubclass(kind, Submission)
    except SrbenchError:
        ceiling, elsewhere = "", False
    return BoardMethod(*_told(use), tuple(origin), tuple(flat(use.params)), ceiling, elsewhere)


def _licence(distribution: str) -> str:
    """What the metadata of a distribution says of its licence, where that is a line; empty where it says nothing."""
    try:
        told = metadata(distribution).json
    except PackageNotFoundError:
        return ""
    licence = str(told.get("license_expression") or told.get("license") or "")
    return "" if "\n" in licence else licence.strip()


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


def _published(row: PublishedValues) -> BoardPublished:
    where = f"table {row.table}" if row.table.isdecimal() else row.table
    source = f"{row.source}, {where}" if where else row.source
    return BoardPublished(row.method, row.dataset, row.protocol, source, dict(row.values))


def _cell(planned: PlannedCell) -> BoardCell:
    training = planned.training
    return BoardCell(
        **cast(dict[str, Any], planned.cell.point()),
        key=planned.cell.key,
        metrics=planned.keys,
        learned_from=None if training is None else training.dataset.name,
        learned_before=() if training is None else tuple(one.name for one in training.datasets[:-1]),
        state=planned.state,
        why=planned.why,
        damage=planned.damage,
    )
