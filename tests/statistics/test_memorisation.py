"""Signs of memory against the rank-sum test by counting pairs, and against permutations."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from srbench.statistics.intervals import StatsError
from srbench.statistics.memorisation import compare_distances

distances = st.lists(st.integers(1, 40).map(lambda step: step / 100), min_size=1, max_size=30)


@given(distances, distances)
def test_the_rank_sum_test_counts_pairs_ties_included(made: list[float], real: list[float]) -> None:
    assume(len(set(made) | set(real)) > 1)
    nearer = sum((a < b) + (a == b) / 2 for a in made for b in real)
    pairs, total = len(made) * len(real), len(made) + len(real)
    tied = sum(count**3 - count for count in Counter(made + real).values()) / (total * (total - 1))
    z = (nearer - pairs / 2 - 0.5) / math.sqrt(pairs / 12 * (total + 1 - tied))
    found = compare_distances(made, real)
    assert found.nearer == pytest.approx(nearer / pairs)
    assert found.p_nearer == pytest.approx(math.erfc(z / math.sqrt(2)) / 2, rel=1e-9)


def test_distances_that_are_all_the_same_are_no_sign_of_memory() -> None:
    found = compare_distances([0.1] * 5, [0.1] * 3)
    assert (found.nearer, found.p_nearer) == (0.5, 1)


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_the_precedence_test_counts_the_arrangements(n: int, m: int, data: st.DataObject) -> None:
    below = data.draw(st.integers(0, n))
    made = [0.1] * below + [0.9] * (n - below)
    found = compare_distances(made, [0.5] * m)
    assert found.below == below
    # Of all ways to say which of the n + m are generated, those in which the first `below` are.
    assert found.p_below == pytest.approx(math.comb(n + m - below, m) / math.comb(n + m, m))


def test_a_generator_that_remembers_nothing_is_rarely_suspected() -> None:
    rng = np.random.default_rng(0)
    found = [compare_distances(rng.gamma(9, 0.01, 200), rng.gamma(9, 0.01, 80)) for _ in range(300)]
    assert sum(one.suspect for one in found) <= 18  # three signs, about one in a hundred each


def test_a_few_copies_among_many_images_are_found() -> None:
    rng = np.random.default_rng(1)
    made = np.concatenate([rng.gamma(9, 0.01, 490), np.full(10, 0.005)])
    found = compare_distances(made, rng.gamma(9, 0.01, 100))
    assert found.copies == 10
    assert found.suspect
    assert not found.mostly_nearer
    assert compare_distances([0.003, 0.2], [0.0, 0.3]).copies == 1


def test_a_generator_that_is_nearer_throughout_is_found() -> None:
    rng = np.random.default_rng(2)
    found = compare_distances(rng.gamma(9, 0.006, 200), rng.gamma(9, 0.01, 100))
    assert found.mostly_nearer
    assert found.median < found.median_real
    assert not compare_distances(rng.gamma(9, 0.02, 200), rng.gamma(9, 0.01, 100)).suspect


def test_more_that_are_nearer_than_every_real_image_than_chance_allows_are_found() -> None:
    rng = np.random.default_rng(3)
    found = compare_distances(np.concatenate([rng.gamma(9, 0.01, 440), np.full(60, 0.02)]), rng.gamma(9, 0.01, 100))
    assert found.some_too_near
    assert not found.mostly_nearer


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(StatsError):
        compare_distances([], [0.1])
