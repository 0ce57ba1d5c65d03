"""Types of parameters, and what is wrong with a value, in the words of a matrix file."""

from __future__ import annotations

import re
import types
import typing
from typing import Any, Literal, get_args, get_origin

import msgspec

from srbench.errors import nearest

_WORDS = {
    "array": "a list",
    "object": "a mapping",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
}


def readable(message: str, type_: Any, value: Any) -> str:
    """A message of msgspec about a value that should be of this type, in words."""
    words, _, where = message.partition(" - at ")
    choices = _choices(type_)
    if choices and words.startswith("Invalid enum value") and not where:
        hint = nearest(str(value), choices) if isinstance(value, str) else f" There are: {', '.join(choices)}."
        return f"unknown value {value!r}.{hint}"
    words = re.sub(
        r"`([^`]*)`", lambda found: " or ".join(_WORDS.get(word, word) for word in found[1].split(" | ")), words
    )
    place = f" (at {where.strip('`').replace('`', '').removeprefix('$')})" if where else ""
    return f"{words[0].lower()}{words[1:]}{place}"


def _choices(type_: Any) -> list[str]:
    if get_origin(type_) is Literal:
        return [str(choice) for choice in get_args(type_)]
    return [choice for part in get_args(type_) for choice in _choices(part)]


def type_name(type_: Any) -> str:
    """A type as a person would write it: `int >= 1`, `'y' | 'rgb'`, `float | None`."""
    origin, arguments = get_origin(type_), get_args(type_)
    if type_ is types.NoneType:
        return "None"
    if type_ is Any:
        return "any"
    if origin is Literal:
        return " | ".join(repr(choice) for choice in arguments)
    if origin in (typing.Union, types.UnionType):
        return " | ".join(type_name(part) for part in arguments)
    if origin is typing.Annotated:
        return " ".join([type_name(arguments[0]), *map(_constraint, arguments[1:])]).rstrip()
    if origin is not None:
        inside = ", ".join("..." if part is ... else type_name(part) for part in arguments)
        return f"{getattr(origin, '__name__', origin)}[{inside}]"
    return type_.__name__ if isinstance(type_, type) else str(type_).replace("typing.", "")


def _constraint(extra: Any) -> str:
    if not isinstance(extra, msgspec.Meta):
        return ""
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "multiple_of": "multiple of"}
    bounds = [(sign, getattr(extra, name)) for name, sign in signs.items()]
    return ", ".join(f"{sign} {bound}" for sign, bound in bounds if bound is not None)
