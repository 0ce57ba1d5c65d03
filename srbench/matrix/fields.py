"""Values of one kind out of the file's nodes: numbers, names, choices, lists, keys."""

from __future__ import annotations

import math
import re
from typing import TypeVar

from srbench.errors import nearest
from srbench.matrix.nodes import KeyValue, Mistake, Node, describe, shorten

Text = TypeVar("Text", bound=str)

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SAFE_WORDS = "letters, digits, `.`, `_`, `-`, the first a letter or digit, 100 at most"


def is_safe(name: str) -> bool:
    """Whether a name will do as that of a folder, and in a cell's label."""
    return _SAFE.fullmatch(name) is not None


class Fields:
    """Reads values. One that is wrong is noted in `problems`, with its place, and a stand-in returned.

    what: the value in the words of messages, such as "`name`".
    """

    def __init__(self, problems: list[Mistake]) -> None:
        self._problems = problems

    def fault(self, node: Node, message: str) -> None:
        """Note what is wrong at this place."""
        self._problems.append(node.problem(message))

    def keys(self, node: Node, valid: tuple[str, ...], what: str) -> dict[str, KeyValue] | None:
        """The pairs of a mapping by key, unknown keys left out; None when it is no mapping, or empty."""
        if not isinstance(node.value, dict) or not node.value:
            self.fault(node, f"expected {what} with keys out of {', '.join(valid)}; found {describe(node)}")
            return None
        for text, (key, _) in node.value.items():
            if text not in valid:
                self.fault(key, f"unknown key {shorten(text)!r}.{nearest(shorten(text), valid)}")
        return {text: pair for text, pair in node.value.items() if text in valid}

    def items(self, node: Node, what: str) -> list[Node]:
        """The items of a list that has some."""
        if isinstance(node.value, list) and node.value:
            return node.value
        hint = f"; write [{shorten(node.text)}]" if node.text and node.value is not None else ""
        self.fault(node, f"expected a list of {what}, found {describe(node)}{hint}")
        return []

    def name(self, node: Node, what: str) -> str:
        """A name that is safe as a folder and in a cell's label."""
        if not isinstance(node.value, str):
            quotes = "; put it in quotes" if node.text and node.value is not None else ""
            self.fault(node, f"{what}: expected text, found {describe(node)}{quotes}")
            return ""
        if not is_safe(node.value):
            self.fault(node, f"{what}: {shorten(node.value)!r} will not do as a name; use {_SAFE_WORDS}")
        return node.value

    def line(self, node: Node, what: str) -> str:
        """One line of any text."""
        if not isinstance(node.value, str) or not node.value.strip() or not node.value.isprintable():
            self.fault(node, f"{what}: expected one line of text, found {describe(node)}")
            return ""
        return node.value

    def word(self, node: Node, what: str) -> str:
        """A scalar as it is written, without spaces: a name or number that somebody else gave."""
        if not isinstance(node.value, str | int | float) or not re.fullmatch(r"[!-~]+", node.text):
            self.fault(node, f"{what}: expected a name without spaces, found {describe(node)}")
            return ""
        return node.text

    def choice(self, node: Node, what: str, choices: tuple[Text, ...]) -> Text | None:
        """One of these words; a number that reads as one of them will do."""
        found = next((choice for choice in choices if choice == node.text), None)
        if found is None:
            self.fault(node, f"{what}: expected one of {', '.join(choices)}; found {describe(node)}")
        return found

    def truth(self, node: Node, what: str) -> bool:
        """True or false."""
        if not isinstance(node.value, bool):
            self.fault(node, f"{what}: expected true or false, found {describe(node)}")
        return node.value is True

    def number(self, node: Node, what: str) -> float | None:
        """A finite number."""
        number = _number(node)
        if number is None:
            self.fault(node, f"{what}: expected a number, found {describe(node)}")
        return number

    def positive(self, node: Node, what: str) -> float | None:
        """A finite number above 0."""
        number = _number(node)
        if number is None or number <= 0:
            self.fault(node, f"{what}: expected a number above 0, found {describe(node)}")
            return None
        return number

    def whole(self, node: Node, what: str, least: int = 1) -> int | None:
        """A whole number from `least` up; 1e4 is one, too."""
        number = _number(node)
        if number is None or number < least or not number.is_integer():
            self.fault(node, f"{what}: expected a whole number from {least} up, found {describe(node)}")
            return None
        return int(number)


def _number(node: Node) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return None
    try:
        number = float(node.value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
