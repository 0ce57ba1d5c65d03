"""Numbers and lists in words: at the borders where a reader would be misled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.leaderboard.words.numerals import (
    MINUS,
    amount_words,
    count,
    decimals_of,
    duration,
    flat,
    half_width,
    in_words,
    listing,
    metric_label,
    number,
    plural,
    significant,
    slug,
    warranted_decimals,
)
from srbench.statistics.intervals import Interval


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [
        (-0.5, 2, "−0.50"),
        (-0.0, 1, "0.0"),
        (-0.004, 2, "0.00"),
        (1234567.891, 1, "1,234,567.9"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "−∞"),
        (math.nan, 2, "not a number"),
        (0.999, 2, "1.00"),
        (7, 0, "7"),
    ],
)
def test_numbers_have_a_true_minus_and_no_negative_zero(value: float, decimals: int, said: str) -> None:
    assert number(value, decimals) == said


@given(st.floats(-1e5, 1e5), st.integers(0, 6))
def test_a_number_reads_back_to_half_a_unit_of_its_last_digit(value: float, decimals: int) -> None:
    said = number(value, decimals, signed=True)
    read = float(said.replace("−", "-").replace(",", ""))
    assert abs(read - value) <= 0.5 * 10**-decimals + 1e-9
    assert (said[0] == "+", said[0] == "−") == (read > 0, read < 0)


@given(st.floats(1e-8, 1e3))
def test_the_last_digit_of_a_column_hides_a_sixth_of_the_interval_at_most_and_a_digit_less_would_hide_more(
    half: float,
) -> None:
    decimals = decimals_of(half)
    rounding = 0.5 * 10.0**-decimals
    assert decimals == 0 or rounding <= half / 6 * (1 + 1e-9) < 10 * rounding * (1 + 1e-6)


@pytest.mark.parametrize(
    ("widths", "values", "decimals"),
    [
        ([0.5], [30.0], 1),
        ([0.02], [30.0], 2),
        ([0.5, 0.02, 0.0, math.inf, math.nan], [30.0], 2),
        ([0.00001], [30.0], 2),
        ([0.00001], [0.9], 4),
        ([], [30.0], 2),
        ([], [0.9], 4),
        ([], [], 4),
        ([], [math.inf, -10.0], 2),
        ([0.0], [math.nan], 4),
        ([120.0], [5000.0], 0),
    ],
)
def test_decimals_are_those_of_the_narrowest_interval_or_the_habit(
    widths: list[float], values: list[float], decimals: int
) -> None:
    assert warranted_decimals(widths, values) == decimals


def test_half_of_an_interval_that_has_ends() -> None:
    assert half_width(Interval(2.0, 1.0, 4.0, 9, 9)) == 1.5
    assert half_width(Interval(2.0, None, None, 3, 3)) is None


@pytest.mark.parametrize(
    ("of", "value", "said"),
    [
        (significant, 0.3749, "0.37"),
        (significant, 12, "12"),
        (significant, 1449, "1,400"),
        (significant, 0, "0"),
        (significant, 99.6, "100"),
        (significant, -0.012, "−0.012"),
        (significant, math.inf, "∞"),
        (duration, 0, "0 s"),
        (duration, 0.42, "0.42 s"),
        (duration, 41, "41 s"),
        (duration, 119.4, "119 s"),
        (duration, 120, "2.0 min"),
        (duration, 750, "12 min"),
        (duration, 7200, "2.0 h"),
        (duration, 172800, "2.0 days"),
        (count, 0, "0"),
        (count, 812, "812"),
        (count, 57_281, "57 k"),
        (count, 1_500_000, "1.5 M"),
        (count, 999_499, "999 k"),
        (count, 999_500, "1.0 M"),
        (count, 2.5e12, "2500 G"),
        (in_words, 0, "no"),
        (in_words, 3, "three"),
        (in_words, 10, "ten"),
        (in_words, 11, "11"),
        (in_words, 1100, "1,100"),
        (in_words, -1, "-1"),
    ],
)
def test_costs_times_and_counts_have_the_digits_that_people_read(
    of: Callable[[Any], str], value: float, said: str
) -> None:
    assert of(value) == said


def test_one_is_singular_and_nothing_else_is() -> None:
    assert [plural(value, "image") for value in (0, 1, 2, 1000)] == ["0 images", "1 image", "2 images", "1,000 images"]
    assert plural(2, "class", "classes") == "2 classes"
    assert amount_words(41, 9) == "41 images in 9 independent groups"
    assert amount_words(41, 1, "sample") == "41 samples in 1 independent group"
    assert amount_words(1, 1) == "1 image"


def test_lists_have_one_word_before_the_last() -> None:
    lists: list[list[str]] = [[], ["a"], ["a", "b"], ["a", "b", "c"]]
    assert [listing(words) for words in lists] == ["", "a", "a and b", "a, b and c"]
    assert listing(["a", "b"], "or") == "a or b"


def test_a_metric_is_printed_as_its_board_says_and_of_old_boards_short_parts_are_acronyms() -> None:
    labels = {"psnr": "PSNR", "psnr-lesion": "PSNR-lesion", "mine": "mine"}
    assert [metric_label(name, labels) for name in (*labels, "other")] == ["PSNR", "PSNR-lesion", "mine", "other"]
    old = ["psnr", "ms-ssim", "fid-inception", "lr-consistency", "spectrum", ""]
    assert [metric_label(name, {}) for name in old] == [
        "PSNR",
        "MS-SSIM",
        "FID-inception",
        "LR-consistency",
        "spectrum",
        "",
    ]


@settings(max_examples=30)
@given(st.text(max_size=120))
def test_a_slug_is_safe_in_a_path_and_an_address_and_its_own(text: str) -> None:
    found = slug(text)
    assert found and len(found) <= 80 and found.isascii()
    assert all(character.isalnum() or character in "_-" for character in found)
    assert slug(found) == found or len(found) == 80


def test_a_slug_keeps_what_can_be_kept() -> None:
    assert [slug(text) for text in ("set5/x4 (y)", "../../etc", "ä", "", "__a__")] == [
        "set5-x4-y",
        "etc",
        "x",
        "x",
        "a",
    ]


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ({"a": {"b_c": 1, "d": {}}}, [("a b c", "1"), ("a d", "none")]),
        ({"a": msgspec.defstruct("Parts", [("b", int), ("c_d", bool)])(1, True)}, [("a b", "1"), ("a c d", "yes")]),
        ({"x": None, "y": "", "z": []}, [("x", "none"), ("y", "none"), ("z", "none")]),
        ({"x": True, "y": False}, [("x", "yes"), ("y", "no")]),
        ({"x": (1, [2, True])}, [("x", "1, 2, yes")]),
        ({"x": -3, "y": "-3"}, [("x", f"{MINUS}3"), ("y", "-3")]),
        ({"x": {"plateau": {}}}, [("x", "plateau")]),
        ({"x": {"steps": {"at": [0.5, 0.8], "to_what": 2}}}, [("x", "steps (at 0.5, 0.8; to what 2)")]),
        ({"x": ["flips", {"noise": {"sigma": 0.1}}, {"turns": {}}]}, [("x", "flips, noise (sigma 0.1), turns")]),
    ],
)
def test_nested_facts_are_pairs_of_words(value: dict[str, object], pairs: list[tuple[str, str]]) -> None:
    assert flat(value) == pairs
