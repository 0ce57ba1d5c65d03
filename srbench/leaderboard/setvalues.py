"""Values of whole sets, one a seed: what generators are ranked by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from srbench.leaderboard.results import Entrant, Result
from srbench.leaderboard.values import Image, Notes, Scores, Value, is_scored, values_of
from srbench.seeds import mean_over_seeds


def set_scores(cells: Mapping[Entrant, Sequence[Result]], metric: str) -> dict[Entrant, dict[Image, float]]:
    """The values of the entrants that have one of every cell, by dataset and seed."""
    found = {}
    for entrant, results in cells.items():
        if not all(result.ok and is_scored(result, metric) for result in results):
            continue
        values = {
            (result.planned.cell.dataset, f"seed {result.planned.cell.seed}"): result.scores[metric].get(None)
            for result in results
        }
        known = {place: value for place, value in values.items() if value is not None and math.isfinite(value)}
        if len(known) == len(results):
            found[entrant] = known
    return found


def set_values(
    cells: Mapping[Entrant, Sequence[Result]], metric: str, scores: Scores, datasets: Sequence[str], notes: Notes
) -> dict[Entrant, Value]:
    """The mean over seeds with its interval where there are enough of them, or why there is none.

    What belongs beside a set metric's value (its spread, the numbers of images and of features) stays there.
    """
    values = values_of(cells, metric, {}, datasets, notes)
    return {
        entrant: value.over(mean_over_seeds(list(scores[entrant].values()))) if entrant in scores else value
        for entrant, value in values.items()
    }
