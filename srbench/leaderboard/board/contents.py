"""What pages tell of a matrix besides its results."""

from __future__ import annotations

import msgspec

from srbench.contract.metric import Judges
from srbench.contract.paper import Paper
from srbench.contract.protocol import Channel
from srbench.contract.section import Passage
from srbench.contract.terms import Terms
from srbench.store.cell import Cell


class BoardSource(msgspec.Struct, frozen=True):
    """A dataset, method or metric, told to people. documentation: paragraphs of its class. papers: to be cited."""

    name: str
    summary: str = ""
    documentation: tuple[str, ...] = ()
    papers: tuple[Paper, ...] = ()


class BoardMetric(BoardSource, frozen=True):
    """A metric as the matrix uses it. judges: what its numbers say of SR, as its class declares."""

    judges: Judges = ""


class BoardSplit(msgspec.Struct, frozen=True):
    """A split that was looked at. told: what it holds, in one line.

    images, groups: how many, the latter independent of each other. smallest, largest: height and width of HR, by area.
    channels, depths: those that occur. lr: how many images bring LR with them, by what it is. lone: how many are LR
    without HR.
    """

    split: str
    told: str
    images: int
    groups: int
    smallest: tuple[int, int] | None = None
    largest: tuple[int, int] | None = None
    channels: tuple[int, ...] = ()
    depths: tuple[str, ...] = ()
    lr: dict[str, int] = {}
    lone: int = 0

    def __str__(self) -> str:
        return self.told


class BoardDataset(BoardSource, frozen=True):
    """A dataset as the matrix uses it.

    splits: what those hold that were looked at; a line each where an earlier srbench described it. terms: whose its
    pictures are, and what is allowed.
    """

    splits: tuple[BoardSplit | str, ...] = ()
    terms: tuple[Terms, ...] = ()


class BoardMethod(BoardSource, frozen=True):
    """A method as the matrix uses it. origin, parameters: names and values as text. ceiling: what its ceiling is.

    elsewhere: its SR was made elsewhere, so that nothing is known of its cost.
    """

    origin: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    ceiling: str = ""
    elsewhere: bool = False


class BoardProtocol(msgspec.Struct, frozen=True):
    """A protocol, as far as pages go into it.

    told: one line for people. degradation: how LR is made, in a word. channel, border:
    what is scored. size: of generation, the side of a square in pixels.
    """

    name: str
    version: int
    task: str
    told: str
    scale: int | str = 1
    channel: Channel = "rgb"
    border: int = 0
    degradation: str = ""
    size: int | None = None

    def describe(self, lr: str = "") -> str:
        """One line for people. lr: what they are told of LR in place of the degradation."""
        return self.told.replace(f"{self.degradation} LR", lr) if lr else self.told


class BoardCell(msgspec.Struct, frozen=True):
    """A cell that the matrix asks for.

    metrics: the keys of the metrics that are asked for, by name. learned_from: the dataset that its model learned from,
    None where nothing is learned. learned_before: those from which the weights had learned that its training started
    from. state, why: how far it was when it was planned last, and the reason. damage: which
    file of its record was not what had been written, if any.
    """

    dataset: str
    protocol: str
    method: str
    trained_on: str | None
    seed: int | None
    key: str
    metrics: dict[str, str] = {}
    learned_from: str | None = None
    learned_before: tuple[str, ...] = ()
    state: str = "done"
    why: str = ""
    damage: str = ""

    @property
    def label(self) -> str:
        """The name for people and the command line: `set5/x4-y/srcnn/t91/0`."""
        return Cell(self.dataset, self.protocol, self.method, self.trained_on, self.seed).label

    @property
    def learned(self) -> tuple[str, ...]:
        """The datasets that its model learned from, in order; none where nothing is learned."""
        return () if self.learned_from is None else (*self.learned_before, self.learned_from)

    def point(self) -> dict[str, str | int | None]:
        """The coordinates, by name."""
        return Cell(self.dataset, self.protocol, self.method, self.trained_on, self.seed).point()


class BoardPublished(msgspec.Struct, frozen=True):
    """A row of a paper's table. source: which table of which paper. values: as they are printed, by metric."""

    method: str
    dataset: str
    protocol: str
    source: str
    values: dict[str, str]


class Board(msgspec.Struct, kw_only=True):
    """A matrix as its pages tell of it.

    fields: what its pictures are of, as the matrix says.
    path: of its file. text: what is in it; empty where that may not be shown. metrics: their names; labels: how tables
    print these, empty of boards made before there were any; metric_sources: what they are, their papers followed by
    those of what they see images through. rank_by: the one that ranks, None for the first that can. seeds: how many.
    budget: of trainings, in words; empty where nothing learns. settings: the numbers that its task needs, by key.
    coded: whether names of files are kept out of the pages. named: the datasets whose images have ids made of names.
    seen: test images that look like training images, with what of these is like them in words: by the tested dataset,
    the one that was learned from, and the image.
    subgroups: the images of each, by dataset, by what tells them apart, and by value, in order. cells: in the order of
    the file. sections: what plugins have to say below the tables, each with the method that it
    is about, or an empty name where that is the whole board. published: rows of papers. whole_pictures_mb: what whole
    pictures may take of the board, in megabytes.
    """

    name: str
    title: str
    task: str
    path: str
    fields: list[str] = []
    text: str = ""
    metrics: list[str] = []
    labels: dict[str, str] = {}
    metric_sources: list[BoardMetric] = []
    rank_by: str | None = None
    datasets: list[BoardDataset] = []
    protocols: list[BoardProtocol] = []
    methods: list[BoardMethod] = []
    seeds: int = 1
    budget: str = ""
    settings: dict[str, int] = {}
    coded: bool = False
    named: list[str] = []
    seen: dict[str, dict[str, dict[str, str]]] = {}
    subgroups: dict[str, dict[str, dict[str, list[str]]]] = {}
    cells: list[BoardCell] = []
    sections: list[tuple[str, Passage]] = []
    published: list[BoardPublished] = []
    whole_pictures_mb: float = 8.0

    @property
    def tested(self) -> list[str]:
        """The names of the datasets that are tested; `datasets` has those, too, that are only learned from."""
        return list(dict.fromkeys(cell.dataset for cell in self.cells))

    def method(self, name: str) -> BoardMethod:
        """The method of this name."""
        return next(method for method in self.methods if method.name == name)

    def protocol(self, name: str) -> BoardProtocol:
        """The protocol of this name."""
        return next(protocol for protocol in self.protocols if protocol.name == name)
