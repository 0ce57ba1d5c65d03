"""The one comparison behind order, ranks, values, differences and findings: entrants compared in one metric."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.words.numerals import half_width
from srbench.statistics.bootstrap import Array
from srbench.statistics.comparison import Comparison
from srbench.statistics.intervals import Interval
from srbench.statistics.ranking import Rank

YARDSTICK = "bicubic"
"""The method that super-resolution is held against, in the papers and here, wherever it takes part."""


@dataclass(frozen=True)
class Division:
    """What divides images into subgroups, their class or the site they are from.

    names: of the subgroups, in order. of: the subgroup of each image, None where it is in none.
    """

    by: str
    names: tuple[str, ...]
    of: tuple[str | None, ...]


@dataclass(frozen=True)
class Scores:
    """One metric's numbers of the entrants that have all of them, an array each: by image, or by seed.

    datasets, units: of images, the dataset of each, and what it belongs to there: its group, or itself.
    """

    entrants: tuple[Entrant, ...]
    values: tuple[Array, ...]
    datasets: tuple[str, ...] = ()
    units: tuple[Hashable, ...] = ()
    divisions: tuple[Division, ...] = ()

    def of(self, entrant: Entrant) -> Array:
        """One entrant's numbers."""
        return self.values[self.entrants.index(entrant)]


@dataclass(frozen=True)
class Standings:
    """Entrants compared in one metric; the only place where they are."""

    metric: str
    label: str
    unit: str
    higher_is_better: bool
    scores: Scores
    comparison: Comparison

    @cached_property
    def entrants(self) -> tuple[Entrant, ...]:
        """The entrants, best first."""
        return tuple(self.scores.entrants[row] for row in self.comparison.order)

    @cached_property
    def first(self) -> tuple[Entrant, ...]:
        """The entrants that nobody is better than; no two of them can be told apart."""
        return tuple(entrant for entrant in self.entrants if self.rank(entrant).low == 1)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The datasets that are in no number of it: of a single unit, alone among larger ones."""
        return tuple(map(str, self.comparison.left_out))

    @property
    def leader(self) -> Entrant | None:
        """The one that is better than every other."""
        best = self.entrants[0]
        return best if self.rank(best) == Rank(1, 1) and len(self.entrants) > 1 else None

    @property
    def leader_p(self) -> float:
        """The p of leading: the largest of the leader's pairs, after Holm's correction; 1 where nobody leads."""
        if self.leader is None:
            return 1.0
        row = self._row(self.leader)
        return float(np.delete(self.comparison.p[row], row).max())

    @property
    def yardstick(self) -> Entrant | None:
        """What the others are held against: bicubic, else the matrix's first method that needs no training."""
        untrained = [one for one in self.entrants if one.trained_on is None and not one.elsewhere]
        named = [entrant for entrant in untrained if entrant.method == YARDSTICK]
        return min(named or untrained, key=lambda entrant: entrant.slot, default=None)

    @property
    def held_against(self) -> Entrant:
        """What entrants are held against in turn: the yardstick, else the best."""
        return self.yardstick or self.entrants[0]

    @cached_property
    def gaps(self) -> Mapping[Entrant, Interval]:
        """Each entrant's difference to the yardstick."""
        yardstick = self.yardstick
        others = [entrant for entrant in self.entrants if yardstick is not None and entrant != yardstick]
        return {entrant: self.difference(entrant, yardstick) for entrant in others if yardstick is not None}

    @cached_property
    def common(self) -> npt.NDArray[np.bool_]:
        """Which images are in every mean: those that no entrant scores infinity on, but for those that always do.

        Of scores of images only, not of seeds.
        """
        kept = np.array([name not in self.left_out for name in self.scores.datasets], dtype=np.bool_)
        finite = np.isfinite(np.stack(self.scores.values))
        partly = (finite & kept).any(axis=1)
        common: npt.NDArray[np.bool_] = finite[partly].all(axis=0) & partly.any() & kept
        return common

    @property
    def fineness(self) -> list[float]:
        """Half the widths of the differences to the best, which say how fine the values may be told."""
        best, *others = self.entrants
        return list(filter(None, (half_width(self.difference(other, best)) for other in others)))

    def __contains__(self, entrant: Entrant) -> bool:
        return entrant in self.scores.entrants

    def rank(self, entrant: Entrant) -> Rank:
        """Where an entrant may stand."""
        return self.comparison.ranks[self._row(entrant)]

    def value(self, entrant: Entrant) -> Interval:
        """An entrant's mean over the images that all have finite."""
        return self.comparison.values[self._row(entrant)]

    def difference(self, a: Entrant, b: Entrant) -> Interval:
        """The difference `a - b`, over the same images."""
        return self.comparison.difference(self._row(a), self._row(b))

    def ahead(self, a: Entrant, b: Entrant) -> Interval:
        """How much better the first is: positive where it is, whichever direction the metric has."""
        return self.difference(a, b) if self.higher_is_better else self.difference(b, a)

    def beats(self, a: Entrant, b: Entrant) -> bool:
        """Whether the first is better than the second for certain enough."""
        return bool(self.comparison.better[self._row(a), self._row(b)])

    def told_apart(self, a: Entrant, b: Entrant) -> bool:
        """Whether one of the two is better than the other for certain enough."""
        return self.beats(a, b) or self.beats(b, a)

    def tied(self, entrant: Entrant) -> list[Entrant]:
        """The entrants that cannot be told apart from this one, best first."""
        return [other for other in self.entrants if other != entrant and not self.told_apart(entrant, other)]

    def identical(self, entrant: Entrant) -> int:
        """How many images of an entrant are identical to HR."""
        return self.comparison.identical(self._row(entrant))

    def infinitely_bad(self, entrant: Entrant) -> int:
        """How many images of an entrant score the worst there is."""
        worst = -math.inf if self.higher_is_better else math.inf
        return int((self._compared(entrant) == worst).sum())

    def infinite(self, entrant: Entrant) -> float | None:
        """The infinity that an entrant scores everywhere, if it does."""
        scores = np.unique(self._compared(entrant))
        return float(scores[0]) if len(scores) == 1 and math.isinf(scores[0]) else None

    def _compared(self, entrant: Entrant) -> Array:
        compared: Array = self.scores.of(entrant)[[name not in self.left_out for name in self.scores.datasets]]
        return compared

    def _row(self, entrant: Entrant) -> int:
        return self.scores.entrants.index(entrant)
