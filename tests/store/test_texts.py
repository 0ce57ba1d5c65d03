"""Texts from outside: what a terminal or a page would obey is shown as a code, and nothing is without end."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from srbench.contract.method import Method
from srbench.store.texts import LONGEST_LOG, LONGEST_REASON, brief, each, own_documentation, tail, visible

ANY_TEXT = st.text(st.characters(exclude_categories=()))
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_no_control_or_direction_character_and_no_half_of_one_is_left() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        turns = unicodedata.bidirectional(character) in TURNING or character in "\u200e\u200f\u061c"
        harmful = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or turns
        if character not in "\n\t" and harmful:
            assert visible(character).startswith("\\") and visible(character).isascii(), hex(number)


def test_codes_are_those_that_programmers_write() -> None:
    assert visible("\x1b[31mred\x00 \x9b \u202egnp.exe \ud83d") == r"\x1b[31mred\x00 \x9b \u202egnp.exe \ud83d"


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], include_characters="\n\t\u200d")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(ANY_TEXT)
def test_whatever_is_kept_can_be_written_and_is_made_visible_once(text: str) -> None:
    visible(text).encode()
    assert visible(visible(text)) == visible(text)
    assert brief(brief(text)) == brief(text)
    assert tail(tail(text)) == tail(text)


@given(st.integers(0, 3 * LONGEST_REASON), st.sampled_from("a\x1b\u202e"))
def test_a_long_text_keeps_its_beginning_and_a_long_log_its_end(length: int, character: str) -> None:
    start, end = brief("Why: " + character * length), tail(character * length + "\nlast", 100)
    assert len(start) <= LONGEST_REASON and start.startswith("Why: ")
    assert len(end) <= 100 and end.endswith("\nlast")
    assert len(tail("x" * (LONGEST_LOG + 1))) == LONGEST_LOG


def test_nested_data_is_changed_down_to_its_keys() -> None:
    assert each({"a": ["b", 1, None, {"c": ("d",)}]}, str.upper) == {"A": ["B", 1, None, {"C": ["D"]}]}


def test_what_a_class_inherits_is_not_its_documentation() -> None:
    class Silent(Method):
        def upscale(self, lr: object, scale: int) -> object: ...  # type: ignore[override]

    class Telling(Silent):
        """It tells.

        And more.
        """

    @dataclass
    class Facts:
        number: int

    assert own_documentation(Silent) == own_documentation(Facts) == ""
    assert own_documentation(Telling) == "It tells.\n\nAnd more."
