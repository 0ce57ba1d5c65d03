"""Restoration by what has never seen LR: SR has the LR that was given, whatever was learned."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio
from srbench_ddpm.ddnm import DDNM, between
from srbench_ddpm.linear import NotLinearError, Operator, lines_of
from srbench_ddpm.network import FreeDenoiser
from srbench_ddpm.samplers import SamplerError
from srbench_degradations.area import Area
from srbench_degradations.jpeg import Jpeg

import srbench
from srbench.contract.degradation import Degradation
from srbench.contract.degradations import Bicubic, GaussianBlur
from srbench.contract.fit import Budget, FitContext
from srbench.contract.method import Problem
from srbench.contract.training_set import TrainingSet
from srbench.pictures import Image, Scale, Values, to_image, to_tensor
from srbench.registry.parameters import resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.testing import check_methods
from srbench.testing.pictures import textured_uint8
from srbench.training.data.batch import Batch

TINY = {
    "channels": (4, 8),
    "attention": (False, False),
    "blocks": 1,
    "betas": "cosine",
    "timesteps": 6,
    "batch_size": 2,
    "patch": 16,
    "steps": 4,
}
BLACK_TO_WHITE = Values(0, 255)

test_ddnm = check_methods(
    ("ddnm", TINY),
    ("ddnm", {"preset": "small", **TINY, "sampler": "ancestral", "eta": 0.0, "samples": 2, "keep": "best"}),
)


def training_set(degradation: Degradation, scale: Scale = 2, count: int = 6) -> TrainingSet:
    items = [srbench.Item(f"i{place}", textured_uint8(place, 40, 36, 3)) for place in range(count)]
    return TrainingSet(items, srbench.Protocol("p", scale, degradation=degradation))


def context(folder: Path, steps: int) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, checkpoint_seconds=1e9)


def untrained(scale: Scale = 2, degradation: Degradation | None = None, planes: int = 3, **params: object) -> DDNM:
    """One with random weights, also where they begin at zero."""
    method = create(DDNM, {**TINY, **params})
    method.lines = lines_of(degradation or Bicubic(), scale)
    torch.manual_seed(0)
    method._make(planes, scale)
    for parameter in method.networks["denoiser"].parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return method


def drawn(method: DDNM, lr: torch.Tensor, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return method.upscale(lr, method.scale)


def consistency(method: DDNM, hr: Image, degradation: Degradation, scale: Scale) -> float:
    """PSNR of the LR of SR, which is written in 8 bits and made small by the degradation, against LR, in dB."""
    generator = np.random.default_rng(0)
    lr = degradation.lr(hr, BLACK_TO_WHITE, scale, generator)
    sr = to_image(drawn(method, to_tensor(lr, BLACK_TO_WHITE)[None])[0], hr, BLACK_TO_WHITE)
    again = degradation.lr(sr, BLACK_TO_WHITE, scale, generator)
    return float(peak_signal_noise_ratio(lr, again)) if (lr != again).any() else np.inf


def test_it_is_offered_by_the_plugin() -> None:
    assert registry().get("method", "ddnm").load() is DDNM


@pytest.mark.parametrize(
    ("degradation", "scale"),
    [
        (Bicubic(), 2),
        (Bicubic(), 4),
        (Bicubic(borders="repeat"), 3),
        (Bicubic(), Fraction(3, 2)),
        (Area(), 4),
        (GaussianBlur(sigma=1.6), 3),
    ],
)
@pytest.mark.parametrize("picture", ["textured", "points"])
def test_an_untrained_network_gives_sr_that_has_its_lr(degradation: Degradation, scale: Scale, picture: str) -> None:
    """45 dB and more; in black and white pictures, too, where consistency asks for values beyond them."""
    pictures = {
        "textured": textured_uint8(1, 48, 60, 3),
        "points": (np.random.default_rng(0).random((48, 60, 3)) > 0.9).astype(np.uint8) * 255,
    }
    assert consistency(untrained(scale, degradation), pictures[picture], degradation, scale) >= 45


@pytest.mark.parametrize("scale", [Fraction(3, 2), 3])
def test_where_lr_is_clipped_between_rows_and_columns_it_is_as_near_as_a_of_hr(scale: Scale) -> None:
    """As bicubic interpolation does in whole numbers: on a board of black and white, LR is then no quite linear."""
    board = (np.kron(np.indices((12, 15)).sum(0) % 2, np.full((4, 4), 255))).astype(np.uint8)
    lines = lines_of(Bicubic(), scale)
    linear = lines.matrix(48, scale) @ (board / 255) @ lines.matrix(60, scale).T
    lr = Bicubic().lr(board[..., None], BLACK_TO_WHITE, scale, np.random.default_rng(0))[..., 0]
    nearest = peak_signal_noise_ratio(lr, np.round(linear.clip(0, 1) * 255).astype(np.uint8))
    assert nearest < 45
    assert consistency(untrained(scale), np.repeat(board[..., None], 3, 2), Bicubic(), scale) >= nearest


@pytest.mark.parametrize(
    "params",
    [{"sampler": "ancestral", "eta": 0.0}, {"eta": 0.0}, {"sampler": "dpm-solver++", "eta": 0.0}, {"samples": 3}],
)
def test_so_it_does_by_every_sampler(params: dict[str, object]) -> None:
    assert consistency(untrained(4, **params), textured_uint8(2, 48, 60, 3), Bicubic(), 4) >= 45


@settings(max_examples=15, deadline=None)
@given(
    scale=st.sampled_from([2, 3, 4]),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    trained=st.sampled_from([1, 3]),
    given_channels=st.sampled_from([1, 3]),
    fold=st.sampled_from([1, 2]),
)
def test_any_size_in_grey_and_in_colour_and_whatever_else_is_in_the_batch(
    scale: int, height: int, width: int, trained: int, given_channels: int, fold: int
) -> None:
    method = untrained(scale, planes=trained, fold=fold)
    lr = 0.35 + 0.3 * torch.rand(3, given_channels, height, width)
    together = drawn(method, lr)
    assert together.shape == (3, given_channels, height * scale, width * scale)
    assert together.dtype == torch.float32 and float(together.min()) >= 0 and float(together.max()) <= 1
    operator = Operator(method.lines, height * scale, width * scale, scale, lr)
    assert float((operator.forward(together) - lr).square().mean()) < 2e-6
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], drawn(method, lr[i : i + 1]), atol=1e-4, rtol=0)


def told(method: DDNM, image: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the network tell the noise that makes this image, with white at 1, the estimate at every step."""

    def knows(self: FreeDenoiser, noisy: torch.Tensor, t: torch.Tensor, labels: None = None) -> torch.Tensor:
        height, width = image.shape[-2:]
        clean = torch.nn.functional.pad(2 * image - 1, (0, noisy.shape[-1] - width, 0, noisy.shape[-2] - height))
        noise = method.diffusion.noise_from_clean(noisy, clean.expand_as(noisy), t)
        return noise if method.predicts == "noise" else method.diffusion.velocity(clean.expand_as(noisy), noise, t)

    monkeypatch.setattr(FreeDenoiser, "forward", knows)


