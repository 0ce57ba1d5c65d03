"""The method: how it learns and resumes, what its SR depends on and what not."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import mean_squared_error
from srbench_ddpm.method import DDPM
from srbench_ddpm.network import Denoiser, continued
from srbench_ddpm.samplers import SamplerError

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.contract.method import Problem
from srbench.contract.training_set import TrainingSet
from srbench.pictures import to_tensor
from srbench.pictures.resize import resize
from srbench.registry.parameters import ParameterError, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.testing import check_methods
from srbench.testing.pictures import textured
from srbench.training.data.batch import Batch
from srbench.training.loop.stages import Stage

TINY = {
    "channels": (4, 8),
    "attention": (False, False),
    "blocks": 1,
    "timesteps": 5,
    "batch_size": 2,
    "patch": 16,
}

test_ddpm = check_methods(
    ("ddpm", {**TINY, "steps": 5}),
    (
        "ddpm",
        {"preset": "small", **TINY, "attention": (False, True), "checkpointing": True, "steps": 3, "samples": 2},
    ),
)


def training_set(count: int = 6, channels: int = 3, scale: int = 2) -> TrainingSet:
    pictures = [(textured(seed, 40, 36, channels) * 255).round().astype(np.uint8) for seed in range(count)]
    items = [srbench.Item(f"i{index}", picture) for index, picture in enumerate(pictures)]
    return TrainingSet(items, srbench.Protocol("p", scale))


def context(folder: Path, steps: int, **changes: object) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, **{"checkpoint_seconds": 1e9, **changes})


def fresh(planes: int = 3, scale: int = 2, **params: object) -> DDPM:
    """One with random weights, also where they begin at zero, so that all of it shows in SR."""
    method = create(DDPM, {**TINY, **params})
    torch.manual_seed(0)
    method._make(planes, scale)
    for parameter in method.networks["denoiser"].parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return method


def drawn(method: DDPM, lr: torch.Tensor, seed: int = 0, scale: int = 2) -> torch.Tensor:
    torch.manual_seed(seed)
    return method.upscale(lr, scale)


def the_stage(method: DDPM) -> Stage:
    (stage,) = method.stages(method.networks, method.scale)
    return stage


def test_it_is_offered_by_the_plugin() -> None:
    entry = registry().get("method", "ddpm")
    assert entry.load() is DDPM
    assert entry.plugin.distribution == "srbench-ddpm"


@settings(max_examples=15)
@given(
    scale=st.sampled_from([2, 3, 4, 8]),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    trained=st.sampled_from([1, 3]),
    given_channels=st.sampled_from([1, 3]),
    fold=st.sampled_from([1, 2]),
)
def test_any_size_in_grey_and_in_colour_at_any_scale_and_whatever_else_is_in_the_batch(
    scale: int, height: int, width: int, trained: int, given_channels: int, fold: int
) -> None:
    method = fresh(trained, scale, fold=fold)
    lr = torch.rand(3, given_channels, height, width)
    together = drawn(method, lr, scale=scale)
    assert together.shape == (3, given_channels, height * scale, width * scale)
    assert together.dtype == torch.float32 and together.isfinite().all()
    for i in range(3):
        alone = drawn(method, lr[i : i + 1], scale=scale)
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "params",
    [{}, {"sampler": "ddim", "eta": 0.5}, {"sampler": "ddim", "steps": 2}, {"sampler": "dpm-solver++"}, {"samples": 2}],
)
def test_sr_depends_on_the_seed(params: dict[str, object]) -> None:
    method, lr = fresh(**params), torch.rand(1, 3, 8, 8)
    first, again, other = (drawn(method, lr, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert float((first - other).abs().mean()) > 1e-3


def test_sampler_steps_and_eta_change_sr() -> None:
    lr = torch.rand(1, 3, 8, 8)
    asked = [{}, {"steps": 3}, {"sampler": "ddim"}, {"sampler": "ddim", "eta": 0.5}, {"sampler": "dpm-solver++"}]
    found = [drawn(fresh(**params), lr) for params in asked]
    for i, one in enumerate(found):
        assert all(float((one - other).abs().max()) > 1e-4 for other in found[:i])
    torch.testing.assert_close(drawn(fresh(sampler="ddim", eta=1.0), lr), found[0], atol=1e-4, rtol=0)


def test_the_mean_of_samples_is_that_of_the_samples_drawn() -> None:
    method, lr = fresh(), torch.rand(2, 3, 8, 8)
    torch.manual_seed(5)
    samples = method.draw(lr, 3)
    assert samples.shape == (3, 2, 3, 16, 16)
    torch.testing.assert_close(drawn(fresh(samples=3), lr, 5), samples.mean(0), atol=1e-6, rtol=0)
    assert torch.equal(drawn(method, lr, 5), samples[0])
    assert bool((samples.std(0) > 1e-4).any())


@pytest.mark.parametrize("combine", ["mean", "most-consistent"])
def test_a_sample_is_one_whatever_sr_is_made_of(combine: str) -> None:
    method, lr = fresh(samples=4, combine=combine), torch.rand(1, 3, 8, 8)
    torch.manual_seed(5)
    sample = method.sample_sr(lr, 2)
    assert torch.equal(sample, drawn(fresh(), lr, 5)) and not torch.equal(sample, drawn(fresh(samples=4), lr, 5))


def test_the_mean_of_samples_is_closer_to_hr_than_they_are() -> None:
    """On average, by as much as they vary: the error of a mean is its bias and the variance of the mean."""
    lr, hr = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 16, 16)
    torch.manual_seed(0)
    samples = fresh().draw(lr, 4)
    errors = [float((one - hr).square().mean()) for one in samples]
    mean = float((samples.mean(0) - hr).square().mean())
    assert mean == pytest.approx(np.mean(errors) - float(samples.var(0, correction=0).mean()), rel=1e-4)
    assert mean < min(errors)


def test_the_most_consistent_sample_is_the_one_that_made_small_again_is_closest_to_lr() -> None:
    """For each image of a batch; scikit-image's error and the protocol's own degradation judge."""
    method = fresh()
    lr = torch.rand(3, 3, 8, 8)
    torch.manual_seed(5)
    samples = method.draw(lr, 5)
    found = drawn(fresh(samples=5, combine="most-consistent"), lr, 5)
    small = resize(samples.clamp(0, 1), 1 / 2)
    errors = [[mean_squared_error(one.numpy(), true.numpy()) for one, true in zip(s, lr, strict=True)] for s in small]
    best = np.argmin(errors, axis=0)
    for place, sample in enumerate(best):
        assert torch.equal(found[place], samples[sample, place])
    assert len(set(best)) > 1
    assert torch.equal(drawn(fresh(combine="most-consistent"), lr, 5), samples[0])


def test_how_it_samples_does_not_change_what_it_learns_or_shows(tmp_path: Path) -> None:
    asked: list[dict[str, object]] = [
        {},
        {"sampler": "ddim", "steps": 4, "eta": 1.0},
        {"samples": 3, "combine": "most-consistent"},
    ]
    found = []
    for number, params in enumerate(asked):
        assert set(params) <= DDPM.sampling
        method = create(DDPM, {**TINY, "keep": "best", **params})
        method.fit(training_set(), context(tmp_path / str(number), 3))
        weights = {key: value.tolist() for key, value in method.networks["denoiser"].state_dict().items()}
        pictures = {path.name: path.read_bytes() for path in (tmp_path / str(number) / "samples").iterdir()}
        found.append((weights, pictures, method.history[-1]["validation"]))
    assert found[0] == found[1] == found[2]


def test_the_spread_is_that_of_eight_samples(tmp_path: Path) -> None:
    method = DDPM(**TINY)
    method.fit(training_set(), context(tmp_path, 2))
    folder = tmp_path / "samples"
    lr = to_tensor(srbench.read_image(folder / "lr.png"), srbench.Values(0, 255))[None]
    method.previews = True
    with torch.inference_mode():
        samples = torch.cat([method.sampled(lr, seed)[5] for seed in range(8)]).clamp(0, 1).double().numpy()
    expected = np.std(samples, axis=0, ddof=1).mean(0)
    spread = srbench.read_image(folder / "spread.png")
    assert spread.shape == srbench.read_image(folder / "hr.png").shape
    np.testing.assert_allclose(spread / 255 / 8, np.repeat(expected.clip(0, 1 / 8)[..., None], 3, 2), atol=1e-3)
    assert expected.max() > 0.01


def test_a_network_that_knows_the_noise_gives_hr(monkeypatch: pytest.MonkeyPatch) -> None:
    """From end to end: what is diffused is the difference to the upsampled LR, and is put back where it belongs."""
    for scale, size in ((2, (7, 9)), (3, (5, 6))):
        lr = torch.rand(1, 3, *size)
        upsampled = resize(lr, scale)
        hr = upsampled + (torch.rand_like(upsampled) - 0.5) / 4
        for sampler in ("ancestral", "ddim", "dpm-solver++"):
            method = fresh(3, scale, sampler=sampler, timesteps=20)

            def knows(
                self: Denoiser,
                noisy: torch.Tensor,
                condition: torch.Tensor,
                t: torch.Tensor,
                method: DDPM = method,
                upsampled: torch.Tensor = upsampled,
                hr: torch.Tensor = hr,
            ) -> torch.Tensor:
                torch.testing.assert_close(condition, continued(2 * upsampled - 1, self.multiple))
                clean = continued(4 * (hr - upsampled), self.multiple)
                return method.diffusion.noise_from_clean(noisy, clean, t)

            monkeypatch.setattr(Denoiser, "forward", knows)
            torch.testing.assert_close(drawn(method, lr, scale=scale), hr, atol=1e-4, rtol=0)


def test_the_upsampled_lr_reaches_the_network() -> None:
    denoiser = fresh().networks["denoiser"].requires_grad_(False)
    noisy, t = torch.randn(1, 3, 8, 8), torch.tensor([2])
    told = [denoiser(noisy, condition, t) for condition in (torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8))]
    assert float((told[0] - told[1]).abs().max()) > 1e-3
    late = denoiser(noisy, torch.zeros(1, 3, 8, 8), torch.tensor([5]))
    assert float((told[0] - late).abs().max()) > 1e-4


@pytest.mark.parametrize("loss", ["l1", "mse"])
def test_a_step_compares_the_noise(loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a network that tells nothing, the loss is the mean of |noise|, or of its square, at any step."""
    method = fresh(loss=loss, batch_size=64)
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def nothing(self: Denoiser, noisy: torch.Tensor, condition: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        seen.append((noisy, t))
        return torch.zeros_like(noisy)

    monkeypatch.setattr(Denoiser, "forward", nothing)
    lr = torch.rand(256, 3, 8, 8)
    hr = resize(lr, 2) + 10  # beyond the limit, which is 1
    losses = the_stage(method).step(Batch(lr, hr, 0.0))
    assert float(losses[loss]) == pytest.approx((2 / math.pi) ** 0.5 if loss == "l1" else 1.0, rel=0.02)
    noisy, t = seen[0]
    assert set(t.tolist()) == set(range(5))
    left = method.diffusion.alphas_bar[t]
    np.testing.assert_allclose(noisy.mean((1, 2, 3)), left.sqrt(), atol=5 / (3 * 16 * 16) ** 0.5)


def test_sides_are_continued_by_their_mirror_image() -> None:
    image = torch.rand(1, 2, 5, 3)
    expected = np.pad(image.numpy(), ((0, 0), (0, 0), (0, 3), (0, 13)), mode="symmetric")
    np.testing.assert_array_equal(continued(image[..., :5, :3], 8)[..., :8, :8], expected[..., :8, :8])
    np.testing.assert_array_equal(continued(image, 16)[..., :8, :], expected)
    assert torch.equal(continued(image[..., :4, :2], 2), image[..., :4, :2])


def test_the_stage_is_as_the_parameters_say() -> None:
    stage = the_stage(fresh(accumulate=3, ema=0.9, keep="best", clip=2.0, batch_size=5))
    assert (stage.accumulate, stage.ema, stage.keep, stage.clip) == (3, {"denoiser": 0.9}, "best", 2.0)
    assert (stage.batch_size, stage.schedule(1.0)) == (5, 0.5)
    assert the_stage(fresh(ema=0.0)).ema == {}


@pytest.mark.parametrize(("scale", "fold", "patch", "expected"), [(4, 1, 160, 40), (3, 1, 160, 54), (3, 2, 48, 16)])
def test_patches_are_rounded_up_to_what_scale_and_network_divide(
    scale: int, fold: int, patch: int, expected: int
) -> None:
    method = fresh(1, scale, fold=fold, patch=patch)
    assert the_stage(method).patch == expected
    assert expected * scale >= patch and expected * scale % method.networks["denoiser"].multiple == 0


def test_with_checkpointing_less_is_kept_and_the_gradients_are_the_same() -> None:
    def gradients(checkpointing: bool) -> tuple[int, list[torch.Tensor]]:
        method = fresh(checkpointing=checkpointing, attention=(True, False), blocks=2)
        denoiser = method.networks["denoiser"].train()
        torch.manual_seed(1)
        noisy, t = torch.randn(2, 3, 16, 16), torch.tensor([1, 4])
        kept: dict[int, int] = {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            kept[tensor.data_ptr()] = tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = denoiser(noisy, noisy.flip(0), t).square().mean()
        stored = sum(kept.values())
        loss.backward()
        return stored, [parameter.grad for parameter in denoiser.parameters() if parameter.grad is not None]

    (much, expected), (little, found) = gradients(False), gradients(True)
    assert little < much / 2
    assert len(found) == len(expected) > 0
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("params", [{}, {"ema": 0.9, "keep": "best", "accumulate": 2, "checkpointing": True}])
def test_interrupting_at_every_step_changes_neither_weights_nor_sr_nor_pictures(
    params: dict[str, object], tmp_path: Path
) -> None:
    images, lr = training_set(), torch.rand(1, 3, 8, 8)
    whole = create(DDPM, {**TINY, **params})
    whole.fit(images, context(tmp_path / "whole", 4))
    attempts = 0
    while True:
        torch.rand(attempts + 1)  # something else may draw from the global generator between two attempts
        method = create(DDPM, {**TINY, **params})
        try:
            method.fit(images, context(tmp_path / "parts", 4, stop=lambda: True))
            break
        except Interrupted:
            attempts += 1
    assert attempts >= 3
    states = [one.networks["denoiser"].state_dict() for one in (whole, method)]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert torch.equal(drawn(whole, lr), drawn(method, lr))
    found = [
        {path.name: path.read_bytes() for path in sorted((tmp_path / name / "samples").iterdir())}
        for name in ("whole", "parts")
    ]
    assert found[0] == found[1]


def test_a_training_leaves_pictures_of_sr_coming_out_of_the_noise(tmp_path: Path) -> None:
    create(DDPM, {**TINY, "timesteps": 10}).fit(training_set(channels=1), context(tmp_path, 2))
    strip = {
        int(path.stem.rpartition("-")[2]): srbench.read_image(path) for path in tmp_path.glob("samples/denoising-*.png")
    }
    hr = srbench.read_image(tmp_path / "samples" / "hr.png")
    assert sorted(strip) == [0, 2, 4, 5, 7, 9, 10]
    assert all(picture.shape == hr.shape for picture in strip.values())
    lr = to_tensor(srbench.read_image(tmp_path / "samples" / "lr.png"), srbench.Values(0, 255))
    upsampled = resize(lr[None], 2)[0].permute(1, 2, 0).numpy()
    distances = {step: np.abs(picture / 255 - upsampled) for step, picture in strip.items()}
    # Noise of a standard deviation of 1 / 4, of which some is beyond black and white; then estimates within the limit.
    assert distances[0].mean() == pytest.approx(0.25 * (2 / math.pi) ** 0.5, rel=0.2)
    assert distances[0].max() > 0.3
    assert distances[10].max() < 0.25 + 1 / 255


def test_nothing_is_left_where_no_image_is_held_out(tmp_path: Path) -> None:
    DDPM(**TINY).fit(training_set(count=2), context(tmp_path, 2))
    assert not list(tmp_path.glob("samples/*.png"))


def test_what_it_learned_before_it_could_have_an_encoder_it_learns_still(tmp_path: Path) -> None:
    """Numbers of the version that had bicubic LR as its only condition; small enough that rounding does not show."""
    method = DDPM(**TINY)
    method.fit(training_set(), context(tmp_path, 4))
    assert sorted(method.networks) == ["denoiser"]
    torch.manual_seed(3)
    sr = drawn(method, torch.rand(1, 3, 8, 8))
    expected = torch.tensor([-0.2938360869, -0.1800070554, 0.0312111769, -0.1561419368])
    torch.testing.assert_close(sr.flatten()[:4], expected, atol=1e-3, rtol=0)
    assert float(sr.mean()) == pytest.approx(0.4628160894, abs=1e-4)


def test_the_noise_is_learned(tmp_path: Path) -> None:
    method = create(DDPM, {**TINY, "channels": (16, 16), "batch_size": 8, "learning_rate": 3e-3, "ema": 0.0})
    method.fit(training_set(channels=1), context(tmp_path, 30))
    # A network that tells nothing has a loss of .8, and a validation of 0 dB.
    assert method.history[-1]["l1"] < 0.4
    validations = [row["validation"] for row in method.history if "validation" in row]
    assert len(validations) >= 10 and validations[-1] > 6


def test_samples_shown_while_it_learns_are_made_in_few_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    forward = Denoiser.forward

    def counted(self: Denoiser, *given_: torch.Tensor) -> torch.Tensor:
        asked.append(self.training)
        return forward(self, *given_)

    monkeypatch.setattr(Denoiser, "forward", counted)
    method = create(DDPM, {**TINY, "timesteps": 40, "samples": 2})
    method.fit(training_set(count=5, channels=1), context(tmp_path, 1))
    # One validation of one image at 4 steps, one sample in 10, and at the end the strip and eight for their spread.
    assert asked.count(False) == 4 + 10 + 10 + 8 * 10
    asked.clear()
    method.upscale(torch.rand(1, 1, 4, 4), 2)
    assert len(asked) == 2 * 40


def test_presets_are_the_documented_ones() -> None:
    paper = resolve(DDPM, {"preset": "paper"})
    expected = {
        "channels": (64, 128, 192, 256),
        "timesteps": 100,
        "betas": "cosine",
        "residual_scale": 2.0,
        "loss": "l1",
        "learning_rate": 2e-4,
        "clip": 10.0,
        "sampler": "ancestral",
        "steps": None,
    }
    assert {key: paper[key] for key in expected} == expected
    stage = the_stage(fresh(**{**paper, "channels": (4, 8), "attention": (False, False)}))
    assert [stage.schedule(progress) for progress in (0, 0.49, 0.5, 1)] == [1, 1, 0.5, 0.5]
    small = fresh(3, 4, **resolve(DDPM, {"preset": "small"}))
    assert the_stage(small).patch == 12
    assert small.parameters_count() < 5e6


def test_the_linear_schedule_ends_in_noise_whatever_its_length() -> None:
    for timesteps in (25, 100, 1000):
        betas = DDPM(timesteps=timesteps, betas="linear").diffusion
        assert float(betas.alphas_bar[-1]) < 1e-4
    assert float(betas.betas[0]) == pytest.approx(1e-4) and float(betas.betas[-1]) == pytest.approx(0.02)


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(srbench.SrbenchError, match="one value a level"):
        DDPM(channels=(8, 8), attention=(True,))
    with pytest.raises(srbench.SrbenchError, match="at least one"):
        DDPM(sizes=())
    with pytest.raises(srbench.SrbenchError, match="linear betas need"):
        DDPM(timesteps=20, betas="linear")
    with pytest.raises(SamplerError, match="steps"):
        DDPM(steps=101)
    with pytest.raises(SamplerError, match="eta"):
        DDPM(eta=0.5)
    for name, value in [
        ("sampler", "euler"),
        ("samples", 0),
        ("blocks", 0),
        ("channels", (1, 1)),
        ("ema", 1.0),
        ("channels", ()),
    ]:
        with pytest.raises((ParameterError, srbench.SrbenchError)):
            create(DDPM, resolve(DDPM, {name: value}))


@pytest.mark.parametrize("scale", [2, 3, 4, 5, 8])
def test_it_can_do_any_scale(scale: int) -> None:
    assert DDPM().supports(Problem(scale, (1, 3), ("uint8", "uint16", "float32"), (1, 1), (9, 9))) is None
    assert DDPM().halo is None, "attention sees all of an image, and every step sees further"


def test_importing_the_method_does_not_import_torch() -> None:
    code = (
        "import sys, srbench_ddpm.method as m; from srbench.registry.parameters import resolve; "
        "from srbench.registry.shared import create; "
        "made = create(m.DDPM, resolve(m.DDPM, {'preset': 'small'})); "
        "sys.exit('torch' in sys.modules or 'monai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
