"""What all figures share: the page's colours and no others, ids of their own, the same bytes for the same figure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.figures import drawing as drawing_module
from srbench.leaderboard.figures.drawing import (
    BAD,
    COLOURS,
    INK,
    MARKERS,
    Drawn,
    as_svg,
    below,
    colour_of,
    drawing,
    lay_out,
    lengthen,
    light,
    readable_decades,
    short_name,
    symbol_of,
)


def drawn(name: str = "figure") -> Drawn:
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


def test_as_a_file_it_stands_alone_in_the_colours_of_the_light_page() -> None:
    figure = drawn("one")
    text = figure.svg().decode()
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("font-family") == "sans-serif"
    assert "var(" not in text and figure.name == "one"
    assert set(re.findall(r"#[0-9a-f]{6}", text)) == {
        light()[name] for name in re.findall(r"var\((--\w+)\)", str(figure))
    }
    assert "font-family:" not in text and 'href="http' not in text


def test_light_colours_are_those_that_the_style_sheet_gives_first() -> None:
    assert (light()["--paper"], len([name for name in light() if name[2] == "m"])) == ("#ffffff", COLOURS)


def numbers(colour: str) -> bytes:
    """A colour as PDF has it, to three digits."""
    return b" ".join(f"{int(colour[place : place + 2], 16) / 255:.3f}".encode() for place in (1, 3, 5))


def test_as_pdf_it_has_these_colours_and_no_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(drawing_module._STYLE, "pdf.compression", 0)
    with drawing(height=2) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], "o", color=colour_of(3))
        axes.plot([0, 1], [1, 0], "o", color=colour_of(2), fillstyle="none")
        axes.scatter([0, 1], [0, 1], c=[colour_of(4), colour_of(5)])
        axes.fill_between([0, 1], [0, 1], color=BAD)
        axes.bar([0], [1], color=colour_of(6), edgecolor=INK)
        shown = as_svg(figure, "one", "Title", "Words")
    pdf = shown.pdf()
    found = {
        b" ".join(f"{float(part):.3f}".encode() for part in found)
        for found in re.findall(rb"([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+(?:rg|RG)\b", pdf)
    }
    names = ("--m2", "--m3", "--m4", "--m5", "--m6", "--bad", "--ink", "--line")
    assert {numbers(light()[name]) for name in names} <= found
    assert not {numbers(stand_in) for stand_in in (INK, BAD, *map(colour_of, range(COLOURS)))} & found


def test_as_pdf_its_text_is_text_and_the_same_figure_has_the_same_bytes() -> None:
    first, again = drawn("one").pdf(), drawn("one").pdf()
    assert first == again and first.startswith(b"%PDF-")
    assert b"/FontFile2" in first and b"CreationDate" not in first


def test_letters_that_the_font_lacks_make_no_noise(recwarn: pytest.WarningsRecorder) -> None:
    with drawing(height=2) as figure:
        figure.add_subplot().set_title("网络")
        as_svg(figure, "one", "Title", "Words").pdf()
    assert [str(one.message) for one in recwarn] == []


@pytest.mark.parametrize(("low", "high"), [(0.028, 0.061), (3.0, 4.1), (150.0, 420.0)])
def test_within_a_decade_ticks_are_few_and_not_none(low: float, high: float) -> None:
    with drawing(height=2) as figure:
        axes = figure.add_subplot()
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        readable_decades(axes.xaxis, (low, high))
        assert 2 <= len([place for place in axes.xaxis.get_majorticklocs() if low <= place <= high]) <= 5


def test_zero_has_a_tick_that_no_other_comes_near() -> None:
    with drawing(height=2) as figure:
        axes = figure.add_subplot()
        axes.set_xscale("log")
        axes.set_xlim(1e3, 1e8)
        readable_decades(axes.xaxis, (1e3, 1e8), 3e3)
        said = [axes.xaxis.get_major_formatter()(place, 0) for place in axes.xaxis.get_majorticklocs()]
        assert said[0] == "0" and "1 M" in said and "10,000" not in said


def test_room_below_moves_nothing_that_is_there() -> None:
    with drawing(height=2) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1])
        below(figure, "words")
        lay_out(figure)
        before = axes.get_window_extent().extents
        (text,) = figure.texts
        height = text.get_window_extent().y0
        assert lengthen(figure, 36) == 36
        assert figure.get_size_inches()[1] == pytest.approx(2.5)
        assert axes.get_window_extent().extents == pytest.approx(list(before + np.array([0, 36, 0, 36])))
        assert text.get_window_extent().y0 == pytest.approx(height + 36)
