"""Values of whole sets, one a seed: all of them or none, with Student's interval where there are enough."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from srbench.leaderboard.results.results import Entrant, Result
from srbench.leaderboard.results.setvalues import set_scores, set_value
from srbench.leaderboard.results.values import Notes
from srbench.leaderboard.tables.ranked import build_table

from ..genboard import MEANS, make_generation_board
from ..toyboard import Made, results_of


def cells_of(results: tuple[Result, ...]) -> dict[Entrant, list[Result]]:
    found: dict[Entrant, list[Result]] = {}
    for result in results:
        found.setdefault(result.entrant, []).append(result)
    return found


def sets(method: str, *values: float) -> list[Made]:
    return [
        Made("d", method, {"fid": {None: value}}, trained_on="t", seed=seed)  # type: ignore[dict-item]
        for seed, value in enumerate(values)
    ]


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_a_generator_with_a_seed_that_has_no_number_takes_no_part(bad: float) -> None:
    cells = cells_of(results_of([*sets("a", 1.0, 2.0), *sets("b", 3.0, bad)]).all)
    scores = set_scores(cells, "fid")
    assert scores is not None
    assert [(one.method, scores.of(one).tolist()) for one in scores.entrants] == [("a", [1.0, 2.0])]
    assert set_scores(cells, "kid") is None


def test_a_value_is_the_mean_over_seeds_with_students_interval_and_what_stands_beside_it(tmp_path: Path) -> None:
    board = make_generation_board(tmp_path, seeds=4, samples=4)
    results = board.results
    standings = build_table(results.scopes[0], results.metrics, "colour").standings["fid-a"]
    for entrant, own in cells_of(results.all).items():
        if entrant.method not in MEANS:
            assert entrant not in standings
            continue
        values = [board.values["colour", entrant.method, seed]["fid-a"] for seed in range(4)]
        value = set_value(standings, entrant, own, ["colour"], Notes())
        low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
        assert value.number == pytest.approx(np.mean(values))
        assert value.interval is not None
        assert (value.interval.low, value.interval.high) == (pytest.approx(low), pytest.approx(high))
        assert value.aside == "n 4, d 64, n < d"
