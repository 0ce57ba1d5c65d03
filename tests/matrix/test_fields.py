"""Values of one kind: what fits is returned, what does not is a fault at its place and a stand-in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.matrix.fields import Fields, is_safe
from srbench.matrix.nodes import Mistake, Node
from srbench.matrix.yaml_nodes import read_nodes

Read = Callable[[Fields, Node], Any]
READERS: dict[str, Read] = {
    "items": lambda fields, node: [item.value for item in fields.items(node, "seeds")],
    "name": lambda fields, node: fields.name(node, "`name`"),
    "line": lambda fields, node: fields.line(node, "`title`"),
    "choice": lambda fields, node: fields.choice(node, "`precision`", ("32", "bf16")),
    "truth": lambda fields, node: fields.truth(node, "`compile`"),
    "positive": lambda fields, node: fields.positive(node, "`seconds`"),
    "whole": lambda fields, node: fields.whole(node, "`seeds`", least=0),
    "keys": lambda fields, node: list(fields.keys(node, ("on", "budget"), "`train`") or "none"),
}


def read(reader: str, text: str) -> tuple[Any, list[Mistake]]:
    """What a reader gives of `- TEXT`, and what it finds wrong."""
    root, problems = read_nodes(f"- {text}")
    assert root is not None and isinstance(root.value, list)
    return READERS[reader](Fields(problems), root.value[0]), problems


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        ("items", "[3, a]", [3, "a"]),
        ("name", "srcnn-x4.b_2", "srcnn-x4.b_2"),
        ("name", "'2024'", "2024"),
        ("line", "Ümläute <b>", "Ümläute <b>"),
        ("choice", "bf16", "bf16"),
        ("choice", "32", "32"),
        ("truth", "true", True),
        ("truth", "false", False),
        ("positive", "1e-3", 0.001),
        ("positive", "7", 7),
        ("whole", "0", 0),
        ("whole", "2e4", 20000),
        ("keys", "{budget: 1, on: 2}", ["budget", "on"]),
    ],
)
def test_what_fits_is_returned(reader: str, text: str, value: Any) -> None:
    found, problems = read(reader, text)
    assert (found, problems) == (value, [])
    assert type(found) is type(value) or reader == "positive"


@pytest.mark.parametrize(
    ("reader", "text", "stand_in", "message"),
    [
        ("items", "[]", [], "expected a list of seeds, found an empty list"),
        ("items", "3", [], "expected a list of seeds, found the number 3; write [3]"),
        ("name", "2024", "", "`name`: expected text, found the number 2024; put it in quotes"),
        ("name", "a/b", "a/b", "`name`: 'a/b' will not do as a name; use letters"),
        ("name", "[a]", "", "`name`: expected text, found a list"),
        ("line", '"a\\nb"', "", "`title`: expected one line of text"),
        ("line", "'  '", "", "`title`: expected one line of text"),
        ("choice", "16", None, "`precision`: expected one of 32, bf16; found the number 16"),
        ("truth", "yes", False, "`compile`: expected true or false, found the text 'yes'"),
        ("positive", "0", None, "`seconds`: expected a number above 0, found the number 0"),
        ("positive", ".inf", None, "`seconds`: expected a number above 0"),
        ("positive", "true", None, "found the boolean true"),
        ("whole", "-1", None, "`seeds`: expected a whole number from 0 up, found the number -1"),
        ("whole", "1.5", None, "`seeds`: expected a whole number from 0 up"),
        ("whole", f"1{'0' * 400}", None, "expected a whole number from 0 up"),
        ("keys", "{}", ["n", "o", "n", "e"], "expected `train` with keys out of on, budget; found an empty mapping"),
        ("keys", "{on: 1, bugdet: 2}", ["on"], "unknown key 'bugdet'. Did you mean 'budget'?"),
    ],
)
def test_what_does_not_fit_is_a_fault_at_its_place(reader: str, text: str, stand_in: Any, message: str) -> None:
    found, (problem,) = read(reader, text)
    assert found == stand_in
    assert message in problem.message
    assert (problem.line, problem.column) == (1, 11 if "bugdet" in text else 3)


@given(st.text(max_size=12))
def test_a_safe_name_is_one_folder_on_every_system(name: str) -> None:
    if is_safe(name):
        assert Path("a", name).name == name
        assert name.isascii() and name.isprintable() and name[0] not in ".-_"
        assert not set(name) & set('/\\:*?"<>| ')


@pytest.mark.parametrize(
    ("name", "safe"), [("a", True), ("a" * 100, True), ("a" * 101, False), ("", False), ("é", False)]
)
def test_ends_of_what_is_a_safe_name(name: str, safe: bool) -> None:
    assert is_safe(name) is safe
