"""Long tables: the page holds the first rows, a script the rest, and none is lost between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.tables.long import IN_PAGE, LongCell, LongHead, LongTable


def of(count: int) -> LongTable:
    heads = (LongHead("Name", "name"), LongHead("Number"))
    rows = [(LongCell(f"r{n}", href=f"{n}.html"), LongCell(f"{n} s", float(n))) for n in range(count)]
    return LongTable("t", "T", heads, rows, "t.js", "t.csv")


@given(st.integers(0, 3 * IN_PAGE))
def test_every_row_is_in_the_page_or_in_the_rest(count: int) -> None:
    table = of(count)
    assert len(table.in_page) == min(count, IN_PAGE)
    assert [row[0].text for row in table.in_page] + [row[0][0] for row in table.rest] == [f"r{n}" for n in range(count)]
    assert table.is_long == bool(table.rest)


def test_a_cell_is_packed_into_as_little_as_says_it() -> None:
    assert LongCell("ok").packed() == "ok"
    assert LongCell("4.0", 4.0).packed() == ["4.0", 4.0]
    assert LongCell("none", "").packed() == ["none", ""]  # sorts last
    assert LongCell("zero", 0.0).packed() == ["zero", 0.0]
    assert LongCell("a", href="a.html").packed() == ["a", None, "a.html"]
    assert LongCell("a", "a", aside="seen").packed() == ["a", "a", "", "seen"]
