"""Markdown, shown by another library."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from srbench.leaderboard.paper.grid import Entry, Grid, Head
from srbench.leaderboard.paper.markdown import escaped, markdown

SHOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HEADS = (Head("Rank"), Head("Method"), Head("PSNR, dB", "up", (1,)))
LINE = (Entry("1"), Entry("net"), Entry("30.5", ("29.0", "32.0"), "± 0.3", (1, 2), "best"))


class Cells(HTMLParser):
    """The texts of the cells of a table, row by row, and all tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._inside = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"])))
@example("- a")
@example("1) a")
@example("--- a = b: c")
@example("+ 2. a")
@example("a | b `c` *d* _e_ [f](g) <h> &amp; ~~i~~ $j$ @k #1 1. x \\ ![l](m) http://n.o :p:")
def test_names_are_shown_as_they_are(name: str) -> None:
    page = SHOWN.render(markdown(Grid(name, HEADS, ((Entry("1"), Entry(name), Entry("2")),))))
    caption, found = page.partition("<table>")[0], Cells(page)
    assert " ".join(html.unescape(re.sub("</?p>", "", caption)).split()) == " ".join(name.split())
    assert [" ".join(cell.split()) for cell in found.rows[1]] == ["1", " ".join(name.split()), "2"]
    assert found.tags <= {"p", "table", "thead", "tbody", "tr", "th", "td", "sup"}


def test_emphasis_intervals_footnotes_and_arrows() -> None:
    page = SHOWN.render(markdown(Grid("50 % *of* it", HEADS, (LINE,), (), ("Say `run x_1`.",))))
    rows = Cells(page).rows
    assert rows == [["Rank", "Method", "PSNR, dB ↑1"], ["1", "net", "30.5 [29.0, 32.0] ± 0.31, 2"]]
    assert "<strong>30.5</strong>" in page and "<sup>1</sup> Say <code>run x_1</code>." in page
    assert html.unescape(re.sub("<.*?>", "", page.split("\n")[0])) == "50 % *of* it"


def test_a_line_that_says_why_there_is_nothing_is_filled_up() -> None:
    text = markdown(Grid("", HEADS, ((Entry("–"), Entry("incomplete")),)))
    assert text.splitlines()[-1] == "| – | incomplete |  |"
    assert escaped("a\n\tb") == "a b"
