"""What a matrix file holds: values that know their line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Scalar = str | int | float | bool | None

# YAML 1.2.2, section 10.3.2, the core schema. (To ruamel.yaml 1_000 is a number too, and 2024-01-01 a date.)
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Mistake:
    """Something wrong in a file. line and column count from 1; both are 0 when the file as a whole is meant."""

    line: int
    column: int
    message: str


@dataclass(frozen=True)
class Node:
    """A value and its place; line and column count from 1.

    value: a scalar, typed by YAML's core schema; a list; or a mapping in the order of the file, from the text of each
    key to the nodes of key and value. text: a scalar as it is written, without quotes.
    """

    line: int
    column: int
    value: Scalar | list[Node] | dict[str, KeyValue] = None
    text: str = ""

    def problem(self, message: str) -> Mistake:
        """Something wrong at this place."""
        return Mistake(self.line, self.column, message)


KeyValue = tuple[Node, Node]


def typed(text: str) -> Scalar:
    """The value of a scalar without quotes, by the core schema. Raises ValueError for an int of over 4300 digits."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "")) if _NOT_FINITE.fullmatch(text) else text


def plain(node: Node) -> Any:
    """The node as Python values: dict, list, str, int, float, bool, None."""
    if isinstance(node.value, dict):
        return {key.value: plain(value) for key, value in node.value.values()}
    return [plain(item) for item in node.value] if isinstance(node.value, list) else node.value


def describe(node: Node) -> str:
    """What a node is, in words, for messages that say what was found."""
    if isinstance(node.value, dict):
        return "a mapping (`key: value`)" if node.value else "an empty mapping"
    if isinstance(node.value, list):
        return "a list" if node.value else "an empty list"
    if isinstance(node.value, str):
        return f"the text {shorten(node.value)!r}"
    if node.value is None:
        return "nothing"
    return f"the {'boolean' if isinstance(node.value, bool) else 'number'} {shorten(node.text)}"


def shorten(text: str) -> str:
    """The first 60 characters of a text at most, for messages."""
    return text if len(text) <= 60 else f"{text[:57]}..."
