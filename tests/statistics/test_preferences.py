"""Strengths from choices: against closed forms, another fit, and simulated raters whose preferences are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from srbench.statistics.intervals import FEW_UNITS, StatsError
from srbench.statistics.preferences import preferences

TRUE = np.array([1.2, 0.6, 0.1, -0.5, -1.4])


def simulated(
    rng: np.random.Generator, strengths: np.ndarray, raters: int, answers: int, ties: float = 0
) -> np.ndarray:
    """Choices between random pairs; as often as `ties` says, whatever the pair, the rater cannot tell."""
    choices = np.zeros((raters, len(strengths), len(strengths)))
    for own in choices:
        for _ in range(answers):
            a, b = rng.choice(len(strengths), 2, replace=False)
            if rng.random() < ties:
                own[a, b] += 0.5
                own[b, a] += 0.5
            else:
                first = rng.random() < 1 / (1 + math.exp(strengths[b] - strengths[a]))
                own[(a, b) if first else (b, a)] += 1
    return choices


def test_two_methods_differ_by_the_log_odds_of_their_choices_half_a_choice_added_to_each() -> None:
    choices = np.zeros((8, 2, 2))
    choices[:, 0, 1], choices[:, 1, 0] = 3, 1
    found = preferences(choices)
    assert found.difference(0, 1).estimate == pytest.approx(math.log(24.5 / 8.5), abs=1e-6)
    assert found.shares == (0.75, 0.25)
    assert (found.raters, found.answers, found.strengths[0].n, found.strengths[0].units) == (8, 32, 32, 8)


def test_it_is_the_maximum_of_the_likelihood_that_another_optimiser_finds() -> None:
    choices = simulated(np.random.default_rng(3), TRUE, 8, 50)
    wins = choices.sum(axis=0) + np.where(np.eye(5), 0, 4 / 10 / 2)

    def loss(strengths: np.ndarray) -> float:
        gaps = strengths[:, None] - strengths[None]
        return float((wins * np.logaddexp(0, -gaps)).sum()) + strengths.sum() ** 2

    best = minimize(loss, np.zeros(5), tol=1e-10).x
    assert [one.estimate for one in preferences(choices).strengths] == pytest.approx(best - best.mean(), abs=1e-4)


def test_the_order_of_simulated_raters_is_recovered_and_intervals_cover() -> None:
    rng = np.random.default_rng(1)
    truth = TRUE - TRUE.mean()
    found = [preferences(simulated(rng, TRUE, 10, 40)) for _ in range(120)]
    assert sum(one.order == (0, 1, 2, 3, 4) for one in found) >= 114
    covered = np.mean(
        [[i.low <= true <= i.high for i, true in zip(one.strengths, truth, strict=True)] for one in found]
    )
    assert 0.92 <= covered <= 0.98
    assert np.mean([[i.estimate for i in one.strengths] for one in found], axis=0) == pytest.approx(truth, abs=0.05)


def test_intervals_cover_where_raters_differ_and_those_that_count_answers_would_not() -> None:
    rng = np.random.default_rng(2)
    truth, covered, naively = math.log(2), 0, 0
    for _ in range(200):
        liked = rng.binomial(30, rng.beta(6, 3, size=10))
        choices = np.zeros((10, 2, 2))
        choices[:, 0, 1], choices[:, 1, 0] = liked, 30 - liked
        interval = preferences(choices).difference(0, 1)
        covered += interval.low <= truth <= interval.high
        share = liked.sum() / 300
        naively += abs(math.log(share / (1 - share)) - truth) <= 1.96 / math.sqrt(300 * share * (1 - share))
    assert 184 <= covered <= 199
    assert naively < 160


def test_alike_methods_share_ranks_and_one_that_is_better_stands_alone() -> None:
    found = preferences(simulated(np.random.default_rng(5), np.array([2.0, 0.0, 0.0]), 12, 60, ties=0.2))
    assert [str(rank) for rank in found.ranks] == ["1", "2-3", "2-3"]
    assert found.difference(1, 2).sign == 0


def test_a_tie_is_half_a_choice_of_either() -> None:
    choices = np.zeros((7, 2, 2))
    choices[:, 0, 1] = choices[:, 1, 0] = 0.5 * 6
    found = preferences(choices)
    assert found.difference(0, 1).estimate == pytest.approx(0)
    assert found.answers == 42


def test_what_is_always_chosen_has_a_finite_strength_and_is_named() -> None:
    choices = np.zeros((8, 3, 3))
    choices[:, 0, 1] = choices[:, 0, 2] = 4
    choices[:, 1, 2] = choices[:, 2, 1] = 2
    found = preferences(choices)
    assert found.unbounded == (0,)
    assert all(math.isfinite(one.estimate) for one in found.strengths)
    assert str(found.ranks[0]) == "1"


def test_few_raters_have_no_interval_and_no_ranks() -> None:
    found = preferences(simulated(np.random.default_rng(1), np.array([3.0, 0, -3]), FEW_UNITS - 1, 60))
    assert found.order == (0, 1, 2)
    assert {(one.low, one.high) for one in (*found.strengths, found.difference(0, 2))} == {(None, None)}
    assert {str(rank) for rank in found.ranks} == {"1-3"}


def test_a_rater_who_said_nothing_is_none() -> None:
    choices = simulated(np.random.default_rng(1), TRUE, 6, 30)
    assert preferences([*choices, np.zeros((5, 5))]).raters == 6


def test_methods_that_were_never_held_against_each_other_have_no_strengths() -> None:
    choices = np.zeros((8, 4, 4))
    choices[:, 0, 1] = choices[:, 2, 3] = choices[:, 1, 0] = choices[:, 3, 2] = 1
    with pytest.raises(StatsError, match="not all held against each other"):
        preferences(choices)
    with pytest.raises(StatsError, match="counts"):
        preferences(-choices)
    with pytest.raises(StatsError):
        preferences(np.zeros((3, 2, 2)))
