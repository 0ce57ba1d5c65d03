"""The Hotelling observer finds what theory knows: the distance of two normal distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from srbench_downstream.observer import detectability

GROUPS, EACH = 60, 10
UNITS = np.repeat(np.arange(GROUPS), EACH).tolist()


def _cases(random: np.random.Generator, root: np.ndarray, shift: float | np.ndarray = 0.0) -> np.ndarray:
    return random.normal(size=(GROUPS * EACH, len(root))) @ root.T + shift


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_the_mahalanobis_distance_of_correlated_channels(seed: int) -> None:
    random = np.random.default_rng(seed)
    root, shift = random.normal(size=(5, 5)) + np.eye(5), random.normal(size=5)
    true = 2.0
    shift *= true / np.sqrt(shift @ np.linalg.solve(root @ root.T, shift))
    found = detectability(1e3 + _cases(random, root, shift), 1e3 + _cases(random, root), UNITS, UNITS)
    assert found is not None and found.interval is not None and found.area.interval is not None
    assert found.interval[0] <= true <= found.interval[1]
    assert found.interval[1] - found.interval[0] < 0.5
    # Of normal answers the area follows from the distance.
    assert found.area.interval[0] <= norm.cdf(true / np.sqrt(2)) <= found.area.interval[1]
    assert found.area.value == pytest.approx(norm.cdf(found.d / np.sqrt(2)), abs=0.02)


def test_intervals_hold_what_endlessly_many_cases_would_teach() -> None:
    random, held, missed = np.random.default_rng(0), 0, 0.0
    for _ in range(60):
        shift = np.array([1.5, 0, 0, 0])
        seen = random.normal(size=(2, 200, 4)) + np.stack([shift, 0 * shift])[:, None]
        units = [place // 5 for place in range(200)]
        found = detectability(seen[0], seen[1], units, units)
        assert found is not None and found.interval is not None
        held += found.interval[0] <= 1.5 <= found.interval[1]
        missed += (found.d - 1.5) / 60
    assert held >= 52
    assert -0.1 < missed < 0.01, "an observer that learned from few cases is a little below"


def test_where_there_is_no_signal_it_finds_none() -> None:
    random = np.random.default_rng(5)
    found = detectability(_cases(random, np.eye(4)), _cases(random, np.eye(4)), UNITS, UNITS)
    assert found is not None and found.interval is not None
    assert found.interval[0] <= 0 <= found.interval[1] + 0.1
    assert abs(found.d) < 0.25


def test_what_one_group_alone_has_teaches_nothing_about_the_others() -> None:
    random = np.random.default_rng(6)
    present, absent = (random.normal(size=(40, 30)) for _ in range(2))
    # More channels than cases: whoever is judged by what it learned from tells all of them.
    found = detectability(present, absent, range(40), range(40))
    assert found is not None
    assert abs(found.d) < 1


def test_few_groups_have_no_interval_and_one_no_value() -> None:
    random = np.random.default_rng(7)
    present, absent = random.normal(1, 1, (20, 2)), random.normal(0, 1, (20, 2))
    few = [place % 5 for place in range(20)]
    found = detectability(present, absent, few, few)
    assert found is not None and found.interval is None
    assert detectability(present, absent, [0] * 20, few) is None
    assert detectability(0 * present, 0 * absent, few, few) is None
