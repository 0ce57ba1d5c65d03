"""Values of whole sets, one a seed: what generators are ranked by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from srbench.leaderboard.results.results import Entrant, Result
from srbench.leaderboard.results.standings import Scores, Standings
from srbench.leaderboard.results.values import Notes, Value, is_scored, without_images
from srbench.statistics.bootstrap import Array


def set_scores(cells: Mapping[Entrant, Sequence[Result]], metric: str) -> Scores | None:
    """The values of the entrants that have one of every cell, by seed."""
    found: dict[Entrant, Array] = {}
    for entrant, results in cells.items():
        if not all(result.ok and is_scored(result, metric) for result in results):
            continue
        values = [result.scores[metric].get(None) for result in results]
        known = [value for value in values if value is not None and math.isfinite(value)]
        if len(known) == len(results):
            found[entrant] = np.array(known)
    return Scores(tuple(found), tuple(found.values())) if found else None


def set_value(
    standings: Standings, entrant: Entrant, results: Sequence[Result], datasets: Sequence[str], notes: Notes
) -> Value:
    """The mean over seeds with its interval where there are enough of them.

    What belongs beside a set metric's value (its spread, the numbers of images and of features) stays there.
    """
    interval = standings.value(entrant)
    beside = without_images(results, standings.metric, datasets, notes)
    return replace(beside, number=interval.estimate, interval=interval)
