"""Samplers against MONAI's, against each other, and where the exact answer is known."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.networks.schedulers import DDIMScheduler, DDPMScheduler
from scipy.integrate import solve_ivp
from srbench_ddpm.samplers import Sampled, Sampler, SamplerError, sample, visited
from srbench_ddpm.schedule import Schedule

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
SHAPE = (2, 5, 4)
SETTINGS: list[tuple[Sampler, float]] = [
    ("ancestral", 0.0),
    ("ddim", 0.0),
    ("ddim", 0.5),
    ("ddim", 1.0),
    ("dpm-solver++", 0.0),
    ("predictor-corrector", 0.0),
    ("probability-flow", 0.0),
]


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def true_noise(schedule: Schedule, clean: torch.Tensor) -> Predict:
    """A network that knows the clean images."""
    return lambda x, t: schedule.noise_from_clean(x, clean, t)


def gaussian_noise(schedule: Schedule, mean: float, deviation: float) -> Predict:
    """The best network for pixels that are independent and normally distributed."""

    def predict(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        left = schedule.alphas_bar[t].reshape(-1, 1, 1, 1)
        return (1 - left).sqrt() * (x - left.sqrt() * mean) / (left * deviation**2 + 1 - left)

    return predict


def some_network(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Neither exact nor linear."""
    return torch.sin(3 * x + t.reshape(-1, 1, 1, 1)) + x.roll(1, -1) / 2


def draw(predict: Predict, schedule: Schedule, *seeds: int, **given_: object) -> Sampled:
    return sample(predict, SHAPE, schedule, generators(*seeds), **{"dtype": torch.float64, **given_})


@settings(max_examples=40)
@given(length=st.integers(1, 200), data=st.data())
def test_the_steps_visited_fall_to_within_a_stride_of_the_clean_image(length: int, data: st.DataObject) -> None:
    steps = data.draw(st.integers(1, length))
    way = visited(length, steps)
    assert len(way) == steps and way[0] == length - 1 and way[-1] >= 0
    assert all(before > after for before, after in itertools.pairwise(way))
    assert max(before - after for before, after in zip(way, [*way[1:], -1], strict=True)) <= math.ceil(length / steps)


def test_the_steps_visited_are_the_published_example() -> None:
    assert visited(1000, 5) == [999, 799, 599, 399, 199]
    assert visited(4, 4) == [3, 2, 1, 0]


@pytest.mark.parametrize(("sampler", "eta"), SETTINGS)
@pytest.mark.parametrize("steps", [1, 2, 7, None])
@pytest.mark.parametrize("make", [Schedule.linear, Schedule.scaled_linear, Schedule.cosine])
def test_with_the_true_noise_every_sampler_recovers_the_clean_image(
    make: Callable[[int], Schedule], steps: int | None, sampler: Sampler, eta: float
) -> None:
    schedule = make(30)
    clean = torch.rand(2, *SHAPE, generator=generators(9)[0], dtype=torch.float64) * 2 - 1
    result = draw(true_noise(schedule, clean), schedule, 0, 1, sampler=sampler, steps=steps, eta=eta)
    torch.testing.assert_close(result.images, clean, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("sampler", "eta"), SETTINGS)
def test_in_32_bits_the_clean_image_is_recovered_where_estimates_are_clipped(sampler: Sampler, eta: float) -> None:
    schedule = Schedule.cosine(100)
    clean = torch.rand(2, *SHAPE, generator=generators(9)[0]) * 2 - 1
    result = draw(true_noise(schedule, clean), schedule, 0, 1, sampler=sampler, eta=eta, clip=1.0, dtype=torch.float32)
    torch.testing.assert_close(result.images, clean, atol=1e-4, rtol=0)


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("make", [Schedule.linear, Schedule.cosine])
def test_the_ancestral_sampler_is_monais(make: Callable[[int], Schedule], clip: float | None) -> None:
    schedule = make(25)
    monai = DDPMScheduler(25, clip_sample=clip is not None)
    monai.betas, monai.alphas, monai.alphas_cumprod = schedule.betas, 1 - schedule.betas, schedule.alphas_bar
    (generator,) = generators(3)
    x = torch.randn(1, *SHAPE, generator=generator, dtype=torch.float64)
    for t in range(24, -1, -1):
        x, _ = monai.step(some_network(x, torch.tensor([t])), t, x, generator)
    ours = draw(some_network, schedule, 3, clip=clip).images
    torch.testing.assert_close(ours, x, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("length", "steps"), [(24, 24), (24, 6), (24, 1), (100, 10)])
