"""What the index shows of one scope, and what each task has to say on the pages that all tasks share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.findings.lead import Findings, ties
from srbench.leaderboard.gallery.shots import Place, Shot
from srbench.leaderboard.methods.cells import group_id
from srbench.leaderboard.methods.standing import Linked
from srbench.leaderboard.publishing.cover import Cover
from srbench.leaderboard.results.results import Entrant, Result, Results, Scope
from srbench.leaderboard.tables.emphasis import best
from srbench.leaderboard.tables.head_to_head import HeadToHead
from srbench.leaderboard.tables.kinds import Group, groups
from srbench.leaderboard.tables.ranked import Table, caption
from srbench.leaderboard.tables.subgroups import SubgroupTable, subgroup_tables
from srbench.leaderboard.tables.tracks import Tracks, tracks

BOLD = "Bold: those that nobody is better than for certain; where nothing is tested, the best value alone."
"""What is bold in a column, in words."""


@dataclass(frozen=True)
class ShownTable:
    """A table as the page shows it, and what stands below it. links: where an entrant's numbers lead. ties: by metric,
    who cannot be told apart. places: by entrant, its place in the order of each metric. best: by metric, whose values
    are bold. groups: of columns. tracks: two ranks, where it has both. subgroups: its metrics by each thing that
    divides the images. figures: those that are shown; more: those that wait to be asked for. lacking: which figure
    readers may look for in vain, and why.
    """

    id: str
    table: Table
    caption: str
    links: dict[Any, str]
    ties: dict[str, str]
    places: dict[Any, dict[str, int]]
    best: Mapping[str, frozenset[Entrant]]
    groups: tuple[Group, ...] = ()
    tracks: Tracks | None = None
    subgroups: Mapping[str, Sequence[SubgroupTable]] = field(default_factory=dict)
    duels: HeadToHead | None = None
    figures: tuple[Chart, ...] = ()
    more: tuple[Chart, ...] = ()
    lacking: str = ""

    @property
    def reading(self) -> str:
        """How to read it: what there is in it, and no more."""
        words, table = self.table.words, self.table
        said = [words.reading] if len(table.ranked) > 1 else []
        said += [BOLD] if any(self.best.values()) else []
        said += [words.whiskers] if table.has_whiskers else []
        said += [words.groups] if table.units < table.images else []
        return " ".join(said)


@dataclass(frozen=True)
class Answer:
    """Findings, and the choice on the page that they belong to.

    dataset: which one must be chosen or none at all; empty where they are of several. metric: likewise. first: whether
    they are of the metric that ranks before any choice. alone: whether they wait until their dataset is chosen.
    """

    dataset: str
    metric: str
    first: bool
    alone: bool
    findings: Findings


@dataclass(frozen=True)
class View:
    """One scope on the page. answers: the findings of every choice."""

    id: str
    name: str
    describe: str
    scope: Scope
    tables: tuple[ShownTable, ...]
    answers: tuple[Answer, ...]

    @property
    def findings(self) -> Findings:
        """The findings before any choice."""
        return next(answer.findings for answer in self.answers if answer.first and not answer.alone)

    @classmethod
    def of(cls, scope: Scope, tables: Sequence[ShownTable], answers: Iterable[Answer]) -> View:
        """The view of a scope."""
        protocol = scope.results[0].protocol
        return cls(
            id=view_id(scope),
            name=f"{protocol.name}, trained on {scope.trained_on}" if scope.trained_on else protocol.name,
            describe=f"{protocol.describe()} (version {protocol.version}).",
            scope=scope,
            tables=tuple(tables),
            answers=tuple(answers),
        )


def answers(
    table: Table, metrics: Sequence[str], find: Callable[[str | None], Findings], alone: bool = False
) -> Iterable[Answer]:
    """What a table says by each metric. find: the findings by a metric, None where nothing is ranked by any."""
    choices: list[str | None] = [*metrics] if table.primary else [None, *metrics]
    for metric in choices:
        yield Answer(table.only_dataset, metric or "", metric == table.primary, alone, find(metric))


def told(views: Sequence[View]) -> list[str]:
    """The leads of all scopes before any choice, each with what it is about where there are several."""
    return [
        f"{view.name}: {sentence}" if len(views) > 1 and first else sentence
        for view in views
        for first, sentence in zip((True, False), view.findings.lead, strict=False)
    ]


def view_id(scope: Scope) -> str:
    """What ids of a view begin with."""
    return f"v-{scope.slug}"


def shown_table(
    table: Table,
    name: str,
    method_slugs: dict[str, str],
    duels: HeadToHead | None = None,
    figures: Sequence[Chart] = (),
    more: Sequence[Chart] = (),
    lacking: str = "",
) -> ShownTable:
    """A table with its caption and links."""
    said = {metric: ties(standings) for metric, standings in table.standings.items()}
    links = _links(table, method_slugs)
    subgroups: dict[str, list[SubgroupTable]] = {}
    for one in subgroup_tables(table):
        subgroups.setdefault(one.by, []).append(one)
    return ShownTable(
        id=name,
        table=table,
        caption=caption(table),
        links=links,
        ties=said,
        places=places_in(table),
        best=best(table),
        groups=groups([column.metric for column in table.columns], table.scope.judges),
        tracks=tracks(table),
        subgroups=subgroups,
        duels=duels,
        figures=tuple(figures),
        more=tuple(more),
        lacking=lacking,
    )


def places_in(table: Table) -> dict[Entrant, dict[str, int]]:
    """Each entrant's place in the order by each metric, from 0."""
    places: dict[Entrant, dict[str, int]] = {row.entrant: {} for row in table.rows}
    for metric, standings in table.standings.items():
        for place, entrant in enumerate(standings.entrants):
            places[entrant][metric] = place
    return places


