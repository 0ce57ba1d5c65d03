"""What all figures share: the page's colours and no others, ids of their own, the same bytes for the same figure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.figures.drawing import (
    BAD,
    COLOURS,
    INK,
    MARKERS,
    as_svg,
    colour_of,
    drawing,
    readable_decades,
    short_name,
    symbol_of,
)


def drawn(name: str = "figure") -> str:
    with drawing(height=2) as figure:
        axes = figure.add_subplot()
        for slot in range(COLOURS):
            axes.plot([0, 1], [slot, slot], color=colour_of(slot), label=f"a & {slot}")
        axes.axvline(0.5, color=BAD)
        axes.axvline(0.2, color=INK)
        return as_svg(figure, name, "Title <b>", "Words & more")


def test_every_colour_is_a_variable_of_the_page() -> None:
    svg = drawn()
    assert set(re.findall(r"#[0-9a-fA-F]{6}", svg)) == set()
    assert {f"var(--m{slot})" for slot in range(COLOURS)} | {"var(--ink)", "var(--bad)", "var(--line)"} <= set(
        re.findall(r"var\(--\w+\)", svg)
    )


def test_it_is_an_element_of_its_size_with_words_for_who_does_not_see_it() -> None:
    root = ElementTree.fromstring(drawn("one"))
    assert root.get("viewBox") == "0 0 324 144"  # 4.5 x 2 inches of 72 units
    assert [root.findtext(tag) for tag in ("title", "desc")] == ["Title <b>", "Words & more"]
    assert root.get("aria-labelledby") == "one-title one-desc"


def test_references_follow_ids_and_no_id_is_of_another_figure() -> None:
    svg = drawn("one")
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert len(ids) == len(set(ids)) and all(one.startswith("one-") for one in ids)
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg)) <= set(ids)


def test_the_same_figure_has_the_same_bytes_whatever_was_drawn_before() -> None:
    import matplotlib

    first = drawn()
    with matplotlib.rc_context({"font.size": 30}):
        assert drawn() == first


def test_88_methods_have_a_look_of_their_own() -> None:
    assert len({(colour_of(slot), symbol_of(slot)) for slot in range(COLOURS * len(MARKERS))}) == 88
    assert colour_of(COLOURS) == colour_of(0)


@given(st.text(max_size=40))
def test_names_in_figures_are_short_and_cut_ones_say_so(name: str) -> None:
    short = short_name(name)
    assert len(short) <= 22
    assert short == name or (short.endswith("…") and name.startswith(short[:-1]) and len(name) > 22)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.9, 21, ["1", "2", "5", "10", "20"]), (1, 20_000, ["1", "10", "100", "1,000", "10,000"])],
)
def test_ticks_are_plain_numbers_and_within_two_decades_also_between(low: float, high: float, ticks: list[str]) -> None:
    with drawing(height=2) as figure:
        axes = figure.add_subplot()
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        readable_decades(axes.yaxis, (low, high))
        places = [place for place in axes.yaxis.get_majorticklocs() if low <= place <= high]
        assert [axes.yaxis.get_major_formatter()(place, 0) for place in places] == ticks
