"""The rules for levels of noise against SciPy, the published settings, and what they are derived from."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from scipy.stats import norm
from srbench_ncsn.levels import LevelsError, geometric, largest_distance, levels_needed, step_share

PUBLISHED = [(3 * 32**2, 50, 232, 6.2e-6), (3 * 64**2, 90, 500, 3.3e-6)]
"""Values of an image, the largest level, how many there are down to .01, and how long the 5 steps at the last one are:
the authors' settings for CIFAR-10 and for CelebA at 64 pixels."""


def test_the_first_level_is_the_largest_distance_of_two_images() -> None:
    images = torch.rand(9, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    assert largest_distance(images) == pytest.approx(pdist(images.flatten(1).double().numpy()).max(), rel=1e-9)


def test_levels_are_those_of_a_geometric_progression() -> None:
    np.testing.assert_allclose(geometric(50, 0.01, 7), np.geomspace(50, 0.01, 7))


@pytest.mark.parametrize("values", [64, 1024, 3072, 196608])
def test_there_are_as_many_levels_as_let_noise_of_one_reach_half_of_the_next(values: int) -> None:
    def reached(count: int) -> float:
        ratio = 2000 ** (1 / (count - 1))
        middle = math.sqrt(2 * values) * (ratio - 1)
        return float(norm.cdf(middle + 3 * ratio) - norm.cdf(middle - 3 * ratio))

    count = levels_needed(20, 0.01, values)
    assert reached(count) >= 0.5 > reached(count - 1)


@pytest.mark.parametrize(("values", "largest", "count", "step"), PUBLISHED)
def test_levels_and_steps_are_about_the_published_ones(values: int, largest: float, count: int, step: float) -> None:
    assert levels_needed(largest, 0.01, values) == pytest.approx(count, rel=0.06)
    ratio = (largest / 0.01) ** (1 / (count - 1))
    assert 0.01**2 * step_share(ratio, 5) == pytest.approx(step, rel=0.02)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("ratio", [1.02, 1.07, 1.5])
def test_steps_are_so_long_that_the_noise_comes_closest_to_its_level(ratio: float, steps: int) -> None:
    """By the recursion of the variance, of x + e s + sqrt(2 e) z with the score -x of noise whose level is 1."""

    def ends_at(share: float) -> float:
        variance = ratio**2
        for _ in range(steps):
            variance = (1 - share) ** 2 * variance + 2 * share
        return variance

    found = step_share(ratio, steps)
    others = [ends_at(share) for share in np.linspace(0.001, 0.999, 999)]
    assert 1 < ends_at(found) <= min(others) + 1e-9


def test_levels_that_do_not_fall_are_refused() -> None:
    for largest in (0.0, 0.01):
        with pytest.raises(LevelsError, match=r"least alike.*`smallest`"):
            geometric(largest, 0.01, 5)
        with pytest.raises(LevelsError, match="would have to fall"):
            levels_needed(largest, 0.01, 100)
