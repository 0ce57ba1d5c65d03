"""Noise schedules against their closed forms, by hand, and against MONAI's."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.networks.schedulers import DDPMScheduler
from srbench_ddpm.schedule import CLEAN, Schedule, ScheduleError

SCHEDULES = {
    "linear": (Schedule.linear, "linear_beta", {"start": 1e-4, "end": 0.02}),
    "scaled_linear": (Schedule.scaled_linear, "scaled_linear_beta", {"start": 0.0015, "end": 0.0195}),
    "cosine": (Schedule.cosine, "cosine", {"s": 0.008}),
}
schedules = st.builds(
    lambda name, steps: SCHEDULES[name][0](steps), st.sampled_from(sorted(SCHEDULES)), st.integers(1, 60)
)


def images(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype) * 2 - 1


def variance(image: torch.Tensor) -> float:
    return float(image.reshape(-1)[0])


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 10, 100, 1000])
def test_tables_are_monais(name: str, steps: int) -> None:
    make, theirs, settings_ = SCHEDULES[name]
    ours = make(steps, **settings_)
    known = {f"beta_{key}": value for key, value in settings_.items()} if name != "cosine" else settings_
    monai = DDPMScheduler(steps, schedule=theirs, **known)
    assert len(ours) == steps and ours.betas.dtype == ours.alphas_bar.dtype == torch.float64
    torch.testing.assert_close(ours.alphas_bar.float(), monai.alphas_cumprod, atol=1e-6, rtol=0)
    # In 32 bits, theirs loses digits where next to nothing of the image is left.
    torch.testing.assert_close(ours.betas.float(), monai.betas, atol=1e-6, rtol=2e-3 if name == "cosine" else 0)


def test_the_cosine_schedule_is_the_published_function() -> None:
    ours = Schedule.cosine(100)
    for t in range(99):  # the last beta is cut to .999
        expected = (
            math.cos(((t + 1) / 100 + 0.008) / 1.008 * math.pi / 2) / math.cos(0.008 / 1.008 * math.pi / 2)
        ) ** 2
        assert float(ours.alphas_bar[t]) == pytest.approx(expected, abs=1e-12)
    assert float(ours.betas[-1]) == 0.999


@pytest.mark.parametrize("start", [1e-4, 0.0015])
def test_linear_betas_have_equal_distances_and_their_products_are_what_is_left(start: float) -> None:
    betas = start + (0.02 - start) * np.arange(50) / 49
    ours = Schedule.linear(50, start, 0.02)
    np.testing.assert_allclose(ours.betas.numpy(), betas, atol=1e-15)
    np.testing.assert_allclose(ours.alphas_bar.numpy(), np.cumprod(1 - betas), atol=1e-15)
    roots = np.sqrt(Schedule.scaled_linear(50, start, 0.02).betas.numpy())
    np.testing.assert_allclose(np.diff(roots), (0.02**0.5 - start**0.5) / 49, atol=1e-12)


@settings(max_examples=30)
@given(schedule=schedules, seed=st.integers(0, 99), data=st.data())
def test_clean_noise_and_noisy_determine_each_other(schedule: Schedule, seed: int, data: st.DataObject) -> None:
    t = torch.tensor(data.draw(st.lists(st.integers(0, len(schedule) - 1), min_size=3, max_size=3)))
    clean, noise = images(seed, 3, 2, 4, 5), images(seed + 1, 3, 2, 4, 5)
    noisy = schedule.noised(clean, noise, t)
    for i in range(3):
        left = float(schedule.alphas_bar[t[i]])
        torch.testing.assert_close(noisy[i], left**0.5 * clean[i] + (1 - left) ** 0.5 * noise[i], atol=1e-12, rtol=0)
    torch.testing.assert_close(schedule.clean_from_noise(noisy, noise, t), clean, atol=1e-6, rtol=0)
    torch.testing.assert_close(schedule.noise_from_clean(noisy, clean, t), noise, atol=1e-6, rtol=0)
    velocity = schedule.velocity(clean, noise, t)
    torch.testing.assert_close(schedule.noise_from_velocity(noisy, velocity, t), noise, atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", SCHEDULES)
def test_noising_and_the_posterior_are_monais(name: str) -> None:
    make, theirs, _ = SCHEDULES[name]
    ours, monai = make(40), DDPMScheduler(40, schedule=theirs)
    # Theirs computes in the type of its tables, which is 32 bits.
    monai.betas, monai.alphas, monai.alphas_cumprod = ours.betas, 1 - ours.betas, ours.alphas_bar
    clean, noise = images(0, 4, 3, 5, 6), images(1, 4, 3, 5, 6)
    steps = torch.tensor([0, 1, 20, 39])
    noisy = ours.noised(clean, noise, steps)
    torch.testing.assert_close(
        ours.velocity(clean, noise, steps), monai.get_velocity(clean, noise, steps), atol=1e-12, rtol=0
    )
    torch.testing.assert_close(noisy, monai.add_noise(clean, noise, steps), atol=1e-12, rtol=0)
    mean, spread = ours.posterior(noisy, clean, steps)
    for i, t in enumerate(steps.tolist()):
        torch.testing.assert_close(mean[i], monai._get_mean(t, clean[i], noisy[i]), atol=1e-6, rtol=0)
        assert variance(spread[i]) == pytest.approx(float(monai._get_variance(t)), abs=1e-6)


@settings(max_examples=30)
@given(schedule=schedules, data=st.data())
def test_the_posterior_is_what_bayes_rule_gives(schedule: Schedule, data: st.DataObject) -> None:
    """The posterior of x at an earlier step: a Gaussian prior, given the clean image, and an observation, x_t."""
    t = data.draw(st.integers(0, len(schedule) - 1))
    to = data.draw(st.integers(CLEAN, t - 1))
    clean, noisy = images(2, 1, 1, 3, 3), images(3, 1, 1, 3, 3)
    left = float(schedule.alphas_bar[t])
    before = float(schedule.alphas_bar[to]) if to >= 0 else 1.0
    mean, spread = schedule.posterior(noisy, clean, t, to)
    if to == CLEAN:
        assert variance(spread) == 0
        torch.testing.assert_close(mean, clean, atol=1e-12, rtol=0)
        return
    kept = left / before
    precision = 1 / (1 - before) + kept / (1 - kept)
    expected = (before**0.5 * clean / (1 - before) + kept**0.5 * noisy / (1 - kept)) / precision
    torch.testing.assert_close(mean, expected, atol=1e-6, rtol=0)
    assert variance(spread) == pytest.approx(1 / precision, abs=1e-6)


def test_by_default_the_posterior_is_of_the_step_before() -> None:
    schedule, clean, noisy = Schedule.cosine(20), images(4, 2, 1, 3, 3), images(5, 2, 1, 3, 3)
    for here, there in zip(schedule.posterior(noisy, clean, 7), schedule.posterior(noisy, clean, 7, 6), strict=True):
        assert torch.equal(here, there)


def test_results_have_the_type_of_the_images() -> None:
    schedule, clean = Schedule.linear(10), images(6, 2, 1, 3, 3, dtype=torch.float32)
    mean, spread = schedule.posterior(clean, clean, torch.tensor([3, 9]))
    assert schedule.noised(clean, clean, 5).dtype == mean.dtype == spread.dtype == torch.float32


def test_the_signal_to_noise_ratio_is_infinite_for_a_clean_image_and_falls() -> None:
    schedule = Schedule.cosine(30)
    ratios = [schedule.half_log_snr(t) for t in range(CLEAN, 30)]
    assert ratios[0] == math.inf and ratios == sorted(ratios, reverse=True)
    left = float(schedule.alphas_bar[12])
    assert ratios[13] == pytest.approx(math.log(left**0.5 / (1 - left) ** 0.5), abs=1e-12)


def test_impossible_schedules_are_refused() -> None:
    with pytest.raises(ScheduleError, match="at least one step"):
        Schedule.cosine(0)
    for betas in ([0.0, 0.5], [0.5, 1.0], []):
        with pytest.raises(ScheduleError, match="between 0 and 1"):
            Schedule(torch.tensor(betas))
