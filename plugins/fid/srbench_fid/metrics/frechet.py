"""Frechet distances between two sets, over all images and class by class."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench import Reference

from ..feature_metric import PAIR, FeatureMetric, too_few
from ..features import Vector
from ..frechet import frechet_between
from ..moments import Moments

if TYPE_CHECKING:
    from srbench import Need, Source


class _Normals:
    """The sets as normal distributions in feature space, all there is to know for a Frechet distance."""

    def __init__(self) -> None:
        self._moments: dict[Source, Moments] = {}

    def take(self, source: Source, vector: Vector) -> None:
        if source not in self._moments:
            self._moments[source] = Moments(len(vector))
        self._moments[source].update(vector[None])

    def count(self, source: Source) -> int:
        return self._moments[source].count if source in self._moments else 0

    def counts(self) -> dict[Source, int]:
        return {source: self.count(source) for source in PAIR}

    def distance(self, source: Source) -> float:
        """The distance from the real set."""
        return frechet_between(self._moments[source], self._moments["real"])

    @property
    def dim(self) -> int:
        return self._moments["real"].dim

    def ceiling(self) -> srbench.Estimate | None:
        n = self.count("training")
        return srbench.Estimate(self.distance("training"), n=n) if n >= 2 else None


class Fid(FeatureMetric):
    """Frechet distance between the features of two sets (FID, where the extractor is `inception`).

    Too large by an amount that grows as n falls: compare only values of equal n, and trust no small n against d.
    """

    shown_as = "FID"
    papers: ClassVar = (
        srbench.Paper(
            ("Heusel", "Ramsauer", "Unterthiner", "Nessler", "Hochreiter"),
            "GANs trained by a two time-scale update rule converge to a local Nash equilibrium",
            2017,
            conference="NeurIPS",
            arxiv="1706.08500",
        ),
    )
    higher_is_better = False
    range = (0.0, math.inf)

    def __init__(self, extractor: str = "inception", reference: Reference = "test") -> None:
        super().__init__(extractor, reference)
        self._sets = _Normals()

    def _take(self, source: Source, vector: Vector, label: str | None) -> None:
        self._sets.take(source, vector)

    def _count(self, source: Source, label: str | None) -> int:
        return self._sets.count(source)

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The distance, beside it the ceiling of generation; skipped for fewer than 2 images in either set."""
        if missing := too_few("FID", 2, self._sets.counts()):
            return missing
        n = min(self._sets.counts().values())
        details = srbench.Details(n=n, d=self._sets.dim, ceiling=self._sets.ceiling())
        return self._sets.distance("generated"), details


class ClassFid(FeatureMetric):
    """Frechet distance averaged over classes (CAFD): each class of one set against the same class of the other."""

    shown_as = "CAFD"
    higher_is_better = False
    range = (0.0, math.inf)
    needs: ClassVar[frozenset[Need]] = frozenset({"labels"})

    def __init__(self, extractor: str = "inception", reference: Reference = "test") -> None:
        super().__init__(extractor, reference)
        self._classes: dict[str, _Normals] = {}
        self._unlabelled = 0

    def _take(self, source: Source, vector: Vector, label: str | None) -> None:
        if label is None:
            self._unlabelled += 1
        else:
            self._classes.setdefault(label, _Normals()).take(source, vector)

    def _count(self, source: Source, label: str | None) -> int:
        return 0 if label is None or label not in self._classes else self._classes[label].count(source)

    def _missing(self) -> srbench.Skip | None:
        if self._unlabelled:
            return srbench.Skip(f"CAFD needs the class of every image; {self._unlabelled} came without")
        if not self._classes:
            return too_few("CAFD", 2, dict.fromkeys(PAIR, 0))
        few = sorted(label for label, sets in self._classes.items() if min(sets.counts().values()) < 2)
        if few:
            return srbench.Skip(
                f"CAFD needs at least 2 images of each class in each set; of {', '.join(few)} are fewer"
            )
        return None

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The mean distance; skipped where a class has fewer than 2 images in either set, or an image no class.

        Beside it the distance of each class, the images of the smallest class, and the ceiling of generation.
        """
        if missing := self._missing():
            return missing
        distances = {label: self._classes[label].distance("generated") for label in sorted(self._classes)}
        every = self._classes.values()
        details = srbench.Details(
            n=min(map(self._n, distances)),
            d=max(sets.dim for sets in every),
            ceiling=self._ceiling(),
            by_class={label: srbench.Estimate(one, n=self._n(label)) for label, one in distances.items()},
            ceiling_by_class=self._ceilings(),
            further={"classes": len(distances)},
        )
        return _mean(distances.values()), details

    def _n(self, label: str) -> int:
        return min(self._classes[label].counts().values())

    def _ceilings(self) -> dict[str, srbench.Estimate]:
        """The ceiling of each class that has enough images, by label."""
        found = {label: self._classes[label].ceiling() for label in sorted(self._classes)}
        return {label: ceiling for label, ceiling in found.items() if ceiling is not None}

    def _ceiling(self) -> srbench.Estimate | None:
        ceilings = self._ceilings()
        if len(ceilings) < len(self._classes):
            return None
        smallest = min(sets.count("training") for sets in self._classes.values())
        return srbench.Estimate(_mean(ceiling.value for ceiling in ceilings.values()), n=smallest)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
