"""Values of a file: typed by YAML's core schema, and named in words."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.matrix.nodes import Node, describe, plain, shorten, typed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("off", "off"),
        ("1e-4", 1e-4),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.inf", -math.inf),
        ("+.INF", math.inf),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("-3", -3),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("~", None),
        ("", None),
        ("True", True),
        ("tRUE", "tRUE"),
        ("=", "="),
        (".", "."),
        ("inf", "inf"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: Any) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_a_float(text: str) -> None:
    number = typed(text)
    assert isinstance(number, float) and math.isnan(number)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_as_python_writes_them(number: float) -> None:
    assert typed(repr(number)) == number
    assert type(typed(repr(number))) is type(number)


def test_a_number_that_python_refuses_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="digits"):
        typed("1" * 5000)


def leaf(value: Any, text: str = "") -> Node:
    return Node(1, 1, value, text)


TREE = leaf({"a": (leaf("a", "a"), leaf([leaf(1, "1"), leaf(None), leaf({}), leaf("x", "x")]))})


def test_nodes_as_python_values() -> None:
    assert plain(TREE) == {"a": [1, None, {}, "x"]}
    # A key is text to look it up, and keeps its own type as a value.
    assert plain(leaf({"1": (leaf(1, "1"), leaf(True, "true"))})) == {1: True}


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (TREE, "a mapping (`key: value`)"),
        (leaf({}), "an empty mapping"),
        (leaf([leaf(1)]), "a list"),
        (leaf([]), "an empty list"),
        (leaf("x", "x"), "the text 'x'"),
        (leaf(None), "nothing"),
        (leaf(True, "True"), "the boolean True"),
        (leaf(1000.0, "1E3"), "the number 1E3"),
        (leaf("x" * 99, "x" * 99), f"the text '{'x' * 57}...'"),
    ],
)
def test_what_was_found_in_words(node: Node, words: str) -> None:
    assert describe(node) == words


@given(st.text())
def test_texts_of_messages_are_60_characters_at_most(text: str) -> None:
    short = shorten(text)
    assert len(short) <= 60
    assert short == text or (short.endswith("...") and text.startswith(short[:-3]) and len(text) > 60)


def test_a_problem_is_at_the_place_of_its_node() -> None:
    problem = Node(3, 7).problem("odd")
    assert (problem.line, problem.column, problem.message) == (3, 7, "odd")
