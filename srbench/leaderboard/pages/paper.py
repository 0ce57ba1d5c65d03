"""What a board offers to papers, in its folder `paper/`: tables, figures, BibTeX.

paper/PROTOCOL[-TRAINING SET][-DATASET].tex, .md, .csv   a ranked table; without DATASET that over all
paper/FIGURE.svg, .pdf                                   a figure, by its id on the page
paper/board.bib                                          the board, and the papers that it stands on
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from srbench.leaderboard.board.contents import Board
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.pages.views import View
from srbench.leaderboard.paper.bibtex import bibtex, citation
from srbench.leaderboard.paper.grid import grid, title
from srbench.leaderboard.paper.latex import latex
from srbench.leaderboard.paper.markdown import markdown
from srbench.leaderboard.paper.sheet import sheet
from srbench.leaderboard.results.results import unique_slugs
from srbench.leaderboard.words.numerals import slug

FOLDER = "paper"


@dataclass(frozen=True)
class PaperTable:
    """A table of the page for papers. id: on the page. name: of its files, without what they end with."""

    id: str
    name: str
    latex: str
    markdown: str
    csv: str


@dataclass(frozen=True)
class Cited:
    """How a board is cited. data: its fingerprint. line: in words."""

    data: str
    line: str
    bibtex: str


def paper_tables(views: Sequence[View], board: Board, data: str) -> list[PaperTable]:
    """The ranked tables of a board, in the order of its page. data: its fingerprint."""
    shown = [item for view in views for item in view.tables]
    names = [f"{item.table.scope.slug}-{item.table.dataset or ''}" for item in shown]
    found = []
    for item, name in zip(shown, unique_slugs(names), strict=True):
        printed = grid(item.table, board.budget)
        origin = f"{board.title}: {title(item.table)}. srbench board {board.name}, sha256:{data}"
        label = f"{slug(board.name)}-{name}"  # a document may have tables of several boards
        found.append(PaperTable(item.id, name, latex(printed, label, origin), markdown(printed), sheet(item.table)))
    return found


def cited(board: Board, data: str, date: str) -> Cited:
    """How the board is cited. date: of its last result."""
    return Cited(data, citation(board, data, date), bibtex(board, data, date))


def write_paper(folder: Path, tables: Sequence[PaperTable], how: Cited) -> None:
    """Write tables and BibTeX into `folder`, that of the board."""
    _write(folder, _texts(tables, how))


def figures_of(views: Sequence[View]) -> dict[str, Chart]:
    """The figures of the first page, by the place of their SVG in the board's folder."""
    charts = (one for view in views for item in view.tables for one in (*item.figures, *item.more))
    return {f"{FOLDER}/{one.svg.name}.svg": one for one in charts}


def write_figures(folder: Path, charts: Sequence[Chart]) -> list[str]:
    """Write figures into `folder`, that of the board; returns where, in it."""
    return _write(folder, _drawn(charts))


def _write(folder: Path, content: Iterable[tuple[str, bytes]]) -> list[str]:
    places = []
    (folder / FOLDER).mkdir(exist_ok=True)
    for name, text in content:
        places.append(f"{FOLDER}/{name}")
        (folder / places[-1]).write_bytes(text)
    return places


def _texts(tables: Sequence[PaperTable], how: Cited) -> Iterator[tuple[str, bytes]]:
    for table in tables:
        yield f"{table.name}.tex", table.latex.encode()
        yield f"{table.name}.md", table.markdown.encode()
        yield f"{table.name}.csv", table.csv.encode()
    yield "board.bib", how.bibtex.encode()


def _drawn(charts: Sequence[Chart]) -> Iterator[tuple[str, bytes]]:
    for drawn in (chart.svg for chart in charts):
        yield f"{drawn.name}.svg", drawn.svg()
        yield f"{drawn.name}.pdf", drawn.pdf()
