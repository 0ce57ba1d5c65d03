"""What metrics have in common that keep the features of every image."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

import srbench
from srbench import Reference

from ..feature_metric import PAIR, FeatureMetric, too_few
from ..features import Vector

if TYPE_CHECKING:
    from srbench import Source

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Score:
    """What images get, and what goes with it: `spread` and `further` as in `srbench.Details`."""

    value: float
    spread: float | None = None
    further: Mapping[str, float] = field(default_factory=dict)


class Gathering(FeatureMetric):
    """Keeps the features of every image.

    what: its name for people. least: the images that each of the sets it compares needs.

    Says nothing of d: what these metrics make of few images is uncertain, but not biased as a Frechet distance is.
    """

    compares: ClassVar[tuple[Source, ...]] = PAIR

    def __init__(self, extractor: str, what: str, least: int, reference: Reference = "test") -> None:
        super().__init__(extractor, reference)
        self._what, self._least = what, least
        self._vectors: dict[Source, list[Vector]] = {"generated": [], "real": [], "training": []}

    def _take(self, source: Source, vector: Vector, label: str | None) -> None:
        self._vectors[source].append(vector)

    def _count(self, source: Source, label: str | None) -> int:
        return len(self._vectors[source])

    def _counts(self) -> dict[Source, int]:
        return {source: len(self._vectors[source]) for source in self.compares}

    def _missing(self) -> srbench.Skip | None:
        return too_few(self._what, self._least, self._counts())

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The score, and what goes with it; skipped for too few images."""
        if missing := self._missing():
            return missing
        score = self._score(self._set("generated"))
        n = min(self._counts().values())
        details = srbench.Details(n=n, spread=score.spread, ceiling=self._ceiling(), further=score.further)
        return score.value, details

    def _ceiling(self) -> srbench.Estimate | None:
        n = len(self._vectors[self.ceiling_of])
        if n < self._least:
            return None
        score = self._score(self._set(self.ceiling_of))
        return srbench.Estimate(score.value, score.spread, n)

    @abstractmethod
    def _score(self, images: Vectors) -> Score:
        """Score features `(n, d)` in place of the generated ones."""

    def _set(self, source: Source) -> Vectors:
        return np.stack(self._vectors[source])
