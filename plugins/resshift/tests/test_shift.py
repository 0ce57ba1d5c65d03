"""The shift in closed form: its ends, its moments, Bayes' rule by hand, and samples of a known target."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_ddpm.samplers import visited
from srbench_resshift.shift import LAST, Shift, ShiftError, sample

CLEAN = -1
shifts = st.builds(
    Shift.geometric,
    st.integers(2, 20),
    st.floats(0.1, 8.0),
    st.floats(0.1, 2.0),
    st.floats(0.01, 0.2),
)


def images(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 2 - 1


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.mark.parametrize(
    ("steps", "kappa", "power", "least"), [(15, 2.0, 0.3, 0.04), (4, 2.0, 1.0, 0.04), (9, 8, 2, 0.1)]
)
def test_etas_are_the_published_function(steps: int, kappa: float, power: float, least: float) -> None:
    """Written as in the paper, with b0 and beta_t, from 1 to T."""
    etas = Shift.geometric(steps, kappa, power, least).etas
    first = min((least / kappa) ** 2, 0.001)
    b0 = math.exp(math.log(0.999 / first) / (2 * (steps - 1)))
    for t in range(1, steps + 1):
        beta = ((t - 1) / (steps - 1)) ** power * (steps - 1)
        assert float(etas[t - 1]) == pytest.approx((math.sqrt(first) * b0**beta) ** 2, rel=1e-12)


@settings(max_examples=50)
@given(shift=shifts)
def test_it_begins_near_hr_and_ends_near_lr(shift: Shift) -> None:
    assert len(shift) == len(shift.etas) and shift.etas.dtype == torch.float64
    assert bool((shift.etas.diff() > 0).all())
    assert float(shift.etas[0]) <= 0.001 + 1e-12 and float(shift.etas[-1]) == pytest.approx(LAST, abs=1e-12)
    # The least noise is what was asked for, unless that would be more than a thousandth of the way.
    assert float(Shift.geometric(5, 2.0, 0.3, 0.04).etas[0].sqrt()) * 2.0 == pytest.approx(0.04)
    assert float(Shift.geometric(5, 0.5, 0.3, 0.04).etas[0]) == pytest.approx(0.001)


def test_a_larger_power_stays_longer_near_hr() -> None:
    few, more = (Shift.geometric(15, 2.0, power, 0.04).etas[1:-1] for power in (0.3, 1.0))
    assert bool((more < few).all())
    ratios = Shift.geometric(15, 2.0, 1.0, 0.04).etas
    np.testing.assert_allclose((ratios[1:] / ratios[:-1]).diff(), 0, atol=1e-12)  # geometric where it is 1


@settings(max_examples=20, deadline=None)
@given(shift=shifts, data=st.data())
def test_the_shifted_image_has_the_published_mean_and_variance(shift: Shift, data: st.DataObject) -> None:
    """N(x + eta (y - x), kappa^2 eta), of each image at its own step."""
    t = torch.tensor(data.draw(st.lists(st.integers(0, len(shift) - 1), min_size=2, max_size=2)))
    clean, upsampled = images(0, 2, 1, 1, 1), images(1, 2, 1, 1, 1)
    noise = torch.randn(2, 1, 200, 200, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    shifted = shift.shifted(clean.expand_as(noise), upsampled.expand_as(noise), noise, t)
    for i in range(2):
        eta = float(shift.etas[t[i]])
        deviation = shift.kappa * math.sqrt(eta)
        mean = float((1 - eta) * clean[i] + eta * upsampled[i])
        assert float(shifted[i].mean()) == pytest.approx(mean, abs=5 * deviation / 200)
        assert float(shifted[i].std()) == pytest.approx(deviation, rel=0.03)
        assert float(shift.scale(t, noise)[i]) == pytest.approx(math.sqrt(1 + deviation**2))


@settings(max_examples=30, deadline=None)
@given(shift=shifts, data=st.data())
def test_the_posterior_is_what_bayes_rule_gives(shift: Shift, data: st.DataObject) -> None:
    """A Gaussian prior, x at the earlier step given HR and LR, and an observation, x_t, that the steps between made.

    Of which each adds its part of y - x, and noise: the published q(x_t | x_(t-1), y).
    """
    t = data.draw(st.integers(0, len(shift) - 1))
    to = data.draw(st.integers(CLEAN, t - 1))
    clean, upsampled, shifted = (images(seed, 1, 1, 3, 3) for seed in range(3))
    mean, variance = shift.posterior(shifted, clean, t, to)
    eta, before = float(shift.etas[t]), float(shift.etas[to]) if to >= 0 else 0.0
    if to == CLEAN:
        torch.testing.assert_close(mean, clean, atol=1e-9, rtol=0)
        assert float(variance) == 0
        return
    prior_mean, prior_variance = clean + before * (upsampled - clean), shift.kappa**2 * before
    moved, noise = (eta - before) * (upsampled - clean), shift.kappa**2 * (eta - before)
    precision = 1 / prior_variance + 1 / noise
    expected = (prior_mean / prior_variance + (shifted - moved) / noise) / precision
    torch.testing.assert_close(mean, expected, atol=1e-8, rtol=1e-8)
    assert float(variance) == pytest.approx(1 / precision, rel=1e-8)


def test_by_default_the_posterior_is_of_the_step_before() -> None:
    shift, clean, shifted = Shift.geometric(8, 2.0, 0.3, 0.04), images(4, 2, 1, 3, 3), images(5, 2, 1, 3, 3)
    steps = torch.tensor([7, 3])
    here, there = shift.posterior(shifted, clean, steps), shift.posterior(shifted, clean, steps, steps - 1)
    assert torch.equal(here[0], there[0]) and torch.equal(here[1], there[1])


def test_results_have_the_type_of_the_images() -> None:
    shift, clean = Shift.geometric(8, 2.0, 0.3, 0.04), images(6, 2, 1, 3, 3, dtype=torch.float32)
    mean, variance = shift.posterior(clean, clean, torch.tensor([3, 7]))
    assert shift.shifted(clean, clean, clean, 5).dtype == mean.dtype == variance.dtype == torch.float32


@pytest.mark.parametrize("steps", [None, 15, 4, 1])
def test_a_network_that_knows_hr_gives_it(steps: int | None) -> None:
    shift, clean, upsampled = Shift.geometric(15, 2.0, 0.3, 0.04), images(7, 2, 3, 4, 4), images(8, 2, 3, 4, 4)
    asked: list[int] = []
    kept = sample(
        lambda x, t: asked.extend(t.tolist()) or clean, upsampled, shift, generators(1, 2), steps=steps, keep=99
    )
    assert asked == [t for t in visited(15, steps or 15) for _ in range(2)]
    assert list(kept) == list(range((steps or 15) + 1))
    torch.testing.assert_close(kept[max(kept)], clean, atol=1e-12, rtol=0)


@pytest.mark.parametrize("steps", [None, 5])
def test_on_the_way_to_known_hr_states_are_those_of_the_shift(steps: int | None) -> None:
    """Whatever steps are left out: x_t given HR has its published moments, since the posterior is exact."""
    shift, size = Shift.geometric(15, 2.0, 0.3, 0.04), (1, 1, 150, 150)
    clean, upsampled = torch.full(size, 0.3, dtype=torch.float64), torch.full(size, -0.6, dtype=torch.float64)
    kept = sample(lambda x, t: clean, upsampled, shift, generators(3), steps=steps, keep=99)
    way = visited(15, steps or 15)
    assert float(kept[0].mean()) == pytest.approx(-0.6, abs=0.06) and float(kept[0].std()) == pytest.approx(2, rel=0.03)
    for asked in range(1, len(way)):
        eta = float(shift.etas[way[asked]])
        assert float(kept[asked].mean()) == pytest.approx(0.3 - 0.9 * eta, abs=0.05)
        assert float(kept[asked].std()) == pytest.approx(2 * math.sqrt(eta), rel=0.03)


def test_samples_of_a_gaussian_target_have_its_mean_and_spread() -> None:
    """HR that is normal around LR: the best estimate is linear, and many steps draw from the target itself."""
    shift, mean, deviation = Shift.geometric(300, 1.0, 0.5, 0.01), 0.2, 0.3
    upsampled = torch.full((1, 1, 120, 120), -0.1, dtype=torch.float64)

    def best(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        eta = shift.eta(t, x)
        seen = (x - eta * upsampled) / (1 - eta)  # HR, and noise of this variance
        noise = shift.kappa**2 * eta / (1 - eta) ** 2
        return (mean * noise + deviation**2 * seen) / (noise + deviation**2)

    pixels = sample(best, upsampled, shift, generators(4))
    (found,) = pixels.values()
    assert float(found.mean()) == pytest.approx(mean, abs=4 * deviation / 120)
    assert float(found.std()) == pytest.approx(deviation, rel=0.03)


def test_a_sample_depends_on_its_own_generator_only() -> None:
    shift, upsampled = Shift.geometric(6, 2.0, 0.3, 0.04), images(9, 1, 2, 5, 4).expand(3, -1, -1, -1)

    def some(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x + 0.1 * t.reshape(-1, 1, 1, 1))

    (together,) = sample(some, upsampled, shift, generators(1, 2, 3), clip=1.0).values()
    for i, seed in enumerate((1, 2, 3)):
        (alone,) = sample(some, upsampled[:1], shift, generators(seed), clip=1.0).values()
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-12, rtol=0)
    assert not torch.equal(together[0], together[1])
    (clipped,) = sample(lambda x, t: 9 * x, upsampled, shift, generators(1, 2, 3), clip=0.5).values()
    assert float(clipped.abs().max()) == pytest.approx(0.5)


@pytest.mark.parametrize(("keep", "places"), [(0, [6]), (1, [6]), (2, [0, 6]), (3, [0, 3, 6]), (99, list(range(7)))])
def test_states_are_kept_at_equal_distances_to_the_result(keep: int, places: list[int]) -> None:
    shift, upsampled = Shift.geometric(6, 2.0, 0.3, 0.04), images(10, 1, 1, 4, 4)
    every = sample(lambda x, t: x / 2, upsampled, shift, generators(5), keep=7)
    kept = sample(lambda x, t: x / 2, upsampled, shift, generators(5), keep=keep)
    assert list(kept) == places
    assert all(torch.equal(state, every[place]) for place, state in kept.items())


def test_impossible_shifts_are_refused() -> None:
    with pytest.raises(ShiftError, match="timesteps: 1"):
        Shift.geometric(1, 2.0, 0.3, 0.04)
    for etas, kappa in (([0.0, 0.5], 1.0), ([0.5, 0.4], 1.0), ([0.5, 1.0], 1.0), ([], 1.0), ([0.5], 0.0)):
        with pytest.raises(ShiftError, match="nearer to 1"):
            Shift(torch.tensor(etas), kappa)
