"""Coverage by samples: exact for samples of the true distribution, below for those too sure, above for the unsure."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm
from srbench_hallucination.coverage import Coverage, coverage, rank_histogram

import srbench

RNG = np.random.default_rng(3)


def scored(samples: np.ndarray, hr: np.ndarray, **fields: int) -> tuple[float, srbench.Details]:
    """The metric of samples `(n, N)` and HR `(N,)`, each as an image of one row."""
    metric = Coverage(samples=len(samples), **fields)
    views = [torch.from_numpy(one[None, None]) for one in (*samples, hr)]
    metric.update_samples(iter(views[:-1]), views[-1], None)
    answer = metric.compute()
    assert isinstance(answer, tuple)
    return answer


@pytest.mark.parametrize("count", [3, 4, 19, 39])
@pytest.mark.parametrize("levels", [None, 20])
def test_samples_of_the_true_distribution_cover_what_they_say(count: int, levels: int | None) -> None:
    """HR and samples are drawn around a mean of their own in each pixel; rounded, they often coincide."""
    pixels = 40_000
    mean, sigma = RNG.random(pixels), 0.05 + 0.2 * RNG.random(pixels)
    drawn = mean + sigma * RNG.standard_normal((count + 1, pixels))
    drawn = drawn if levels is None else np.round(drawn * levels) / levels
    error, details = scored(drawn[1:], drawn[0])
    assert len(details.coverage) == count // 2
    for claimed, found in details.coverage:
        assert abs(found - claimed) < 4 * math.sqrt(claimed * (1 - claimed) / pixels)
    assert error < 0.01 and abs(details.further["overconfidence"]) < 0.01


def test_nineteen_samples_have_the_intervals_of_ten_percent_to_ninety() -> None:
    claimed, _ = coverage(np.ones(20))
    assert claimed == pytest.approx(np.arange(1, 10) / 10)
    assert coverage(np.ones(40))[0][-1] == pytest.approx(0.95)


@pytest.mark.parametrize(("width", "sure"), [(0.5, True), (2.0, False)])
def test_samples_that_are_too_sure_cover_less_than_they_say_and_the_unsure_more(width: float, sure: bool) -> None:
    """By as much as the normal distribution has it: how many samples lie below a value is binomial."""
    count, pixels = 19, 40_000
    hr, samples = RNG.standard_normal(pixels), width * RNG.standard_normal((count, pixels))
    error, details = scored(samples, hr)
    values = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    for depth, (claimed, found) in zip(range(count // 2, 0, -1), details.coverage, strict=True):
        below = binom(count, norm.cdf(values / width))
        expected = float((below.cdf(count - depth) - below.cdf(depth - 1)).mean())
        assert found == pytest.approx(expected, abs=4 * math.sqrt(0.25 / pixels))
        assert (found < claimed) == sure
    assert error == pytest.approx(abs(details.further["overconfidence"])) and error > 0.1
    assert (details.further["overconfidence"] > 0) == sure


def test_the_same_sample_again_and_again_covers_what_is_equal_to_it_alone() -> None:
    hr = RNG.random(500)
    error, details = scored(np.tile(RNG.random(500), (19, 1)), hr)
    assert {found for _, found in details.coverage} == {0.0} and error == pytest.approx(0.5)
    assert scored(np.tile(hr, (19, 1)), hr)[0] == pytest.approx(0, abs=1e-12), "each place is as likely"


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(3, 8), st.integers(0, 2**32))
def test_a_histogram_of_ranks_is_that_of_ties_broken_in_every_way(truth: list[int], count: int, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(0, 7, (count, len(truth)))
    expected = np.zeros(count + 1)
    for place, value in enumerate(truth):
        column = sorted(samples[:, place])
        places = [at for at in range(count + 1) if _fits(column, at, value)]
        for at in places:
            expected[at] += 1 / len(places)
    below, equal = (samples < truth).sum(0), (samples == truth).sum(0)
    assert rank_histogram(below, equal, count) == pytest.approx(expected)
    assert rank_histogram(below, equal, count).sum() == pytest.approx(len(truth))


def _fits(column: list[int], at: int, value: int) -> bool:
    """Whether a value may stand at this place in a sorted column."""
    return all(one <= value for one in column[:at]) and all(one >= value for one in column[at:])


def test_what_was_not_measured_is_left_out_and_images_are_pooled() -> None:
    samples, hr = RNG.random((5, 3, 8, 9)), RNG.random((3, 8, 9))
    known = RNG.random((8, 9)) < 0.6
    whole, parts = Coverage(samples=5), Coverage(samples=5)
    whole.update_samples(map(torch.from_numpy, samples), torch.from_numpy(hr), torch.from_numpy(known))
    for channel in range(3):
        cut = [torch.from_numpy(one[channel][known][None, None]) for one in (*samples, hr)]
        parts.update_samples(cut[:-1], cut[-1], None)
    assert whole.compute() == parts.compute()
    nothing = Coverage(samples=5)
    nothing.update_samples(map(torch.from_numpy, samples), torch.from_numpy(hr), torch.zeros(8, 9, dtype=torch.bool))
    assert isinstance(nothing.compute(), srbench.Skip)
