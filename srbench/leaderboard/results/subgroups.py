"""Entrants compared within each subgroup of a dataset's images: by class, site, device."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from srbench.leaderboard.results.comparison import ByImage
from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.standings import Division, Scores, Standings
from srbench.leaderboard.words.numerals import listing
from srbench.statistics.comparison import unit_differences
from srbench.statistics.heterogeneity import heterogeneity
from srbench.statistics.intervals import FEW_UNITS, units_of


def by_subgroup(standings: Standings) -> dict[str, dict[str, Standings]]:
    """The same entrants in the same metric within each subgroup, by what divides the images and by name.

    What leaves fewer than two subgroups divides nothing.
    """
    found = {division.by: _inside(division) for division in standings.scores.divisions}
    return {
        by: {name: _within(standings, chosen) for name, chosen in inside.items()}
        for by, inside in found.items()
        if len(inside) > 1
    }


def _inside(division: Division) -> dict[str, npt.NDArray[np.bool_]]:
    """Which images are in each subgroup, of those that have any."""
    return {name: np.array([other == name for other in division.of]) for name in division.names if name in division.of}


def _within(standings: Standings, chosen: npt.NDArray[np.bool_]) -> Standings:
    scores, places = standings.scores, np.flatnonzero(chosen).tolist()
    part = Scores(
        scores.entrants,
        tuple(values[chosen] for values in scores.values),
        tuple(scores.datasets[place] for place in places),
        tuple(scores.units[place] for place in places),
    )
    return replace(standings, scores=part, comparison=ByImage().compare(part, standings.higher_is_better))


@dataclass(frozen=True)
class Interaction:
    """Whether differences depend on the subgroup. p: that each entrant's difference to what it is held against is alike
    in all of them, uncorrected. untested: why there is no p, in words.
    """

    p: Mapping[Entrant, float] = field(default_factory=dict)
    untested: str = ""


def interaction(standings: Standings, by: str) -> Interaction:
    """The test of a division, for one that `by_subgroup` has.

    It counts units that lie in one subgroup whole, and subgroups that hold enough of them. What entrants are held
    against is the yardstick, or else the best.
    """
    against = standings.held_against
    division = next(one for one in standings.scores.divisions if one.by == by)
    of_units: dict[Hashable, set[str | None]] = {}
    for unit, name in zip(standings.scores.units, division.of, strict=True):
        of_units.setdefault(unit, set()).add(name)
    whole = [next(iter(names)) if len(names) == 1 else None for names in of_units.values()]
    counts = {name: whole.count(name) for name in division.names if name in division.of}
    few = [name for name, count in counts.items() if count < FEW_UNITS]
    if len(counts) - len(few) < 2:
        return Interaction(untested=_too_few(standings, few, any(len(names) > 1 for names in of_units.values())))
    kept = [place for place, name in enumerate(whole) if name is not None and name not in few]
    units = units_of(len(division.of), None, standings.scores.units)
    found = {}
    for entrant in standings.entrants:
        if entrant != against:
            a, b = (standings.scores.of(one)[None] for one in (entrant, against))
            gaps = unit_differences(a, b, units)[0]
            found[entrant] = heterogeneity(gaps[kept], [whole[place] for place in kept])
    return Interaction(found)


def _too_few(standings: Standings, few: list[str], crossing: bool) -> str:
    comparison = standings.comparison
    what = "group" if comparison.total_units < comparison.total_images else "image"
    that = " that lie in no other" if crossing else ""
    return f"fewer than {FEW_UNITS} {what}s{that} in {listing(few)}"
