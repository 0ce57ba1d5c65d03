"""How entrants are judged: by the scores of images, which are paired, or by values of whole sets, one a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from srbench.comparison import Comparison, compare
from srbench.leaderboard.results import Entrant, Result
from srbench.leaderboard.setvalues import set_scores, set_values
from srbench.leaderboard.values import Notes, Scores, Value, paired, scores_by_image, values_of
from srbench.protocol import Task
from srbench.seeds import rank_by_seeds, welch
from srbench.stats import FEW_SEEDS, Interval

Cells = Mapping[Entrant, Sequence[Result]]


class Judging(Protocol):
    """What turns the cells of a table into values, differences and ranks.

    Scores: one metric's numbers of the entrants that have all of them, by image or by seed.
    """

    def scores(self, cells: Cells, metric: str, datasets: Sequence[str]) -> Scores:
        """The complete entrants' numbers."""

    def values(
        self, cells: Cells, metric: str, scores: Scores, datasets: Sequence[str], notes: Notes
    ) -> dict[Entrant, Value]:
        """What the table shows of every entrant."""

    def differences(self, scores: Scores) -> list[Interval]:
        """Those to the first entrant: how fine the numbers of a column may be."""

    def rank(self, scores: Scores, higher_is_better: bool) -> Comparison:
        """The entrants in the order of the scores, ranked."""

    def pictures(self, results: Sequence[Result], scores: Sequence[Scores]) -> int:
        """On how many pictures an entrant's values rest."""

    def is_order_alone(self, seeds: int) -> bool:
        """Whether with so many seeds ranks are the order of the values, untested."""


class ByImage:
    """Super-resolution: an image's score is its mean over seeds, and differences are paired by image."""

    def scores(self, cells: Cells, metric: str, datasets: Sequence[str]) -> Scores:
        """By image."""
        return scores_by_image(cells, metric, datasets)

    def values(
        self, cells: Cells, metric: str, scores: Scores, datasets: Sequence[str], notes: Notes
    ) -> dict[Entrant, Value]:
        """Means over images; a set metric's value."""
        return values_of(cells, metric, scores, datasets, notes)

    def differences(self, scores: Scores) -> list[Interval]:
        """Paired."""
        first, *others = scores or (None,)
        return [paired(scores[other], scores[first]) for other in others] if first is not None else []

    def rank(self, scores: Scores, higher_is_better: bool) -> Comparison:
        """By signed ranks."""
        images = list(next(iter(scores.values())))
        matrix = np.array([[found[image] for image in images] for found in scores.values()])
        return compare(matrix, [dataset for dataset, _ in images], higher_is_better=higher_is_better)

    def pictures(self, results: Sequence[Result], scores: Sequence[Scores]) -> int:
        """The images with a score."""
        entrant = results[0].entrant
        return max((len(found[entrant]) for found in scores if entrant in found), default=0)

    def is_order_alone(self, seeds: int) -> bool:
        """Never: the images are tested."""
        return False


class BySeed:
    """Generation: a set of samples has one value a seed, and seeds of two generators have nothing to do with another.

    For tables of one dataset: values of sets are not averaged over datasets.
    """

    def scores(self, cells: Cells, metric: str, datasets: Sequence[str]) -> Scores:
        """By dataset and seed."""
        return set_scores(cells, metric)

    def values(
        self, cells: Cells, metric: str, scores: Scores, datasets: Sequence[str], notes: Notes
    ) -> dict[Entrant, Value]:
        """Means over seeds."""
        return set_values(cells, metric, scores, datasets, notes)

    def differences(self, scores: Scores) -> list[Interval]:
        """Of means, by Welch."""
        first, *others = [list(found.values()) for found in scores.values()] or [[]]
        return [welch(other, first).interval for other in others]

    def rank(self, scores: Scores, higher_is_better: bool) -> Comparison:
        """By Welch's test."""
        return rank_by_seeds([list(found.values()) for found in scores.values()], higher_is_better=higher_is_better)

    def pictures(self, results: Sequence[Result], scores: Sequence[Scores]) -> int:
        """The samples of one seed."""
        return max((len(result.record.images) for result in results if result.record), default=0)

    def is_order_alone(self, seeds: int) -> bool:
        """With few of them there is nothing to test."""
        return seeds < FEW_SEEDS


JUDGING: Mapping[Task, Judging] = {"super-resolution": ByImage(), "generation": BySeed()}
