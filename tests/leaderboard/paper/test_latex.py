"""LaTeX, read back by another library, and compiled by TeX itself."""

from __future__ import annotations

import shutil
import string
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.latexwalker import LatexEnvironmentNode, LatexWalker

from srbench.leaderboard.paper.grid import Entry, Grid, Head
from srbench.leaderboard.paper.latex import LONGEST, escaped, latex

PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern,booktabs,graphicx,longtable}
\pagestyle{empty}
\begin{document}
"""
HEADS = (Head("Rank"), Head("Method"), Head("PSNR, dB", "up", (1,)), Head("LPIPS", "down"))


# What the library does not know of LaTeX's own names of characters.
KNOWN = get_default_latex_context_db()
NAMES = {"textless": "<", "textgreater": ">", "textbar": "|", "textasciicircum": "^", "textquotedbl": '"'} | {
    "textperiodcentered": "·"
}
KNOWN.add_context_category("names", [MacroTextSpec(name, sign) for name, sign in NAMES.items()], prepend=True)


def read(text: str) -> str:
    reader = LatexNodes2Text(keep_comments=False, strict_latex_spaces=False, latex_context=KNOWN)
    return reader.latex_to_text(text, tolerant_parsing=False)


def printed(text: str) -> str:
    """The text but for how much white space there is."""
    return " ".join(text.split())


def line(rank: str, name: str, *entries: Entry) -> tuple[Entry, ...]:
    return (Entry(rank), Entry(name), *entries)


def grid(name: str = "net", rows: int = 1, caption: str = "A caption.", notes: tuple[str, ...] = ("One.",)) -> Grid:
    scored = line(
        "1",
        name,
        Entry("30.5", ("29.0", "32.0"), notes=(1, 2), emphasis="best"),
        Entry("−0.1", spread="± 0.3", emphasis="second"),
    )
    return Grid(caption, HEADS, (scored,) * rows, (line("ceiling", "HR", Entry("∞"), Entry("–")),), notes)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"])))
@example("a--b---c,,d``e''f?`g!`")
@example(r"50 % of $x_1^2$ & {more} #1 ~ \textbf{x} [*] <b> |")
@example(string.printable)
def test_text_is_the_same_when_it_is_read(text: str) -> None:
    seen = text.replace("\x0b", "\\x0b").replace("\x0c", "\\x0c").replace("\r", "\\x0d")
    assert printed(read(escaped(text)).replace("…", "...")) == printed(seen.replace("…", "..."))


@given(st.text(min_size=1))
def test_whatever_a_method_is_called_the_table_has_its_rows_and_columns(name: str) -> None:
    text = latex(replace(grid(name), notes=(name,)), "label", name)
    nodes, _, _ = LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    (table,) = (node for node in nodes if node.isNodeType(LatexEnvironmentNode))
    assert table.environmentname == "table"
    rows = [row for row in text.splitlines() if row.endswith(r" \\")]
    assert len(rows) == 3
    for row in rows:
        assert row.replace(r"\&", "").count("&") == len(HEADS) - 1


def test_emphasis_intervals_footnotes_and_arrows() -> None:
    text = latex(grid(notes=("Say `run x_1`.",)), "x4-y", "Board, sha256:ab")
    assert r"1 & net & \textbf{30.5}\srbenchci{29.0}{32.0}\textsuperscript{1,2} & " in text
    assert r"\underline{$-$0.1}\,{\scriptsize $\pm$ 0.3} \\" in text
    assert r"Rank & Method & PSNR, dB $\uparrow$\textsuperscript{1} & LPIPS $\downarrow$ \\" in text
    assert r"\midrule" "\n" r"ceiling & HR & $\infty$ & -- \\" in text
    assert r"\textsuperscript{1}\,Say \texttt{run x\_1}.\par" in text
    assert r"\label{tab:x4-y}" in text and text.startswith("% Board, sha256:ab\n")


def test_a_line_that_says_why_there_is_nothing_goes_to_the_end() -> None:
    text = latex(replace(grid(), lines=(line("–", "net", Entry("incomplete", notes=(1,))),)), "t", "")
    assert r"-- & net & \multicolumn{2}{l@{}}{incomplete\textsuperscript{1}} \\" in text


def test_long_tables_go_on_on_the_next_page_with_their_heads() -> None:
    text = latex(grid(rows=LONGEST), "t", "")
    assert r"\begin{longtable}" in text and r"\endhead" in text and "booktabs,longtable" in text
    assert "longtable" not in latex(grid(rows=LONGEST - 1), "t", "")


def test_letters_that_pdflatex_lacks_are_told_in_a_comment() -> None:
    (told,) = (row for row in latex(grid("网 é"), "t", "").splitlines() if "LuaLaTeX" in row)
    assert told.startswith("%") and told.endswith(" has 网")
    assert "LuaLaTeX" not in latex(grid("é ∞ − – × ±"), "t", "")


@pytest.fixture(scope="module")
def compiled(missing: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """What pdflatex prints of something that stands in a document."""
    for program in ("pdflatex", "pdftotext"):
        if shutil.which(program) is None:
            missing(
                f"{program} is not installed: apt-get install texlive-latex-base texlive-latex-recommended lmodern "
                "poppler-utils"
            )

    def run(body: str, fits: bool = False) -> str:
        folder = tmp_path_factory.mktemp("tex")
        (folder / "t.tex").write_text(f"{PREAMBLE}{body}\n\\end{{document}}\n", encoding="utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
        log = (folder / "t.log").read_bytes()
        assert b"Missing character" not in log and not (fits and b"Overfull" in log)
        shown = subprocess.run(["pdftotext", "-raw", "t.pdf", "-"], cwd=folder, capture_output=True, check=True)
        return shown.stdout.decode()

    return run


def test_tables_are_compiled_and_print_every_character(compiled: Callable[[str], str]) -> None:
    hostile = string.punctuation + " a--b ``c'' d,,e ?` é ß ± × · ° µ"
    notes = (f"`{string.ascii_letters}_&` {hostile}",)
    whole = latex(grid(hostile, caption=f"50 % of {hostile}", notes=notes), "a", "")
    long = latex(grid(hostile, rows=LONGEST + 20), "b", "")
    text = printed(compiled(f"{whole}\n{long}"))
    shown = hostile.replace("'", "’")
    assert text.replace("'", "’").count(printed(shown)) >= 2 + LONGEST + 20
    assert "30.5 [29.0, 32.0]" in text and "−0.1 ± 0.3" in text and "∞" in text


def test_a_wide_table_is_made_as_wide_as_the_line_and_a_narrow_one_stays(compiled: Callable[..., str]) -> None:
    entries = [Entry("30.52", ("29.01", "32.03"))] * 12
    heads = (*HEADS[:2], *(Head(f"Metric {place}, dB", "up") for place in range(12)))
    wide = Grid("Wide.", heads, (line("1", "a network of some name", *entries),))
    text = compiled(latex(wide, "wide", "") + latex(grid(), "narrow", ""), fits=True)
    assert text.count("30.52") == 12 and "Metric 11, dB" in printed(text)


def test_intervals_can_be_left_out(compiled: Callable[[str], str]) -> None:
    text = compiled(r"\newcommand{\srbenchci}[2]{}" + latex(grid(), "a", ""))
    assert "30.5" in text and "29.0" not in text
