"""What the cells of a board left behind, in the order of the matrix file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path

from srbench.contract.metric import Judges
from srbench.contract.task import Task
from srbench.leaderboard.board.contents import Board, BoardCell, BoardMethod, BoardProtocol, BoardPublished
from srbench.leaderboard.words.numerals import metric_label, slug
from srbench.leaderboard.words.privacy import Privacy
from srbench.registry.registry import task_named
from srbench.store.files import StoreError
from srbench.store.frames import read_scores
from srbench.store.record import Record
from srbench.store.records import Store
from srbench.store.references import references_key

CLASS = "class"
"""What divides images by their labels."""

_STATUS_WORDS = {
    "skipped": "skipped",
    "failed": "failed",
    "timeout": "out of time",
    "out_of_memory": "out of memory",
    "killed": "killed",
}


@dataclass(frozen=True)
class Entrant:
    """What is compared: a method, with the training set it learned from (None where it does not learn).

    slot: the method's place in the matrix file; decides its colour and marker. name: what tables call it. elsewhere:
    its SR was made elsewhere: nothing is known of its cost, nor of what it learned from.
    """

    method: str
    trained_on: str | None
    slot: int
    name: str
    elsewhere: bool = False


@dataclass(frozen=True)
class Result:
    """A cell of the board and what it left.

    record: None where it has not run. scores: by metric, by image (None for a set metric's one value). damage: what is
    wrong with what it left, if anything is. references: the key, in the store, of what its SR was compared with; empty
    for results that were published. attributes: the board's subgroups of its dataset. labels: how tables print the
    names of metrics, of the whole board.
    """

    cell: BoardCell
    protocol: BoardProtocol
    method: BoardMethod
    entrant: Entrant
    slug: str
    record: Record | None = None
    scores: dict[str, dict[str | None, float]] = field(default_factory=dict)
    damage: str = ""
    references: str = ""
    attributes: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def metric_label(self, metric: str) -> str:
        """How tables print the name of a metric: `PSNR`."""
        return metric_label(metric, self.labels)

    @property
    def subgroups(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Image ids by what divides them, their class first where they have one, and by subgroup, in order."""
        classes: dict[str, list[str]] = {}
        for image, label in [] if self.record is None else sorted(self.record.labels.items(), key=itemgetter(1)):
            classes.setdefault(label, []).append(image)
        return {**({CLASS: classes} if classes else {}), **self.attributes}

    @property
    def ok(self) -> bool:
        """Whether it has scores to show."""
        return self.record is not None and self.record.status == "ok" and not self.damage

    @property
    def status(self) -> str:
        """One or two words."""
        if self.damage:
            return "damaged"
        if self.record is None:
            return "not run"
        return "ok" if self.ok else _STATUS_WORDS[self.record.status]

    @property
    def reason(self) -> str:
        """Why it is not ok; empty when it is."""
        if self.ok:
            return ""
        return self.damage or (self.record.reason if self.record else self.cell.why)

    @property
    def trouble(self) -> str:
        """Why it is not ok, in a few words: the status and the first line of the reason."""
        first = next(iter(Privacy().of(self.reason.strip()).splitlines()), "")
        return self.status if not first or first == self.status else f"{self.status}: {shortened(first)}"


class Damaged(StoreError):
    """A file of a cell that turns out, while pages are made, to be no use: the cell is shown as damaged."""

    def __init__(self, result: Result, reason: str) -> None:
        super().__init__(reason)
        self.result = result


@dataclass(frozen=True)
class Scope:
    """What may be compared with each other: one protocol, and one training set where there are several.

    rank_by: the metric that ranks; None for the first that can. published: rows of papers under the protocol. judges:
    what metrics say of SR, by name, where they declare it.
    """

    protocol: str
    trained_on: str | None
    results: tuple[Result, ...]
    rank_by: str | None
    published: tuple[BoardPublished, ...] = ()
    judges: Mapping[str, Judges] = field(default_factory=dict)

    @property
    def task(self) -> Task:
        """The task of its methods."""
        return task_named(self.results[0].protocol.task)

    @property
    def slug(self) -> str:
        """The name for ids and file names."""
        return slug(f"{self.protocol}-{self.trained_on}" if self.trained_on else self.protocol)

    def datasets(self) -> list[str]:
        """The datasets in the order of the matrix."""
        return list(dict.fromkeys(result.cell.dataset for result in self.results))

    def entrants(self) -> list[Entrant]:
        """The entrants in the order of the matrix."""
        return sorted(dict.fromkeys(result.entrant for result in self.results), key=lambda entrant: entrant.slot)


@dataclass(frozen=True)
class Results:
    """The results of all cells of a board."""

    board: Board
    all: tuple[Result, ...]

    @cached_property
    def metrics(self) -> list[str]:
        """The metrics' names in the order of the matrix, then any that only records know."""
        found = [name for result in self.all if result.record for name in result.record.metrics]
        return list(dict.fromkeys([*self.board.metrics, *found]))

    def metric_label(self, metric: str) -> str:
        """How tables print the name of a metric: `PSNR`."""
        return metric_label(metric, self.board.labels)

    @cached_property
    def scopes(self) -> list[Scope]:
        """One for each protocol and, where several, training set; methods that do not learn are in each."""
        scopes = []
        judges = {metric.name: metric.judges for metric in self.board.metric_sources if metric.judges}
        for protocol in dict.fromkeys(result.cell.protocol for result in self.all):
            inside = [result for result in self.all if result.cell.protocol == protocol]
            training = list(dict.fromkeys(r.entrant.trained_on for r in inside if r.entrant.trained_on is not None))
            for trained_on in training if len(training) > 1 else [None]:
                chosen = (r for r in inside if trained_on is None or r.entrant.trained_on in (None, trained_on))
                published = tuple(row for row in self.board.published if row.protocol == protocol)
                scopes.append(Scope(protocol, trained_on, tuple(chosen), self.board.rank_by, published, judges))
        return scopes

    @cached_property
    def by_place(self) -> dict[tuple[str, str], list[Result]]:
        """The results of each dataset under each protocol, in the order of the matrix."""
        found: dict[tuple[str, str], list[Result]] = {}
        for result in self.all:
            found.setdefault((result.cell.dataset, result.cell.protocol), []).append(result)
        return found

    def without(self, damaged: Damaged) -> Results:
        """These results, with one more cell that is not ok."""
        reason = Privacy(Path(self.board.path)).of(str(damaged))
        broken = replace(damaged.result, scores={}, damage=reason)
        return replace(self, all=tuple(broken if one is damaged.result else one for one in self.all))

    def damaged_as(self, others: Results) -> Results:
        """These results, with those cells damaged, too, that are so in others."""
        damage = {one.cell.key: one.damage for one in others.all if one.damage}

        def as_told(one: Result) -> Result:
            known = damage.get(one.cell.key)
            return replace(one, scores={}, damage=known) if known else one

        return replace(self, all=tuple(map(as_told, self.all)))

    def of_method(self, method: str) -> list[Result]:
        """Every cell of one method."""
        return [result for result in self.all if result.entrant.method == method]


@dataclass(frozen=True)
class Left:
    """What a cell left; as in a result of it."""

    record: Record | None = None
    scores: dict[str, dict[str | None, float]] = field(default_factory=dict)
    damage: str = ""
    references: str = ""


def results_of(board: Board, left: Callable[[BoardCell], Left]) -> Results:
    """The results of a board. left: what a cell left."""
    order = {method.name: place for place, method in enumerate(board.methods)}
    several = len({cell.trained_on for cell in board.cells} - {None}) > 1
    slugs = unique_slugs([f"{cell.label}-{cell.key[:8]}" for cell in board.cells])
    results = []
    for cell, name in zip(board.cells, slugs, strict=True):
        label = f"{cell.method} ({cell.trained_on})" if several and cell.trained_on is not None else cell.method
        protocol, method = board.protocol(cell.protocol), board.method(cell.method)
        entrant = Entrant(cell.method, cell.trained_on, order[cell.method], label, method.elsewhere)
        found = left(cell)
        known = found.record, found.scores, found.damage, found.references
        attributes = board.subgroups.get(cell.dataset, {})
        results.append(Result(cell, protocol, method, entrant, name, *known, attributes, board.labels))
    return Results(board, tuple(results))


def left_in(store: Store, cell: BoardCell) -> Left:
    """What the store holds of a cell. One of which a file is damaged has no scores."""
    record = store.read("cells", cell.key)
    if record is None:
        gone = "its record is gone" if cell.state == "done" else ""
        return Left(damage=_again(cell.damage or store.lost_record("cells", cell.key) or gone))
    record, references = record.as_asked(cell.metrics), references_key(record.ingredients)
    if record.status != "ok":
        return Left(record, references=references)
    try:
        return Left(record, read_scores(store, record), references=references)
    except StoreError as error:
        return Left(record, damage=str(error), references=references)


def _again(damage: str) -> str:
    return damage and f"{damage.removeprefix('damaged: ')}; run the matrix again"


def unique_slugs(names: Sequence[str]) -> list[str]:
    """A slug for each name; where two would be equal (file systems that ignore case included), a number is added."""
    taken: dict[str, int] = {}
    slugs = []
    for name in names:
        plain = slug(name)
        again = taken[plain.lower()] = taken.get(plain.lower(), 0) + 1
        slugs.append(plain if again == 1 else f"{plain}--{again}")
    return slugs


def shortened(text: str, limit: int = 120) -> str:
    """The text, cut at a word where it is long."""
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + " …"


def finite_mean(values: Sequence[float]) -> float:
    """The mean; infinite when any value is, so that an image identical to HR never enters a finite mean."""
    infinite = [value for value in values if math.isinf(value)]
    if infinite:
        return infinite[0]
    try:
        return math.fsum(values) / len(values)
    except OverflowError:  # of values near the largest there is, the sum is beyond it, the mean is not
        return math.fsum(value / len(values) for value in values)
