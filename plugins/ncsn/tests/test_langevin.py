"""Samplers where the score is known: of normally distributed pixels, and of a single image."""

import itertools
import math

import pytest
import torch
from srbench_ncsn.langevin import annealed_langevin, probability_flow
from srbench_ncsn.levels import geometric, step_share

MEAN, DEVIATION = 0.4, 0.3
LEVELS = geometric(10, 0.01, 60)
SHAPE = (1, 100, 100)
DOUBLE = torch.float64


def gaussian(x: torch.Tensor, level: float) -> torch.Tensor:
    """The score of independent normal pixels."""
    return (MEAN - x) / (DEVIATION**2 + level**2)


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.mark.parametrize(("count", "steps", "off"), [(60, 1, 0.6), (60, 5, 0.1), (300, 20, 0.03)])
def test_langevin_dynamics_reproduce_a_gaussian_as_their_recursion_says(count: int, steps: int, off: float) -> None:
    """Mean and variance are known after every step, since all of them are linear."""
    levels = geometric(10, 0.01, count)
    share = step_share(float(levels[0] / levels[1]), steps)
    mean, variance = 0.0, float(levels[0]) ** 2
    for level in levels.tolist():
        step, spread = share * level**2, DEVIATION**2 + level**2
        for _ in range(steps):
            mean += step * (MEAN - mean) / spread
            variance = (1 - step / spread) ** 2 * variance + 2 * step
    last = float(levels[-1]) ** 2
    mean += last * (MEAN - mean) / (DEVIATION**2 + last)
    variance *= (1 - last / (DEVIATION**2 + last)) ** 2
    pixels = annealed_langevin(gaussian, SHAPE, levels, generators(0), steps=steps, dtype=DOUBLE)
    # Four standard errors of the mean and of the deviation of 10,000 pixels.
    assert float(pixels.mean()) == pytest.approx(mean, abs=4 * math.sqrt(variance) / 100)
    assert float(pixels.std()) == pytest.approx(math.sqrt(variance), rel=4 / math.sqrt(2 * 10_000))
    assert mean == pytest.approx(MEAN, abs=0.02)
    assert math.sqrt(variance) == pytest.approx(DEVIATION, rel=off)


def test_more_steps_at_each_level_bring_the_spread_nearer_to_the_targets() -> None:
    off = [
        abs(float(annealed_langevin(gaussian, SHAPE, LEVELS, generators(1), steps=steps).std()) - DEVIATION)
        for steps in (1, 3, 20)
    ]
    assert off[0] > 2 * off[1] > 2 * off[2]


def test_all_noise_is_taken_away_at_the_end() -> None:
    """Of one image the score is known everywhere, and the last step leads to it from wherever it begins."""
    image = torch.rand(1, 2, 5, 4, dtype=DOUBLE)
    found = annealed_langevin(
        lambda x, level: (image - x) / level**2, (2, 5, 4), LEVELS, generators(0, 1), steps=2, dtype=DOUBLE
    )
    torch.testing.assert_close(found, image.expand(2, -1, -1, -1), atol=1e-9, rtol=0)


def test_the_network_is_asked_so_often_a_level_and_once_more() -> None:
    asked = []

    def score(x: torch.Tensor, level: float) -> torch.Tensor:
        asked.append(level)
        return gaussian(x, level)

    levels = geometric(2, 0.1, 4)
    annealed_langevin(score, (1, 4, 4), levels, generators(0), steps=3)
    assert asked == [level for level in levels.tolist() for _ in range(3)] + levels.tolist()[-1:]


@pytest.mark.parametrize("way", ["langevin", "flow"])
def test_an_image_depends_on_its_own_generator_only(way: str) -> None:
    def made(*seeds: int) -> torch.Tensor:
        if way == "flow":
            return probability_flow(gaussian, (1, 6, 6), LEVELS, generators(*seeds))[len(LEVELS)]
        return annealed_langevin(gaussian, (1, 6, 6), LEVELS, generators(*seeds), steps=2)

    together = made(4, 5, 6)
    for place, seed in enumerate((4, 5, 6)):
        torch.testing.assert_close(made(seed)[0], together[place], atol=1e-6, rtol=0)
    assert float((together[0] - together[1]).abs().max()) > 0.1


def test_the_probability_flow_of_a_gaussian_converges_to_its_closed_form() -> None:
    """The distance to the mean shrinks as the deviation of image and noise does."""

    def error(count: int) -> float:
        kept = probability_flow(gaussian, SHAPE, geometric(10, 0.01, count), generators(2), keep=2, dtype=DOUBLE)
        start, end = kept.values()
        exact = MEAN + (start - MEAN) * DEVIATION / math.sqrt(DEVIATION**2 + 10**2)
        return float((end - exact).abs().max())

    errors = [error(count) for count in (200, 400, 800)]
    for coarse, fine in itertools.pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(1, abs=0.2)
    assert errors[-1] < 0.02


@pytest.mark.parametrize(("keep", "places"), [(1, [6]), (2, [0, 6]), (3, [0, 3, 6]), (99, list(range(7)))])
def test_states_are_kept_at_equal_distances_from_the_noise_to_the_result(keep: int, places: list[int]) -> None:
    levels = geometric(10, 0.01, 6)
    every = probability_flow(gaussian, (1, 4, 4), levels, generators(3), keep=99)
    kept = probability_flow(gaussian, (1, 4, 4), levels, generators(3), keep=keep)
    assert list(kept) == places
    assert all(torch.equal(state, every[place]) for place, state in kept.items())
    (generator,) = generators(3)
    torch.testing.assert_close(every[0][0], 10 * torch.randn((1, 4, 4), generator=generator))