@pytest.mark.parametrize("predicts", ["noise", "velocity"])
@pytest.mark.parametrize("sampler", ["ancestral", "ddim", "dpm-solver++"])
def test_what_lr_says_nothing_of_is_the_diffusions(
    sampler: str, predicts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A+ y + (I - A+ A) x, by NumPy's pseudo-inverse of the whole: of a network that knows HR it is HR."""
    method = untrained(2, Bicubic(), 1, sampler=sampler, eta=0.0, predicts=predicts)
    rows, columns = (method.lines.matrix(side, 2) for side in (14, 18))
    hr, other = 0.3 + 0.4 * torch.rand(2, 1, 1, 14, 18).double()
    lr = torch.from_numpy(rows @ hr.numpy() @ columns.T).float()
    told(method, hr.float(), monkeypatch)
    torch.testing.assert_close(drawn(method, lr), hr.float(), atol=1e-4, rtol=0)
    told(method, other.float(), monkeypatch)
    whole = np.kron(rows, columns)
    seen = np.linalg.pinv(whole) @ whole  # the part of a picture that LR tells
    expected = other.ravel().numpy() + seen @ (hr - other).ravel().numpy()
    assert expected.min() > 0 and expected.max() < 1
    np.testing.assert_allclose(drawn(method, lr).ravel(), expected, atol=1e-4)


def test_between_black_and_white_it_is_the_same_where_it_was_there_before() -> None:
    lines = lines_of(Bicubic(), 2)
    operator = Operator(lines, 12, 16, 2, torch.empty(0))
    inside = 0.4 + 0.2 * torch.rand(2, 3, 12, 16)
    assert torch.equal(between(inside, operator.forward(inside), operator), inside)
    beyond = torch.cat([inside[:1], 3 * torch.rand(1, 3, 12, 16) - 1])
    moved = between(beyond, operator.forward(inside), operator)
    assert torch.equal(moved[0], inside[0])  # each picture alone
    assert float(moved.min()) >= 0 and float(moved.max()) <= 1
    assert float((operator.forward(moved) - operator.forward(inside)).square().mean()) <= 1e-6


def test_between_black_and_white_there_may_be_nothing_that_has_this_lr() -> None:
    """LR brighter than white: SR is what comes nearest."""
    operator = Operator(lines_of(Area(), 2), 8, 8, 2, torch.empty(0))
    assert torch.equal(between(torch.rand(1, 1, 8, 8), torch.full((1, 1, 4, 4), 1.1), operator), torch.ones(1, 1, 8, 8))


@pytest.mark.parametrize("params", [{}, {"sampler": "ancestral", "eta": 0.0}, {"samples": 2}])
def test_sr_depends_on_the_seed(params: dict[str, object]) -> None:
    method, lr = untrained(**params), 0.3 + 0.4 * torch.rand(1, 3, 8, 8)
    first, again, other = (drawn(method, lr, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert float((first - other).abs().mean()) > 1e-3


def test_it_learns_nothing_of_lr(tmp_path: Path) -> None:
    """Whatever the degradation, it learns the same, and restores by the one that it was trained under."""
    found = []
    for name, degradation in {"bicubic": Bicubic(), "area": Area()}.items():
        method = create(DDNM, {**TINY, "keep": "best"})
        method.fit(training_set(degradation), context(tmp_path / name, 3))
        assert method.history[-1]["validation"] != 0
        method.save(tmp_path / name / "model")
        again = DDNM(**TINY)
        again.load(tmp_path / name / "model")
        assert again.lines == method.lines == lines_of(degradation, 2)
        found.append(again)
    states = [method.networks["denoiser"].state_dict() for method in found]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    hr = textured_uint8(9, 40, 36, 3)
    assert consistency(found[0], hr, Bicubic(), 2) >= 45 and consistency(found[1], hr, Area(), 2) >= 45
    assert consistency(found[1], hr, Bicubic(), 2) < 45


def test_a_step_compares_the_noise_in_hr(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a network that tells nothing the loss is the mean square of the noise, in images of [-1, 1]."""
    method, seen = untrained(timesteps=20), []
    monkeypatch.setattr(
        FreeDenoiser, "forward", lambda self, noisy, t, labels=None: seen.append((noisy, t)) or torch.zeros_like(noisy)
    )
    (stage,) = method.stages(method.networks, 2)
    hr = torch.ones(300, 3, 8, 8)
    assert float(stage.step(Batch(torch.full((300, 3, 4, 4), torch.nan), hr, 0.0))["mse"]) == pytest.approx(1, rel=0.02)
    noisy, t = seen[0]
    left = method.diffusion.alphas_bar[t]
    np.testing.assert_allclose(noisy.mean((1, 2, 3)), left.sqrt(), atol=5 / (3 * 8 * 8) ** 0.5)


def test_how_it_samples_does_not_change_what_it_learns_or_shows(tmp_path: Path) -> None:
    asked: list[dict[str, object]] = [{}, {"sampler": "ancestral", "steps": 6, "eta": 0.0, "samples": 2}]
    found = []
    for number, params in enumerate(asked):
        assert set(params) <= DDNM.sampling
        method = create(DDNM, {**TINY, **params})
        method.fit(training_set(Bicubic()), context(tmp_path / str(number), 2))
        weights = {key: value.tolist() for key, value in method.networks["denoiser"].state_dict().items()}
        pictures = {path.name: path.read_bytes() for path in (tmp_path / str(number) / "samples").iterdir()}
        found.append((weights, pictures))
    assert found[0] == found[1]
    assert {"spread.png", "denoising-0.png", "hr.png"} <= set(found[0][1])


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8, Fraction(3, 2), Fraction(10, 7)])
def test_it_does_any_scale_where_lr_is_linear(scale: Scale) -> None:
    def answer(degradation: Degradation) -> srbench.Skip | None:
        return DDNM().supports(Problem(scale, (1, 3), ("uint8", "float32"), (1, 1), (9, 9), degradation))

    assert answer(Bicubic()) is None and answer(Area()) is None
    refused = answer(Jpeg(quality=90))
    assert refused is not None
    assert refused.reason.startswith("it inverts the degradation: LR by jpeg(quality=90) at scale")
    assert refused.reason.endswith("is no linear function of the rows and columns of HR near each pixel")


def test_what_it_cannot_invert_it_does_not_learn(tmp_path: Path) -> None:
    with pytest.raises(NotLinearError, match="jpeg"):
        DDNM(**TINY).fit(training_set(Jpeg(quality=90)), context(tmp_path, 1))


def test_that_pictures_have_a_curve_is_noted(tmp_path: Path) -> None:
    curved = Values(0, 255, curve="asinh", knee=20)
    for name, values, noted in (("linear", None, 0), ("curved", curved, 1)):
        items = [srbench.Item(f"i{place}", textured_uint8(place, 40, 36, 1), values=values) for place in range(2)]
        method = DDNM(**TINY)
        method.fit(TrainingSet(items, srbench.Protocol("p", 2)), context(tmp_path / name, 1))
        assert sum("nearly consistent" in note for note in method.notes) == noted


@pytest.mark.parametrize(("scale", "fold", "patch", "expected"), [(4, 1, 64, 16), (3, 1, 16, 6), (2, 2, 18, 10)])
def test_patches_are_rounded_up_to_what_scale_and_network_divide(
    scale: int, fold: int, patch: int, expected: int
) -> None:
    method = untrained(scale, fold=fold, patch=patch)
    (stage,) = method.stages(method.networks, scale)
    assert stage.patch == expected
    assert expected * scale >= patch and expected * scale % method.free.denoiser.multiple == 0


def test_presets_are_the_documented_ones() -> None:
    paper = resolve(DDNM, {"preset": "paper"})
    expected = {"timesteps": 1000, "betas": "linear", "predicts": "noise", "sampler": "ddim", "steps": 100}
    assert {key: paper[key] for key in expected} == expected and paper["eta"] == 0.85
    betas = DDNM(**paper).diffusion.betas
    assert float(betas[0]) == pytest.approx(1e-4) and float(betas[-1]) == pytest.approx(0.02)
    assert untrained(4, **resolve(DDNM, {"preset": "small"})).parameters_count() < 5e6


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(srbench.SrbenchError, match="one value a level"):
        DDNM(channels=(8, 8), attention=(True,))
    with pytest.raises(SamplerError, match="steps"):
        DDNM(timesteps=50)
    with pytest.raises(SamplerError, match="only the sampler `ddim`"):
        DDNM(sampler="ancestral")


def test_planning_with_the_method_does_not_import_torch() -> None:
    code = (
        "import sys, srbench, srbench_ddpm.ddnm as m; from srbench.registry.parameters import resolve; "
        "from srbench.registry.shared import create; "
        "made = create(m.DDNM, resolve(m.DDNM, {'preset': 'small'})); "
        "made.supports(srbench.Problem(4, (3,), ('uint8',), (8, 8), (8, 8)));"
        "sys.exit('torch' in sys.modules or 'monai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
