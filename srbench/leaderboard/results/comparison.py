"""How entrants are judged: by the scores of images, which are paired, or by values of whole sets, one a seed.

A task names the one that judges its entrants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from srbench.leaderboard.results.results import Entrant, Result
from srbench.leaderboard.results.setvalues import set_scores, set_value
from srbench.leaderboard.results.standings import Scores, Standings
from srbench.leaderboard.results.values import Notes, Value, mean_value, scores_by_image
from srbench.statistics.comparison import Comparison, compare
from srbench.statistics.intervals import FEW_SEEDS
from srbench.statistics.over_seeds import rank_by_seeds

Cells = Mapping[Entrant, Sequence[Result]]


class Judging(Protocol):
    """What turns the cells of a table into numbers, and these into a comparison."""

    def scores(self, cells: Cells, metric: str, datasets: Sequence[str]) -> Scores | None:
        """The numbers of the entrants that have all of them; None where nobody has."""

    def compare(self, scores: Scores, higher_is_better: bool) -> Comparison:
        """Order, ranks, values and differences."""

    def value(
        self,
        standings: Standings,
        entrant: Entrant,
        results: Sequence[Result],
        datasets: Sequence[str],
        notes: Notes,
    ) -> Value:
        """What the table shows of an entrant that is compared."""

    def amount(self, results: Sequence[Result], standings: Sequence[Standings]) -> tuple[int, int]:
        """How many images an entrant's values rest on, and how many independent ones. standings: those it is in."""

    def is_order_alone(self, seeds: int) -> bool:
        """Whether with so many seeds ranks are the order of the values, untested."""


class ByImage:
    """By image: an image's score is its mean over seeds, and differences are paired by image."""

    def scores(self, cells: Cells, metric: str, datasets: Sequence[str]) -> Scores | None:
        """The scores of images."""
        return scores_by_image(cells, metric, datasets)

    def compare(self, scores: Scores, higher_is_better: bool) -> Comparison:
        """The comparison by signed ranks."""
        return compare(np.stack(scores.values), scores.datasets, scores.units, higher_is_better=higher_is_better)

    def value(
        self,
        standings: Standings,
        entrant: Entrant,
        results: Sequence[Result],
        datasets: Sequence[str],
        notes: Notes,
    ) -> Value:
        """The mean over images."""
        return mean_value(standings, entrant, notes)

    def amount(self, results: Sequence[Result], standings: Sequence[Standings]) -> tuple[int, int]:
        """The images that are compared, infinite scores included."""
        counts = [(one.comparison.total_images, one.comparison.total_units) for one in standings]
        return max(counts, default=(0, 0))

    def is_order_alone(self, seeds: int) -> bool:
        """Never: the images are tested."""
        return False


class BySeed:
    """By seed: a set of samples has one value a seed, and seeds of two generators have nothing to do with another.

    For tables of one dataset: values of sets are not averaged over datasets.
    """

    def scores(self, cells: Cells, metric: str, datasets: Sequence[str]) -> Scores | None:
        """The values of sets, one a seed."""
        return set_scores(cells, metric)

    def compare(self, scores: Scores, higher_is_better: bool) -> Comparison:
        """The comparison by Welch's test."""
        return rank_by_seeds(scores.values, higher_is_better=higher_is_better)

    def value(
        self,
        standings: Standings,
        entrant: Entrant,
        results: Sequence[Result],
        datasets: Sequence[str],
        notes: Notes,
    ) -> Value:
        """The mean over seeds."""
        return set_value(standings, entrant, results, datasets, notes)

    def amount(self, results: Sequence[Result], standings: Sequence[Standings]) -> tuple[int, int]:
        """The samples of one seed."""
        samples = max((len(result.record.images) for result in results if result.record), default=0)
        return samples, samples

    def is_order_alone(self, seeds: int) -> bool:
        """Whether ranks are the order of the values: with few seeds there is nothing to test."""
        return seeds < FEW_SEEDS
