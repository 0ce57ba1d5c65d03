"""What a training learns from, as its loop sees it: batches drawn at random, and a part that is held out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from srbench.training.data.pairs import Floats

Labels = npt.NDArray[np.int64]
Drawn = tuple[Floats, Floats, Labels]
"""LR `(N, C, p, p)`, HR `(N, C, p * scale, p * scale)`, both with white at 1, and labels, as `Batch` has them."""


class Held(Protocol):
    """Images that are held out, for stages to be validated on."""

    @property
    def ids(self) -> list[str]:
        """Their ids."""

    def count(self, label: str | None = None, /) -> int:
        """How many are looked at, of one class or of all."""

    def centres(self, side: int, multiple: int, label: str | None = None, /) -> Iterable[Drawn]:
        """The middle of each, alone: at most `side` LR pixels wide, and a multiple of `multiple`, if not whole."""


class Source(Protocol):
    """Images to learn from, in an order that depends on a seed alone."""

    def __len__(self) -> int:
        """How many there are: an epoch is as many drawn."""

    def hold_out(self) -> Held | None:
        """Take some of them away from training; None when there are too few."""

    def draw(self, count: int, patch: int, label: str | None = None, /) -> Drawn:
        """The next ones, `patch` LR pixels wide, of one class or of all."""

    def state(self) -> str:
        """Where the order stands, for `restore`."""

    def restore(self, state: str, /) -> None:
        """Continue the order from there."""
