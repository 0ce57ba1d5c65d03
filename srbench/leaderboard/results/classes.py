"""Entrants compared within each class of a dataset's images, where they have labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from srbench.leaderboard.results.comparison import ByImage
from srbench.leaderboard.results.standings import Scores, Standings


def by_class(standings: Standings) -> dict[str, Standings]:
    """The same entrants in the same metric within each class, by label, sorted; empty for fewer than two classes."""
    labels = standings.scores.labels
    classes = sorted({label for label in labels if label is not None})
    inside = {name: np.array([label == name for label in labels]) for name in classes if len(classes) > 1}
    return {name: _within(standings, chosen) for name, chosen in inside.items()}


def _within(standings: Standings, chosen: npt.NDArray[np.bool_]) -> Standings:
    scores, places = standings.scores, np.flatnonzero(chosen).tolist()
    part = Scores(
        scores.entrants,
        tuple(values[chosen] for values in scores.values),
        tuple(scores.datasets[place] for place in places),
        tuple(scores.units[place] for place in places),
        tuple(scores.labels[place] for place in places),
    )
    return replace(standings, scores=part, comparison=ByImage().compare(part, standings.higher_is_better))
