"""A cell, one point of the matrix, and its key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

SCHEMA = 2
"""Raised when a change of srbench itself changes numbers; part of every key."""


def digest(ingredients: Any) -> str:
    """The sha256 of canonical JSON: sorted keys, no spaces, shortest floats."""
    text = json.dumps(ingredients, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


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

    @property
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
