"""Labelled pictures of one size, as a training learns from them: every pass sees each once, turned at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from srbench.training import EVERY_TURN, Drawn, turned

from .rows import Array

Indices = npt.NDArray[np.intp]


class Arrays(Protocol):
    """Arrays of one shape that can be taken by their numbers: `Rows`, or one array of numbers."""

    def __len__(self) -> int:
        """How many there are."""

    def take(self, indices: Indices, /) -> Array:
        """Some of them, `(len(indices), *shape)`."""


class Examples:
    """Square pictures with their labels, a source for `srbench.training`; LR of a batch is its HR.

    pictures: `(N, C, side, side)` with white at 1. labels: their classes `(N,)`, or their masks `(N, 1, side, side)`.
    held: those that are not learned from, `(N,)`. seed: of the order and the turns.
    """

    def __init__(
        self, pictures: Arrays, labels: Arrays, ids: Sequence[str], held: npt.NDArray[np.bool_], seed: int
    ) -> None:
        self._pictures, self._labels, self._ids, self._seed = pictures, labels, ids, seed
        self._learned, self._held = np.flatnonzero(~held), np.flatnonzero(held)
        self._drawn = 0

    def __len__(self) -> int:
        return len(self._learned)

    def take(self, indices: Indices) -> Drawn:
        """Some of them, as they are."""
        pictures = self._pictures.take(indices).astype(np.float32)
        return pictures, pictures, self._labels.take(indices).astype(np.int64)

    def hold_out(self) -> HeldExamples | None:
        """The ones that are not learned from, if there are any."""
        ids = [self._ids[place] for place in self._held.tolist()]
        return HeldExamples(self, ids, self._held) if ids else None

    def draw(self, count: int, patch: int, label: str | None = None) -> Drawn:
        """The next ones, each flipped and turned by quarters at random, its mask with it; whole and of all classes."""
        chosen, turns = (np.concatenate(parts) for parts in zip(*self._next(count), strict=True))
        pictures, _, labels = self.take(chosen)
        pictures = _turned(pictures, turns)
        return pictures, pictures, _turned(labels, turns) if labels.ndim == pictures.ndim else labels

    def _next(self, count: int) -> Iterator[tuple[Indices, Indices]]:
        """Places and turns of the next ones, pass by pass; those of a pass depend on the seed and its number alone."""
        passes, within = np.divmod(np.arange(self._drawn, self._drawn + count), len(self))
        self._drawn += count
        for number in range(passes[0], passes[-1] + 1):
            random = np.random.default_rng((self._seed, number))
            now = within[passes == number]
            yield random.permutation(self._learned)[now], random.choice(EVERY_TURN, len(self))[now]

    def state(self) -> str:
        """How many were drawn, for `restore`."""
        return str(self._drawn)

    def restore(self, state: str) -> None:
        """Continue after so many."""
        self._drawn = int(state)


def _turned(pictures: Array, turns: Indices) -> Array:
    """Pictures or masks `(N, C, side, side)`, each in its orientation."""
    pairs = zip(pictures.transpose(0, 2, 3, 1), turns, strict=True)
    return np.stack([turned(picture, int(turn)).transpose(2, 0, 1) for picture, turn in pairs])


@dataclass(frozen=True)
class HeldExamples:
    """The examples that are validated on, whole."""

    examples: Examples
    ids: list[str]
    places: Indices

    def count(self, label: str | None = None) -> int:
        """How many there are."""
        return len(self.ids)

    def centres(self, side: int, multiple: int, label: str | None = None) -> Iterator[Drawn]:
        """One after the other, as they are."""
        for place in self.places:
            yield self.examples.take(place[None])
