"""A cell, one point of the matrix, and its key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

SCHEMA = 2
"""Raised when a change of srbench itself changes numbers; part of every key."""


class Fixed(dict[str, Any]):
    """Ingredients that do not change any more: their text is made once, however many keys they are part of."""

    @cached_property
    def text(self) -> str:
        """The canonical JSON."""
        return _canonical(self)


def digest(ingredients: Any) -> str:
    """The sha256 of canonical JSON: sorted keys, no spaces, shortest floats."""
    return hashlib.sha256(_text(ingredients).encode()).hexdigest()


_plain = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def _canonical(value: Any) -> str:
    if isinstance(value, Mapping) and any(isinstance(part, Fixed) for part in value.values()):
        members = (f"{_plain(name)}:{_text(value[name])}" for name in sorted(value))
        return f"{{{','.join(members)}}}"
    return _plain(value)


def _text(part: Any) -> str:
    if isinstance(part, Fixed):
        return part.text
    return repr(part) if type(part) is int else _canonical(part)  # for which json makes an encoder each time


def begun_with(ingredients: Mapping[str, Any]) -> str:
    """What a model's training went on or started from, in words; empty where it began anew."""
    words = (("went on from", gone_on_from(ingredients)), ("started from", started_from(ingredients)))
    return "; ".join(f"{began} {what}" for began, what in words if what)


def started_from(ingredients: Mapping[str, Any]) -> str:
    """The weights that a model's training started from, in words: `a model trained for 300 steps`. Empty where none.

    ingredients: of the model's key. Under `start` they hold the `sha256` of a file, or what `from` holds of a model.
    """
    start = ingredients.get("start")
    if not start:
        return ""
    if "model" not in start:
        return f"the weights in a file (sha256 {start['sha256'][:12]})"
    before = started_from(start)
    return f"a model trained for {_gone_on(start)}{before and f', which started from {before}'}"


def gone_on_from(ingredients: Mapping[str, Any]) -> str:
    """What a model's training went on from, in words: `20,000 steps`. Empty where it began anew.

    ingredients: of the model's key. Under `from` they hold the earlier `model` (its key), its `budget`, and its `from`.
    """
    earlier = ingredients.get("from")
    return _gone_on(earlier) if earlier else ""


def _gone_on(model: Mapping[str, Any]) -> str:
    budget = " and ".join(f"{amount:,.12g} {unit}" for unit, amount in model["budget"].items())
    before = gone_on_from(model)
    return f"{budget}, gone on from {before}" if before else budget


def earlier_models(ingredients: Mapping[str, Any]) -> Iterator[str]:
    """The keys of the models that a training went on or started from, and so on. ingredients: of its own model's key.

    The latest come first.
    """
    for name in ("from", "start"):
        earlier = ingredients.get(name)
        if earlier and "model" in earlier:
            yield earlier["model"]
            yield from earlier_models(earlier)


@dataclass(frozen=True)
class Cell:
    """One point of the matrix.

    dataset, protocol, method, trained_on: the names they have in the matrix file. trained_on and seed are None where
    the method does not learn (and, for the seed, does not sample).
    ingredients: what the key is made of; equal ingredients mean an equal result, hardware aside.
    """

    dataset: str
    protocol: str
    method: str
    trained_on: str | None
    seed: int | None
    ingredients: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def key(self) -> str:
        """The sha256 of the ingredients: the cell's name in the store."""
        return digest(self.ingredients)

    @property
    def label(self) -> str:
        """The name for people and the command line: `set5/x4-y/srcnn/t91/0`."""
        parts = [self.dataset, self.protocol, self.method, self.trained_on, self.seed]
        return "/".join(str(part) for part in parts if part is not None)

    def point(self) -> dict[str, str | int | None]:
        """The coordinates, by name."""
        return {
            "dataset": self.dataset,
            "protocol": self.protocol,
            "method": self.method,
            "trained_on": self.trained_on,
            "seed": self.seed,
        }
