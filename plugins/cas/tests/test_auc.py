"""The area under the ROC curve, and its interval where cases belong together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score
from srbench_cas.auc import auc

scores = st.lists(st.integers(0, 8), min_size=1, max_size=30)


@given(scores, scores)
def test_the_area_is_that_of_scikit_learn_ties_included(some: list[int], others: list[int]) -> None:
    true = [1] * len(some) + [0] * len(others)
    found = auc(np.array(some, float), np.array(others, float), range(len(some)), [-1 - n for n in range(len(others))])
    assert found.value == pytest.approx(roc_auc_score(true, some + others))


def test_without_groups_the_interval_is_that_of_delong_on_the_logit() -> None:
    random = np.random.default_rng(0)
    some, others = random.normal(1, 1, 30), random.normal(0, 1, 40)
    found = auc(some, others, range(30), range(30, 70))
    wins = (some[:, None] > others[None, :]).astype(float)
    # DeLong 1988: variances of the placements of either kind.
    variance = wins.mean(1).var(ddof=1) / 30 + wins.mean(0).var(ddof=1) / 40
    half = norm.ppf(0.975) * math.sqrt(variance) / (found.value * (1 - found.value))
    middle = math.log(found.value / (1 - found.value))
    ends = tuple(1 / (1 + math.exp(-(middle + sign * half))) for sign in (-1, 1))
    assert found.interval == pytest.approx(ends, abs=1e-12)


def test_cases_of_one_patient_count_as_what_they_are() -> None:
    random = np.random.default_rng(1)
    some, others = random.normal(1, 1, 25), random.normal(0, 1, 25)
    once = auc(some, others, range(25), range(25, 50))
    tripled = auc(np.tile(some, 3), np.tile(others, 3), [*range(25)] * 3, [*range(25, 50)] * 3)
    assert tripled.value == pytest.approx(once.value)
    assert tripled.interval == pytest.approx(once.interval)


def test_intervals_of_grouped_cases_hold_the_truth() -> None:
    random = np.random.default_rng(2)
    true, held = norm.cdf(1 / math.sqrt(2 * 1.5)), 0
    groups = np.repeat(np.arange(40), 3)
    for _ in range(200):
        # What a group has in common is in its cases of both kinds; between groups it is noise.
        common = random.normal(0, math.sqrt(0.5), 40)[groups]
        some = common + random.normal(1, 1, 120)
        others = common + random.normal(0, 1, 120)
        low, high = auc(some, others, groups.tolist(), groups.tolist()).interval or (0, 0)
        held += low <= true <= high
    assert 0.9 <= held / 200 <= 0.99


def test_there_is_no_interval_where_nothing_says_how_wide() -> None:
    some, others = np.array([3.0, 4.0]), np.array([1.0, 2.0])
    assert auc(some, others, [0, 1], [2, 3]) == (1.0, None)
    assert auc(others, some, [0, 1], [2, 3]) == (0.0, None)
    assert auc(np.array([1.0, 3.0]), np.array([2.0, 0.0]), [0, 0], [1, 2]).interval is None
