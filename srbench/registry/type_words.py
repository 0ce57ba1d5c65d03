"""Types of parameters, and what is wrong with a value, in the words of a matrix file."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import msgspec

from srbench.errors import nearest


@dataclass(frozen=True, eq=False)
class Choices:
    """Beside a type in `Annotated`: the value is one of these names, alone or with its parameters, and given whole."""

    kinds: Mapping[str, type]


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
    inner, found = _inside(type_, value, where)
    place = f" (at {where.replace('`', '').replace('$.', '').removeprefix('$').removeprefix('.')})" if where else ""
    choices, named = _choices(inner), re.fullmatch("Invalid enum value '(.*)'", words)
    if choices and words.startswith("Invalid enum value"):
        found = named[1] if named else found
        hint = nearest(found, choices) if isinstance(found, str) else f" There are: {', '.join(choices)}."
        return f"unknown value {found!r}{place}.{hint}"
    if (unknown := re.fullmatch("Object contains unknown field `(.*)`", words)) and (fields := _fields(inner)):
        return f"unknown key {unknown[1]!r}{place}.{nearest(unknown[1], fields)}"
    words = re.sub(
        r"`([^`]*)`", lambda found: " or ".join(_WORDS.get(word, word) for word in found[1].split(" | ")), words
    )
    return f"{words[0].lower()}{words[1:]}{place}"


def _inside(type_: Any, value: Any, where: str) -> tuple[Any, Any]:
    """The type and the value at a place that msgspec names; `Any` and None where that cannot be followed.

    Of the key of a mapping only the type is found.
    """
    for name, index in re.findall(r"\.(\w+)|\[([^]]*)\]", where):
        arms = [type_, *_arms(type_)]
        fields = {key: kind for arm in arms for key, kind in _fields(arm).items()}
        items = [kind for arm in arms if get_origin(arm) in (list, dict, tuple) for kind in get_args(arm)]
        items = [kind for kind in items if kind is not ...]
        try:
            type_ = fields[name] if name else items[min(int(index), len(items) - 1) if index.isdecimal() else -1]
            value = value[name or int(index)] if (name or index.isdecimal()) else None
        except (LookupError, TypeError):
            return Any, None
    if where.startswith("`key`"):
        return next((get_args(arm)[0] for arm in (type_, *_arms(type_)) if get_origin(arm) is dict), Any), None
    return type_, value


def _arms(type_: Any) -> list[Any]:
    """The types that a type is a union of, or stands for."""
    return [one for part in get_args(type_) for one in (part, *_arms(part))] if _is_several(type_) else []


def _is_several(type_: Any) -> bool:
    return get_origin(type_) in (typing.Union, types.UnionType, typing.Annotated)


def _fields(type_: Any) -> dict[str, Any]:
    """The types of the keys of a mapping with fixed ones, by name."""
    kinds = [one for one in (type_, *_arms(type_)) if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    return {field.encode_name: field.type for kind in kinds for field in msgspec.structs.fields(kind)}


def given_whole(type_: Any) -> bool:
    """Whether a value of this type wins over another as a whole, and not key by key."""
    return any(isinstance(part, Choices) or given_whole(part) for part in get_args(type_))


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
    if origin is typing.Annotated and isinstance(arguments[1], Choices):
        return " | ".join(map(repr, arguments[1].kinds))
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