def test_ddim_is_monais(length: int, steps: int, eta: float) -> None:
    schedule = Schedule.linear(length, end=0.2)
    # With this offset theirs begins at the last step, too, and the steps it visits are those it computes with.
    monai = DDIMScheduler(length, clip_sample=False, steps_offset=length // steps - 1)
    monai.betas, monai.alphas, monai.alphas_cumprod = schedule.betas, 1 - schedule.betas, schedule.alphas_bar
    monai.set_timesteps(steps)
    assert monai.timesteps.tolist() == visited(length, steps)
    (generator,) = generators(4)
    x = torch.randn(1, *SHAPE, generator=generator, dtype=torch.float64)
    for t in monai.timesteps:
        x, _ = monai.step(some_network(x, t), int(t), x, eta, generator)
    ours = draw(some_network, schedule, 4, sampler="ddim", steps=steps, eta=eta).images
    torch.testing.assert_close(ours, x, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("steps", [None, 7])
def test_ddim_with_all_its_noise_is_the_ancestral_sampler(steps: int | None, clip: float | None) -> None:
    schedule = Schedule.cosine(20)
    ddim, ancestral = (
        draw(some_network, schedule, 5, 6, sampler=sampler, eta=eta, steps=steps, clip=clip, keep=100).kept
        for sampler, eta in (("ddim", 1.0), ("ancestral", 0.0))
    )
    assert list(ddim) == list(ancestral) == list(range((steps or 20) + 1))
    for place, state in ddim.items():
        torch.testing.assert_close(state, ancestral[place], atol=1e-6, rtol=1e-6)


def test_every_second_step_of_ancestral_sampling_draws_from_the_posterior_of_a_schedule_of_half_the_steps() -> None:
    """Nichol and Dhariwal 2021, section 4: leaving steps out is another schedule, of what is left at those visited."""
    schedule = Schedule.linear(40, end=0.1)
    left = schedule.alphas_bar[1::2]
    shorter = Schedule(1 - left / torch.cat([left.new_ones(1), left[:-1]]))
    few = draw(lambda x, t: some_network(x, t // 2), schedule, 7, steps=20).images
    torch.testing.assert_close(few, draw(some_network, shorter, 7).images, atol=1e-6, rtol=1e-6)


def flow(schedule: Schedule, noise: torch.Tensor, t: int, mean: float, deviation: float) -> torch.Tensor:
    """Where the probability flow of a Gaussian target takes noise: its spread scales the distance to the mean."""
    first, left = float(schedule.alphas_bar[-1]), float(schedule.alphas_bar[t])
    spread = [share * deviation**2 + 1 - share for share in (first, left)]
    return left**0.5 * mean + (noise - first**0.5 * mean) * (spread[1] / spread[0]) ** 0.5


def test_the_flow_of_a_gaussian_is_approached_with_the_order_of_each_sampler_without_noise() -> None:
    schedule = Schedule.linear(3200, 1e-5, 0.008)
    network = gaussian_noise(schedule, 0.4, 0.3)

    def error(sampler: Sampler, steps: int) -> float:
        kept = list(draw(network, schedule, 8, sampler=sampler, steps=steps, keep=steps + 1).kept.values())
        # Half way: towards the clean image, the signal-to-noise ratio of a step grows without bound.
        exact = flow(schedule, kept[0], visited(3200, steps)[steps // 2], 0.4, 0.3)
        return float((kept[steps // 2] - exact).abs().max())

    for sampler, order in (("ddim", 1), ("dpm-solver++", 2), ("probability-flow", 2)):
        errors = [error(sampler, steps) for steps in (100, 200, 400)]
        for coarse, fine in itertools.pairwise(errors):
            assert math.log2(coarse / fine) == pytest.approx(order, abs=0.3), sampler
    assert error("dpm-solver++", 20) < 0.5 * error("ddim", 20)


def test_the_flow_of_a_mixture_is_that_of_scipys_runge_kutta() -> None:
    """Two Gaussians, whose flow has no closed form and is not linear: noise ends at one or the other."""
    schedule = Schedule.linear(4000, 1e-5, 0.005)
    means, deviation = np.array([-0.7, 0.5]), 0.1

    def score(x: np.ndarray, left: float) -> np.ndarray:
        variance = left * deviation**2 + 1 - left
        apart = left**0.5 * means[:, None] - x
        weights = np.exp(-(apart**2) / (2 * variance))
        return (weights * apart).sum(0) / weights.sum(0) / variance

    def noise(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        left = float(schedule.alphas_bar[t[0]])
        return torch.from_numpy(-((1 - left) ** 0.5) * score(x.numpy().ravel(), left)).reshape(x.shape)

    kept = list(draw(noise, schedule, 5, sampler="probability-flow", steps=2000, keep=2001).kept.values())
    begin, end = (-0.5 * math.log(float(schedule.alphas_bar[t])) for t in (-1, visited(4000, 2000)[-1]))
    solved = solve_ivp(
        lambda u, x: -(x + score(x, math.exp(-2 * u))),
        (begin, end),
        kept[0].numpy().ravel(),
        rtol=1e-9,
        atol=1e-9,
    ).y[:, -1]
    np.testing.assert_allclose(kept[-2].numpy().ravel(), solved, atol=2e-5)
    assert solved.min() < -0.6 and solved.max() > 0.4, "both are reached"


@pytest.mark.parametrize("steps", [3, 10])
def test_the_corrector_is_the_published_algorithm_for_each_image_by_itself(steps: int) -> None:
    schedule = Schedule.linear(10, end=0.3)
    kept = draw(some_network, schedule, 1, 2, sampler="predictor-corrector", steps=steps, keep=steps + 1).kept
    assert list(kept) == [2 * place for place in range(steps + 1)], "the network is asked twice a step"
    t, to = visited(10, steps)[:2]
    left, before = (float(schedule.alphas_bar[step]) for step in (t, to))
    for place, generator in enumerate(generators(1, 2)):
        x, z, predicted = (torch.randn(SHAPE, generator=generator, dtype=torch.float64) for _ in range(3))

        def told(x: torch.Tensor) -> torch.Tensor:
            return some_network(x[None], torch.tensor([t]))[0]

        score = -told(x) / (1 - left) ** 0.5
        step = 2 * (left / before) * (0.16 * z.norm() / score.norm()) ** 2
        if steps == 10:
            assert left / before == pytest.approx(1 - float(schedule.betas[t]))
        corrected = x + step * score + (2 * step) ** 0.5 * z
        mean, variance = schedule.posterior(
            corrected[None], schedule.clean_from_noise(corrected[None], told(corrected)[None], t), t, to
        )
        expected = mean + variance.sqrt() * predicted
        torch.testing.assert_close(kept[2][place], expected[0], atol=1e-9, rtol=1e-9)


def test_where_no_noise_is_told_the_corrector_adds_no_more_than_there_should_be() -> None:
    schedule = Schedule.cosine(10)
    images = draw(lambda x, t: torch.zeros_like(x), schedule, 1, sampler="predictor-corrector", clip=1.0).images
    assert images.isfinite().all()


def test_in_few_steps_the_corrector_brings_the_spread_nearer_to_the_targets() -> None:
    schedule = Schedule.linear(1000)
    network = gaussian_noise(schedule, 0.4, 0.3)

    def lacking(sampler: Sampler) -> float:
        made = sample(network, (1, 200, 200), schedule, generators(3), sampler=sampler, steps=20, dtype=torch.float64)
        return 0.3 - float(made.images.std())

    assert 0 < lacking("predictor-corrector") < 0.93 * lacking("ancestral")


def test_three_steps_of_dpm_solver_are_the_published_formulas() -> None:
    schedule = Schedule.cosine(10)
    t0, t1, t2 = visited(10, 3)
    kept = draw(some_network, schedule, 9, sampler="dpm-solver++", steps=3, keep=9).kept
    alpha, sigma = schedule.alphas_bar.sqrt(), (1 - schedule.alphas_bar).sqrt()
    lam = (alpha / sigma).log()

    def estimate(x: torch.Tensor, t: int) -> torch.Tensor:
        return (x - sigma[t] * some_network(x, torch.tensor([t]))) / alpha[t]

    first = estimate(kept[0], t0)
    h1, h2 = lam[t1] - lam[t0], lam[t2] - lam[t1]
    x1 = sigma[t1] / sigma[t0] * kept[0] - alpha[t1] * (torch.exp(-h1) - 1) * first
    torch.testing.assert_close(kept[1], x1, atol=1e-6, rtol=1e-6)
    r = h1 / h2
    mixed = (1 + 1 / (2 * r)) * estimate(x1, t1) - first / (2 * r)
    x2 = sigma[t2] / sigma[t1] * x1 - alpha[t2] * (torch.exp(-h2) - 1) * mixed
    torch.testing.assert_close(kept[2], x2, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(kept[3], estimate(x2, t2), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(("sampler", "eta"), [one for one in SETTINGS if one != ("ddim", 0.5)])
def test_samples_of_a_gaussian_target_have_its_mean_and_spread(sampler: Sampler, eta: float) -> None:
    schedule = Schedule.cosine(200)
    network = gaussian_noise(schedule, 0.4, 0.3)
    pixels = sample(
        network, (1, 100, 100), schedule, generators(10), sampler=sampler, eta=eta, dtype=torch.float64
    ).images
    assert float(pixels.mean()) == pytest.approx(0.4, abs=4 * 0.3 / 100)
    assert float(pixels.std()) == pytest.approx(0.3, rel=0.04)


@pytest.mark.parametrize(("sampler", "eta"), SETTINGS)
def test_a_sample_depends_on_its_own_generator_only(sampler: Sampler, eta: float) -> None:
    schedule = Schedule.cosine(12)
    asked = {"sampler": sampler, "eta": eta, "steps": 5}
    together = draw(some_network, schedule, 1, 2, 3, **asked).images
    for i, seed in enumerate((1, 2, 3)):
        alone = draw(some_network, schedule, seed, **asked).images
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-12, rtol=0)
    assert not torch.equal(together[0], together[1])


@pytest.mark.parametrize(("keep", "places"), [(0, []), (1, [8]), (2, [0, 8]), (3, [0, 4, 8]), (99, list(range(9)))])
def test_states_are_kept_at_equal_distances_from_the_noise_to_the_result(keep: int, places: list[int]) -> None:
    schedule = Schedule.cosine(8)
    every = draw(some_network, schedule, 11, keep=9)
    (generator,) = generators(11)
    assert torch.equal(every.kept[0][0], torch.randn(SHAPE, generator=generator, dtype=torch.float64))
    assert torch.equal(every.kept[8], every.images)
    kept = draw(some_network, schedule, 11, keep=keep).kept
    assert list(kept) == places
    assert all(torch.equal(state, every.kept[place]) for place, state in kept.items())


def test_clipped_estimates_stay_within_the_limit() -> None:
    schedule = Schedule.cosine(10)
    assert float(draw(some_network, schedule, 12, clip=0.5).images.abs().max()) <= 0.5
    assert float(draw(some_network, schedule, 12).images.abs().max()) > 0.5


@pytest.mark.parametrize(("sampler", "eta"), SETTINGS)
def test_estimates_are_corrected_after_they_are_clamped_and_the_last_one_is_the_result(
    sampler: Sampler, eta: float
) -> None:
    """What a network knows of the clean image, and what is made of that, are one for all that follows."""
    schedule, asked = Schedule.cosine(12), {"sampler": sampler, "eta": eta, "steps": 6}
    target = torch.full(SHAPE, 0.3, dtype=torch.float64)

    def knows(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return schedule.noise_from_clean(x, target.expand_as(x), t)

    estimates: list[torch.Tensor] = []
    found = draw(
        some_network, schedule, 12, clip=0.5, correct=lambda clean: estimates.append(clean) or 0 * clean + 0.3, **asked
    )
    asks = {"predictor-corrector": 12, "probability-flow": 11}.get(sampler, 6)  # twice a step, but for Heun's last
    assert len(estimates) == asks and max(float(one.abs().max()) for one in estimates) == 0.5
    torch.testing.assert_close(found.images, draw(knows, schedule, 12, **asked).images, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"steps": 0}, "steps: 0"),
        ({"steps": 11}, "the schedule has 10"),
        ({"sampler": "ddim", "eta": 1.5}, "eta: 1.5"),
        ({"sampler": "ancestral", "eta": 0.5}, "only the sampler `ddim`"),
        ({"sampler": "dpm-solver++", "eta": 0.5}, "only the sampler `ddim`"),
        ({"sampler": "predictor-corrector", "eta": 0.5}, "only the sampler `ddim`"),
        ({"sampler": "probability-flow", "eta": 0.5}, "only the sampler `ddim`"),
    ],
)
def test_settings_that_mean_nothing_are_refused(asked: dict[str, object], told: str) -> None:
    with pytest.raises(SamplerError, match=told):
        draw(some_network, Schedule.cosine(10), 0, **asked)
