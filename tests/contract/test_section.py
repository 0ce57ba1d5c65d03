"""What a section may say."""

from __future__ import annotations

import pytest

import srbench


def test_a_table_has_a_cell_for_every_head() -> None:
    assert srbench.Passage("Means", heads=("a", "b"), rows=((1, 2.5), ("x", None))).rows[1] == ("x", None)
    with pytest.raises(ValueError, match="a row of 'Means' has 1 cells; its table has 2"):
        srbench.Passage("Means", heads=("a", "b"), rows=((1,),))


def test_a_figure_has_words() -> None:
    with pytest.raises(ValueError, match="say in `alt` what it shows"):
        srbench.Passage("Curve", figure="<svg/>")


def test_a_section_says_nothing_unless_it_does() -> None:
    class Silent(srbench.Section):
        pass

    assert Silent().board(None) is None and Silent().method(None, "bicubic") is None
