"""Texts that came from outside (plugins, logs, error messages, file names), made fit to be kept and shown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_REASON = 500
"""The most of a reason, a note or a warning, in characters."""
LONGEST_LOG = 1 << 16
"""The most of the end of a log that a record keeps, in characters."""

# Besides what a terminal obeys: what turns the direction of writing or shows nothing at all, and halves of characters,
# which no file can hold. Joiners and the soft hyphen belong to words.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text with codes (`\\x1b`, `\\u202e`) for control and direction characters; lines and tabs stay."""
    return _UNSEEN.sub(_code, text)


def _code(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def brief(text: str, limit: int = LONGEST_REASON) -> str:
    """The text as `visible` shows it, cut where it is longer than `limit`."""
    shown = visible(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 2] + " …"


def tail(text: str, limit: int = LONGEST_LOG) -> str:
    """The end of a log as `visible` shows it, not longer than `limit`."""
    shown = visible(text[-limit - 1 :])
    return shown if len(shown) <= limit else "… " + shown[2 - limit :]


def own_documentation(kind: type) -> str:
    """What a class says of itself: not what it inherits, and not the signature that dataclasses write."""
    text = inspect.cleandoc(vars(kind).get("__doc__") or "")
    return "" if text.startswith(f"{kind.__name__}(") else text


def each(value: Any, change: Callable[[str], str]) -> Any:
    """Every string in nested plain data, keys among them, changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {each(name, change): each(part, change) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [each(part, change) for part in value]
    return value