def by_dataset(views: Sequence[View]) -> dict[str, list[Linked]]:
    """The tables of each dataset alone, in the order of the views, with where their numbers lead."""
    found: dict[str, list[Linked]] = {}
    for view in views:
        for item in view.tables:
            if item.table.only_dataset:
                found.setdefault(item.table.only_dataset, []).append((item.table, item.links))
    return found


def _links(table: Table, method_slugs: dict[str, str]) -> dict[Any, str]:
    """An entrant's numbers lead to its cell; where they come from several, to the table of these cells."""
    links = {}
    for row in table.rows:
        if len(row.results) == 1:
            links[row.entrant] = f"cells/{row.results[0].slug}.html"
        else:
            cell = row.results[0].cell
            anchor = f"#{group_id(cell.protocol, table.dataset)}" if table.dataset else ""
            links[row.entrant] = f"methods/{method_slugs[row.entrant.method]}.html{anchor}"
    return links


class TaskPages(Protocol):
    """What differs between the boards of two tasks.

    index_template, cell_template: of the page of the board and of a cell. gallery: what is known of the pictures of a
    dataset, which `few` and `without_pictures` make fewer; write: writes the pictures of results into a folder, or
    brings those there that a board has which was made from the same before, and tells.
    """

    index_template: str
    cell_template: str
    gallery: type[msgspec.Struct]
    write: Callable[[Results, Path, Path, Callable[[str], Any]], Sequence[Any]]

    def view(self, scope: Scope, method_slugs: dict[str, str]) -> View:
        """The tables, figures and findings of a scope."""

    def header(self) -> list[str]:
        """The parts of the line below the title: what was compared."""

    def index(self, views: Sequence[View]) -> dict[str, Any]:
        """What the index template needs of pictures."""

    def cover(self, views: Sequence[View]) -> Cover | None:
        """The picture by which the board is known among others; None where it has none."""

    def cell(self, result: Result) -> dict[str, Any]:
        """What the template of a cell's page needs of pictures."""

    def dataset_shots(self, dataset: str) -> list[Shot]:
        """The pictures on the page of a dataset."""

    def dataset_figures(self, table: Table, name: str) -> list[Chart]:
        """The figures on the page of a dataset, which is the only one of the table. name: what their ids begin with."""

    def method_shots(self) -> Mapping[Place, list[Shot]]:
        """The pictures on the pages of methods, by where they are of."""

    def addresses(self, dataset: str, protocol: str) -> Mapping[str, str]:
        """Where images of a dataset can be looked at, from the board's folder, by image id."""

    def limits(self) -> Iterable[str]:
        """What the board does not show, a sentence each."""


def training_limits(results: Results) -> Iterable[str]:
    """What limits trust in the trainings: how few there were, and how short."""
    board = results.board
    if any(cell.learned_from is not None for cell in board.cells):
        if board.seeds < 3:
            times = "once" if board.seeds == 1 else "twice"
            yield f"Each training was done {times}; another seed may order methods that are close otherwise."
        if board.budget:
            yield f"Every training had {board.budget}. A method that learns slowly may pass the others with more."


TIMES = "Times belong to the machines named above; compare them only within one environment."
