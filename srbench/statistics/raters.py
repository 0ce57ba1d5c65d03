"""Whether a rater looked: what somebody who answers without looking would do as well.

Two kinds of answers can be checked. Of a catch trial the right answer is known. A repeated trial, with the sides
exchanged, should be answered as before. Both are held against chance by the binomial test (Clopper and Pearson, 1934,
one-sided): nobody who answers at random passes more often than once in twenty times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srbench.statistics.ranking import ALPHA


@dataclass(frozen=True)
class Check:
    """Answers that can be checked. right: how many were, of how many. chance: of being right without looking."""

    right: int
    of: int
    chance: float

    @property
    def p(self) -> float:
        """How probable it is to be right so often, or more often, without looking; 1 where nothing was checked."""
        from scipy.stats import binom  # slow to import

        return float(binom.sf(self.right - 1, self.of, self.chance))

    @property
    def passed(self) -> bool:
        """Whether that can be told from chance."""
        return self.p <= ALPHA

    @property
    def can_pass(self) -> bool:
        """Whether anybody could: of three coin flips nothing can be told."""
        return Check(self.of, self.of, self.chance).passed


def same_by_chance(answers: Sequence[str | int], turned: Mapping[str, str] | None = None) -> float:
    """How often two answers that a rater gives without looking are the same.

    answers: all that the rater gave. turned: what each becomes with the sides exchanged, where that is another.
    """
    counts = Counter(answers)
    total = counts.total()
    turned = turned or {}
    return (
        sum(number * counts[turned.get(str(answer), answer)] for answer, number in counts.items()) / (total or 1) ** 2
    )


def above_by_chance(answers: Sequence[int]) -> float:
    """How often the first of two marks that a rater gives without looking is above the second."""
    return (1 - same_by_chance(answers)) / 2
