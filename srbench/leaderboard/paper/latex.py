"""A ranked table as LaTeX with booktabs, for any engine, in a document of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from srbench.leaderboard.paper.grid import Entry, Grid, Head
from srbench.store.texts import visible

LONGEST: Final = 40
"""A table of more rows is a `longtable`, which goes on on the next page, and stands in one column only."""
_SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\textquotedbl{}",
    "[": "{[}",  # behind a line's end it would begin an argument
    "]": "{]}",
    "*": "{*}",
    "\N{MINUS SIGN}": "$-$",
    "\N{INFINITY}": r"$\infty$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{MIDDLE DOT}": r"\textperiodcentered{}",
    "\N{MICRO SIGN}": r"\textmu{}",
    "\N{DEGREE SIGN}": r"\textdegree{}",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    "\N{HORIZONTAL ELLIPSIS}": r"\dots{}",
    "\N{NO-BREAK SPACE}": "~",
}
# What pairs of characters would become: dashes, and quotation marks.
_JOINED = re.compile(r"(?<=-)(?=-)|(?<=,)(?=,)|(?<=')(?=')")
_ARROWS = {"up": r" $\uparrow$", "down": r" $\downarrow$", "": ""}
_BEYOND_PDFLATEX = re.compile("[^\x00-\u017f\u2010-\u2027\u20ac]")


def latex(grid: Grid, label: str, origin: str) -> str:
    r"""The table as it goes into a document between `\begin{document}` and its end.

    It needs the packages `booktabs` and `graphicx`, which makes a table that is wider than the line as wide as that, or
    `longtable` in its place where it has more than `LONGEST` rows. label: for `\ref`, after `tab:`. origin: of which
    board it is, in a comment. Intervals are set by `\srbenchci`, which a document that wants none, or others, may
    define before.
    """
    body = _long(grid, label) if len(grid.lines) + len(grid.references) > LONGEST else _short(grid, label)
    return "".join(f"{line}\n" for line in [*_comments(grid, origin), *body])


def escaped(text: str) -> str:
    """Text that LaTeX prints as it is; white space of any kind is one space."""
    plain = re.sub("[^\\S\u00a0]+", " ", visible(text))
    return "".join(_SPECIAL.get(character, character) for character in _JOINED.sub("\0", plain)).replace("\0", "{}")


def _prose(text: str) -> str:
    """Words of messages, in which what stands between backticks is code."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(rf"\texttt{{{escaped(part)}}}" if place % 2 else escaped(part) for place, part in enumerate(parts))


def _comments(grid: Grid, origin: str) -> Iterator[str]:
    comment = " ".join(visible(origin).split())
    yield f"% {comment}"
    long = len(grid.lines) + len(grid.references) > LONGEST
    packages = rf"\usepackage{{booktabs,{'longtable' if long else 'graphicx'}}}"
    yield rf"% It needs {packages} and \usepackage[T1]{{fontenc}}."
    yield r"% To leave intervals out, say before it: \newcommand{\srbenchci}[2]{}"
    entries = [entry for line in (*grid.lines, *grid.references) for entry in line]
    printed = [grid.caption, *grid.notes, *(head.text for head in grid.heads), *(entry.text for entry in entries)]
    if beyond := sorted({*_BEYOND_PDFLATEX.findall(visible("".join(printed)))} - {*_SPECIAL}):
        yield f"% Run LuaLaTeX or XeLaTeX with a font that has {' '.join(beyond[:20])}"
    yield r"\providecommand{\srbenchci}[2]{\,{\scriptsize[#1, #2]}}"


def _short(grid: Grid, label: str) -> Iterator[str]:
    yield r"\begin{table}"
    yield r"\centering\small\setlength{\tabcolsep}{4pt}"
    yield rf"\caption{{{escaped(grid.caption)}}}"
    yield rf"\label{{tab:{label}}}"
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield rf"\begin{{tabular}}{{{_alignment(grid)}}}"
    yield r"\toprule"
    yield _heads(grid.heads)
    yield r"\midrule"
    yield from _rows(grid)
    yield r"\bottomrule"
    yield r"\end{tabular}}"
    if grid.notes:
        yield r"\par\smallskip"
        yield r"\begin{minipage}{\linewidth}\footnotesize"
        yield from _notes(grid.notes)
        yield r"\end{minipage}"
    yield r"\end{table}"


def _long(grid: Grid, label: str) -> Iterator[str]:
    yield r"{\small\setlength{\tabcolsep}{4pt}"
    yield rf"\begin{{longtable}}{{{_alignment(grid)}}}"
    yield rf"\caption{{{escaped(grid.caption)}}}\label{{tab:{label}}}\\"
    yield r"\toprule"
    yield _heads(grid.heads)
    yield r"\midrule"
    yield r"\endfirsthead"
    yield r"\toprule"
    yield _heads(grid.heads)
    yield r"\midrule"
    yield r"\endhead"
    yield r"\bottomrule"
    yield r"\endfoot"
    yield from _rows(grid)
    yield r"\end{longtable}"
    if grid.notes:
        yield r"\noindent\begin{minipage}{\linewidth}\footnotesize"
        yield from _notes(grid.notes)
        yield r"\end{minipage}"
    yield "}"


def _alignment(grid: Grid) -> str:
    return f"@{{}}ll{'r' * (len(grid.heads) - 2)}@{{}}"


def _heads(heads: Iterable[Head]) -> str:
    return " & ".join(f"{escaped(head.text)}{_ARROWS[head.better]}{_marks(head.notes)}" for head in heads) + r" \\"


def _rows(grid: Grid) -> Iterator[str]:
    width = len(grid.heads)
    for line in grid.lines:
        yield _row(line, width)
    if grid.references:
        yield r"\midrule"
    for line in grid.references:
        yield _row(line, width)


def _row(line: tuple[Entry, ...], width: int) -> str:
    cells = [_cell(entry) for entry in line]
    left = width - len(line)
    if left:
        cells[-1] = rf"\multicolumn{{{left + 1}}}{{l@{{}}}}{{{cells[-1]}}}"
    return " & ".join(cells) + r" \\"


def _cell(entry: Entry) -> str:
    text = escaped(entry.text)
    if entry.emphasis == "best":
        text = rf"\textbf{{{text}}}"
    elif entry.emphasis == "second":
        text = rf"\underline{{{text}}}"
    if entry.interval:
        low, high = map(escaped, entry.interval)
        text += rf"\srbenchci{{{low}}}{{{high}}}"
    if entry.spread:
        text += rf"\,{{\scriptsize {escaped(entry.spread)}}}"
    return text + _marks(entry.notes)


def _marks(notes: Iterable[int]) -> str:
    numbers = ",".join(map(str, notes))
    return rf"\textsuperscript{{{numbers}}}" if numbers else ""


def _notes(notes: Iterable[str]) -> Iterator[str]:
    for place, note in enumerate(notes, start=1):
        yield rf"\textsuperscript{{{place}}}\,{_prose(note)}\par"
