"""The method: how it learns and resumes, what its SR depends on and what not."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_ddpm.network import Denoiser, continued
from srbench_resshift.method import ResShift

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.contract.method import Problem
from srbench.contract.training_set import TrainingSet
from srbench.pictures import Scale
from srbench.pictures.resize import resize
from srbench.registry.parameters import ParameterError, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.testing import check_methods
from srbench.testing.pictures import textured_uint8
from srbench.training.data.batch import Batch

TINY = {
    "channels": (4, 8),
    "attention": (False, False),
    "blocks": 1,
    "fold": 1,
    "timesteps": 4,
    "batch_size": 2,
    "patch": 16,
}

test_resshift = check_methods(
    ("resshift", TINY),
    ("resshift", {"preset": "small", **TINY, "fold": 2, "steps": 2, "samples": 2, "combine": "most-consistent"}),
)


def training_set(count: int = 6, channels: int = 3, scale: Scale = 2) -> TrainingSet:
    items = [srbench.Item(f"i{place}", textured_uint8(place, 40, 36, channels)) for place in range(count)]
    return TrainingSet(items, srbench.Protocol("p", scale))


def context(folder: Path, steps: int, **changes: object) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, **{"checkpoint_seconds": 1e9, **changes})


def fresh(planes: int = 3, scale: Scale = 2, **params: object) -> ResShift:
    """One with random weights, also where they begin at zero, so that all of it shows in SR."""
    method = create(ResShift, {**TINY, **params})
    torch.manual_seed(0)
    method._make(planes, scale)
    for parameter in method.networks["denoiser"].parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return method


def drawn(method: ResShift, lr: torch.Tensor, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return method.upscale(lr, method.scale)


def test_it_is_offered_by_the_plugin() -> None:
    entry = registry().get("method", "resshift")
    assert entry.load() is ResShift
    assert entry.plugin.distribution == "srbench-resshift"


@settings(max_examples=15, deadline=None)
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
    together = drawn(method, lr)
    assert together.shape == (3, given_channels, height * scale, width * scale)
    assert together.dtype == torch.float32 and float(together.min()) >= 0 and float(together.max()) <= 1
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], drawn(method, lr[i : i + 1]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("params", [{}, {"steps": 2}, {"samples": 2}, {"samples": 2, "combine": "most-consistent"}])
def test_sr_depends_on_the_seed(params: dict[str, object]) -> None:
    method, lr = fresh(**params), torch.rand(1, 3, 8, 8)
    first, again, other = (drawn(method, lr, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert float((first - other).abs().mean()) > 1e-3


def test_sr_is_the_mean_of_the_samples_that_can_be_drawn_themselves() -> None:
    method, lr = fresh(samples=3), torch.rand(2, 3, 8, 8)
    torch.manual_seed(5)
    samples = method.draw(lr, 3)
    assert samples.shape == (3, 2, 3, 16, 16) and bool((samples.std(0) > 1e-4).any())
    torch.testing.assert_close(drawn(method, lr, 5), samples.mean(0), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("scale", "size"), [(2, (7, 9)), (3, (5, 6)), (Fraction(3, 2), (8, 6))])
@pytest.mark.parametrize("steps", [None, 1])
def test_a_network_that_knows_what_lr_lacks_gives_hr(
    scale: Scale, size: tuple[int, int], steps: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From end to end; and at each step it sees the upsampled LR, and the shifted image at about unit deviation."""
    method = fresh(3, scale, steps=steps)
    lr = torch.rand(1, 3, *size)
    upsampled = resize(lr, scale)
    hr = torch.rand_like(upsampled)
    seen = []

    def knows(self: Denoiser, shifted: torch.Tensor, condition: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        seen.append(shifted)
        torch.testing.assert_close(condition, continued(2 * upsampled - 1, self.multiple))
        return continued(2 * (hr - upsampled), self.multiple)

    monkeypatch.setattr(Denoiser, "forward", knows)
    torch.testing.assert_close(drawn(method, lr), hr, atol=1e-5, rtol=0)
    assert len(seen) == (steps or 4)
    noise = seen[0] * np.sqrt(1 + 0.999 * method.kappa**2) - continued(2 * upsampled - 1, method.denoiser.multiple)
    assert float(noise.std()) == pytest.approx(method.kappa, rel=0.25)


def test_a_network_that_has_learned_nothing_gives_bicubic_sr() -> None:
    """As MONAI's U-Nets begin: their last convolution is zero."""
    method = ResShift(**TINY)
    method._make(3, 2)
    lr = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(drawn(method, lr), resize(lr, 2).clamp(0, 1), atol=1e-5, rtol=0)


def test_a_step_compares_hr_at_any_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a network that tells nothing, the loss is the squared error of bicubic SR, in [-1, 1]."""
    method, seen = fresh(), []

    def nothing(self: Denoiser, shifted: torch.Tensor, condition: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        seen.append((shifted, t))
        return torch.zeros_like(shifted)

    monkeypatch.setattr(Denoiser, "forward", nothing)
    (stage,) = method.stages(method.networks, 2)
    lr = torch.rand(300, 3, 8, 8)
    hr = resize(lr, 2) + 0.25
    assert float(stage.step(Batch(lr, hr, 0.0))["mse"]) == pytest.approx(0.5**2, rel=1e-4)
    assert stage.validate is not None
    assert stage.validate(Batch(lr[:1], hr[:1], 0.0)) == pytest.approx(-10 * np.log10(0.25**2), rel=1e-4)
    shifted, t = seen[0]
    assert set(t.tolist()) == set(range(4))
    assert [int(step) for _, step in seen[1:]] == [0, 1, 2, 3]
    # At unit deviation where noise is most, and HR itself where there is hardly any.
    assert float(shifted[t == 3].std()) == pytest.approx(1, rel=0.1)
    torch.testing.assert_close(shifted[t == 0].mean((1, 2, 3)), (2 * hr - 1)[t == 0].mean((1, 2, 3)), atol=0.02, rtol=0)


def test_how_it_samples_does_not_change_what_it_learns_or_shows(tmp_path: Path) -> None:
    found = []
    for number, params in enumerate([{}, {"steps": 2, "samples": 3, "combine": "most-consistent"}]):
        assert set(params) <= ResShift.sampling
        method = create(ResShift, {**TINY, "keep": "best", **params})
        method.fit(training_set(), context(tmp_path / str(number), 3))
        weights = {key: value.tolist() for key, value in method.networks["denoiser"].state_dict().items()}
        pictures = {path.name: path.read_bytes() for path in (tmp_path / str(number) / "samples").iterdir()}
        found.append((weights, pictures, method.history[-1]["validation"]))
    assert found[0] == found[1]
    assert {"spread.png", "lr.png", "denoising-0.png", "denoising-4.png"} <= set(found[0][1])


@pytest.mark.parametrize("params", [{}, {"ema": 0.9, "keep": "best", "accumulate": 2, "checkpointing": True}])
def test_interrupting_at_every_step_changes_neither_weights_nor_sr_nor_pictures(
    params: dict[str, object], tmp_path: Path
) -> None:
    images, lr = training_set(), torch.rand(1, 3, 8, 8)
    whole = create(ResShift, {**TINY, **params})
    whole.fit(images, context(tmp_path / "whole", 4))
    attempts = 0
    while True:
        torch.rand(attempts + 1)  # something else may draw from the global generator between two attempts
        method = create(ResShift, {**TINY, **params})
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


def test_it_learns() -> None:
    """A few pictures of noise by heart, beginning with the error of bicubic SR."""
    method = create(ResShift, {**TINY, "channels": (16, 16), "learning_rate": 5e-3, "kappa": 1.0})
    torch.manual_seed(0)
    method._make(1, 2)
    (stage,) = method.stages(method.networks, 2)
    hr = torch.rand(4, 1, 16, 16)
    batch = Batch(resize(hr, 1 / 2), hr, 0.0)
    errors = []
    for _ in range(60):
        errors.append(stage.step(batch)["mse"])
        stage.optimisers["mse"].zero_grad()
        errors[-1].backward()
        stage.optimisers["mse"].step()
    bicubic = 4 * float((resize(batch.lr, 2) - hr).square().mean())
    assert float(errors[0].detach()) == pytest.approx(bicubic, rel=1e-4)
    assert float(torch.stack(errors[-5:]).detach().mean()) < bicubic / 2


def test_patches_are_rounded_up_to_what_scale_and_network_divide() -> None:
    for scale, fold, patch, expected in ((4, 4, 256, 64), (3, 2, 48, 16), (3, 1, 160, 54)):
        method = fresh(1, scale, fold=fold, patch=patch)
        (stage,) = method.stages(method.networks, scale)
        assert stage.patch == expected
        assert expected * scale >= patch and expected * scale % method.denoiser.multiple == 0


def test_presets_are_the_documented_ones() -> None:
    paper = resolve(ResShift, {"preset": "paper"})
    expected = {
        "channels": (160, 320, 320, 640),
        "timesteps": 15,
        "kappa": 2.0,
        "power": 0.3,
        "least_noise": 0.04,
        "learning_rate": 5e-5,
        "batch_size": 64,
        "patch": 256,
        "ema": 0.999,
    }
    assert {key: paper[key] for key in expected} == expected
    shift = ResShift(**paper).shift
    assert (len(shift), shift.kappa) == (15, 2.0)
    assert float(shift.etas[0]) == pytest.approx(0.02**2) and float(shift.etas[-1]) == pytest.approx(0.999)
    small = resolve(ResShift, {"preset": "small"})
    assert small["timesteps"] == 4 and fresh(3, 4, **small).parameters_count() < 5e6


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(srbench.SrbenchError, match="one value a level"):
        ResShift(channels=(8, 8), attention=(True,))
    with pytest.raises(srbench.SrbenchError, match="at least one"):
        ResShift(sizes=())
    with pytest.raises(srbench.SrbenchError, match="timesteps: 1"):
        ResShift(timesteps=1)
    with pytest.raises(srbench.SrbenchError, match="steps: 16; the shift has 15"):
        ResShift(steps=16)
    for name, value in [("kappa", 0.0), ("samples", 0), ("fold", 0), ("channels", (1, 1)), ("power", -1.0)]:
        with pytest.raises(ParameterError):
            resolve(ResShift, {name: value})


@pytest.mark.parametrize("scale", [2, 3, 4, 5, 8, Fraction(10, 7)])
def test_it_can_do_any_scale(scale: Scale) -> None:
    assert ResShift().supports(Problem(scale, (1, 3), ("uint8", "uint16", "float32"), (1, 1), (9, 9))) is None
    assert ResShift().halo is None, "attention sees all of an image, and every step sees further"


def test_importing_the_method_does_not_import_torch() -> None:
    code = (
        "import sys, srbench_resshift.method as m; from srbench.registry.parameters import resolve; "
        "from srbench.registry.shared import create; "
        "made = create(m.ResShift, resolve(m.ResShift, {'preset': 'small'})); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
