"""The generator: what it learns from, what its samples depend on and what not, and what it leaves for the page."""

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from srbench_ddpm.generator import DDPMGenerator
from srbench_ddpm.network import FreeDenoiser
from srbench_ddpm.parameters import make_schedule
from srbench_ddpm.samplers import SamplerError
from srbench_ddpm.schedule import Schedule

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.contract.method import Problem
from srbench.contract.metric import Skip
from srbench.contract.training_set import TrainingSet
from srbench.pictures import read_image
from srbench.registry.parameters import ParameterError, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.testing import check_methods
from srbench.testing.pictures import textured
from srbench.training.data.augment import Flips, Inversion
from srbench.training.data.batch import Batch
from srbench.training.data.pairs import TrainingDataError
from srbench.training.loop.schedules import Plateau
from srbench.training.torch_generator import noise_of, sheet
from srbench.training.torch_method import ModelError

SIZE = 16
TINY = {"channels": (4, 8), "attention": (False, False), "betas": "cosine", "timesteps": 6, "batch_size": 2}
LINEAR = {"betas": "linear", "timesteps": 24}
"""The shortest diffusion with the schedule that is the default; fewer steps would need betas above 1."""


@pytest.fixture(autouse=True)
def small_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sheets of 2 x 2 samples, which are made at every look; how many there are is the base's."""
    monkeypatch.setattr("srbench.training.torch_generator.SHEET", 2 * SIZE)


test_ddpm_generator = check_methods(
    ("ddpm-generator", {**TINY, "steps": 6}),
    ("ddpm-generator", {**TINY, **LINEAR, "classes": "apart", "sampler": "ddim", "steps": 3, "eta": 0.5}),
    (
        "ddpm-generator",
        {"preset": "small", **TINY, "classes": "conditional", "steps": 4, "checkpointing": True, "keep": "best"},
    ),
    ("ddpm-generator", {**TINY, "sampler": "predictor-corrector", "steps": 3}),
    ("ddpm-generator", {**TINY, "sampler": "probability-flow", "steps": 3}),
    size=SIZE,
)


@pytest.mark.parametrize(("classes", "further"), [("none", True), ("conditional", True), ("apart", False)])
def test_a_training_goes_on_unless_each_class_has_a_model_of_its_own(classes: Any, further: bool) -> None:
    assert DDPMGenerator(classes).goes_on is further


def training_set(count: int = 12, channels: int = 3, size: int | None = SIZE) -> TrainingSet:
    """Dark and bright pictures in turn, so labelled."""
    pictures = [
        (textured(place, SIZE, SIZE, channels) * 100 + 150 * (place % 2)).round().astype(np.uint8)
        for place in range(count)
    ]
    items = [srbench.Item(f"i{place}", one, label=("dark", "bright")[place % 2]) for place, one in enumerate(pictures)]
    return TrainingSet(items, srbench.Protocol("p", 1, size=size))


def context(folder: Path, steps: int, **changes: object) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, **{"checkpoint_seconds": 1e9, **changes})


def fresh(planes: int = 3, **params: object) -> DDPMGenerator:
    """One with random weights, also where they begin at zero, so that all of it shows in samples."""
    method = create(DDPMGenerator, {**TINY, **params})
    method.size, method.labels = SIZE, ("bright", "dark") if method.labelled else ()
    torch.manual_seed(0)
    method._make(planes, 1)
    for network in method.networks.values():
        for parameter in network.parameters():
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.1)
    return method


def schedule_of(method: DDPMGenerator) -> Schedule:
    return make_schedule(method.betas, method.timesteps)


def asked(seed: int = 0, first: int = 0, channels: int = 3, labels: tuple[str, ...] | None = None, size: int = SIZE):
    return srbench.SampleContext(seed, first, size, channels, labels)


def test_it_is_offered_by_the_plugin_for_generation() -> None:
    entry = registry().get("method", "ddpm-generator")
    assert entry.load() is DDPMGenerator
    assert DDPMGenerator.tasks() == {"generation"}


@pytest.mark.parametrize("classes", ["none", "apart", "conditional"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"sampler": "ddim", "steps": 5, "eta": 1.0},
        {"sampler": "dpm-solver++", "steps": 6},
        {"sampler": "predictor-corrector", "steps": 4},
        {"sampler": "probability-flow", "steps": 4},
    ],
)
def test_a_sample_depends_on_seed_place_and_class_alone(classes: str, params: dict[str, object]) -> None:
    method = fresh(classes=classes, **params)
    labels = ("dark", "bright", "bright", "dark", "dark") if method.labelled else None
    together = method.sample(5, asked(7, 3, labels=labels))
    torch.rand(3)
    for place in (4, 0, 2):
        alone = method.sample(1, asked(7, 3 + place, labels=labels and labels[place : place + 1]))
        torch.testing.assert_close(together[place], alone[0], atol=1e-4, rtol=0)
    assert all(float((a - b).abs().max()) > 1e-2 for a, b in itertools.combinations(together, 2))
    other = method.sample(5, asked(8, 3, labels=labels))
    assert float((other - together).abs().mean()) > 1e-2


def test_each_sample_has_noise_of_its_own_which_no_other_seed_or_place_has() -> None:
    asked_for = list(itertools.product(range(20), range(20)))
    begun = {torch.randn(4, generator=noise_of(seed, place)).sum().item() for seed, place in asked_for}
    assert len(begun) == len(asked_for)
    many = torch.stack([torch.randn(500, generator=noise_of(0, place)) for place in range(40)])
    # Of independent noise the correlations have a standard deviation of 1 / sqrt(500).
    apart = torch.corrcoef(many)[~torch.eye(40, dtype=torch.bool)]
    assert float(apart.std()) == pytest.approx(500**-0.5, rel=0.1)
    again = torch.randn(500, generator=noise_of(0, 3))
    assert torch.equal(again, many[3])


@pytest.mark.parametrize("classes", ["none", "apart", "conditional"])
@pytest.mark.parametrize("sampler", ["ancestral", "ddim", "dpm-solver++", "predictor-corrector", "probability-flow"])
@pytest.mark.parametrize("predicts", ["noise", "velocity"])
def test_a_network_that_knows_the_answer_gives_the_image(
    classes: str, sampler: str, predicts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From end to end, for each class its own: images are in [-1, 1] for the network, and in [0, 1] outside."""
    method = fresh(classes=classes, sampler=sampler, predicts=predicts, **LINEAR)
    target = torch.rand(2, 3, SIZE, SIZE)
    networks = list(method.networks.values())

    def knows(self: FreeDenoiser, noisy: torch.Tensor, t: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        places = {"none": 0 * labels, "apart": torch.full_like(labels, networks.index(self)), "conditional": labels}
        clean, diffusion = 2 * target[places[classes]] - 1, schedule_of(method)
        noise = diffusion.noise_from_clean(noisy, clean, t)
        return noise if predicts == "noise" else diffusion.velocity(clean, noise, t)

    monkeypatch.setattr(FreeDenoiser, "forward", knows)
    labels = ("dark", "bright", "dark") if method.labelled else None
    found = method.sample(3, asked(labels=labels))
    expected = target[[1, 0, 1]] if method.labelled else target[[0, 0, 0]]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("classes", ["none", "apart", "conditional"])
@pytest.mark.parametrize("predicts", ["noise", "velocity"])
def test_a_step_compares_what_is_predicted_of_images_of_minus_one_to_one(
    classes: str, predicts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a network that tells nothing, the loss is the mean square of the noise: 1.

    Of the velocity, it is the noise's and the image's, each by its share.
    """
    method = fresh(classes=classes, predicts=predicts, **LINEAR)
    seen: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def nothing(self: FreeDenoiser, noisy: torch.Tensor, t: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        seen.append((noisy, t, labels))
        return torch.zeros_like(noisy)

    monkeypatch.setattr(FreeDenoiser, "forward", nothing)
    hr = torch.ones(400, 3, 8, 8)
    for stage in method.stages(method.networks, 1):
        batch = Batch(hr, hr, 0.0, torch.arange(400) % 2)
        assert float(stage.step(batch)["mse"]) == pytest.approx(1, rel=0.02)
        noisy, t, labels = seen[-1]
        assert set(t.tolist()) == set(range(24)) and torch.equal(labels, batch.labels)
        left = schedule_of(method).alphas_bar[t]
        np.testing.assert_allclose(noisy.mean((1, 2, 3)), left.sqrt(), atol=5 / (3 * 8 * 8) ** 0.5)
        if predicts == "velocity":
            grey = stage.step(Batch(hr / 2, hr / 2, 0.0, batch.labels))["mse"]  # nothing but the noise's share is left
            assert float(grey) == pytest.approx(float(schedule_of(method).alphas_bar[seen[-1][1]].mean()), rel=0.05)


def test_one_model_a_class_is_one_stage_a_class_with_an_equal_share(tmp_path: Path) -> None:
    method = DDPMGenerator(**TINY, classes="apart")
    method.fit(training_set(), context(tmp_path, 10))
    assert [(stage["name"], stage["steps"]) for stage in method.training["stages"]] == [("bright", 5), ("dark", 5)]
    assert sorted(method.networks) == ["denoiser-0", "denoiser-1"]
    assert len(method.training["held_out"]) == 2
    assert {row["stage"] for row in method.history if "validation" in row} == {"bright", "dark"}
    assert method.parameters_count() == 2 * DDPMGenerator.parameters_count(trained_once(tmp_path / "one"))


def trained_once(folder: Path, **params: object) -> DDPMGenerator:
    method = create(DDPMGenerator, {**TINY, **params})
    method.fit(training_set(), context(folder, 2))
    return method


def test_a_class_conditional_model_is_told_the_class() -> None:
    method = fresh(classes="conditional")
    (denoiser,) = method.networks.values()
    noisy, t = torch.randn(1, 3, 8, 8), torch.tensor([4])
    told = [denoiser(noisy, t, torch.tensor([place])).detach() for place in (0, 1)]
    assert float((told[0] - told[1]).abs().max()) > 1e-4


@pytest.mark.parametrize("classes", ["apart", "conditional"])
def test_interrupting_at_every_step_changes_neither_weights_nor_samples_nor_pictures(
    classes: str, tmp_path: Path
) -> None:
    params = {**TINY, "classes": classes, "ema": 0.9, "accumulate": 2, "augment": [{"flips": {"vertical": False}}]}
    whole = create(DDPMGenerator, params)
    whole.fit(training_set(), context(tmp_path / "whole", 4))
    attempts = 0
    while True:
        torch.rand(attempts + 1)  # something else may draw from the global generator between two attempts
        method = create(DDPMGenerator, params)
        try:
            method.fit(training_set(), context(tmp_path / "parts", 4, stop=lambda: True))
            break
        except Interrupted:
            attempts += 1
    assert attempts >= 3
    for name, network in whole.networks.items():
        state = method.networks[name].state_dict()
        assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())
    labels = ("dark", "bright") if whole.labelled else None
    assert torch.equal(whole.sample(2, asked(labels=labels)), method.sample(2, asked(labels=labels)))
    found = [
        {path.name: path.read_bytes() for path in sorted((tmp_path / name / "samples").iterdir())}
        for name in ("whole", "parts")
    ]
    assert found[0] == found[1]


def test_a_saved_model_knows_its_classes_and_makes_the_same_samples(tmp_path: Path) -> None:
    method = trained_once(tmp_path / "fit", classes="conditional")
    method.save(tmp_path)
    again = DDPMGenerator(**TINY, classes="conditional", sampler="ancestral")
    again.load(tmp_path)
    assert (again.size, again.labels) == (SIZE, ("bright", "dark"))
    labels = ("dark", "bright")
    assert torch.equal(method.sample(2, asked(labels=labels)), again.sample(2, asked(labels=labels)))


def test_how_it_samples_does_not_change_what_it_learns(tmp_path: Path) -> None:
    found = []
    fast = [{"sampler": name, "steps": 4} for name in ("dpm-solver++", "predictor-corrector", "probability-flow")]
    for number, params in enumerate([{}, {"sampler": "ddim", "steps": 4, "eta": 1.0}, *fast]):
        method = trained_once(tmp_path / str(number), **params)
        found.append(
            (
                {key: value.tolist() for key, value in method.networks["denoiser"].state_dict().items()},
                {path.name: path.read_bytes() for path in (tmp_path / str(number) / "samples").iterdir()},
            )
        )
        assert set(params) <= DDPMGenerator.sampling
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize(("classes", "count"), [("none", 12), ("apart", 12), ("conditional", 12), ("none", 3)])
def test_a_training_leaves_sheets_of_samples_also_where_nothing_is_held_out(
    classes: str, count: int, tmp_path: Path
) -> None:
    method = DDPMGenerator(**{**TINY, **LINEAR}, classes=classes)
    method.fit(training_set(count), context(tmp_path, 8))
    pictures = {path.stem: read_image(path) for path in (tmp_path / "samples").glob("*.png")}
    assert "lr" not in pictures
    assert {picture.shape for picture in pictures.values()} == {(32, 32, 3)}
    stages = ["bright", "dark"] if classes == "apart" else ["diffusion"]
    for stage in stages:
        assert len([name for name in pictures if name.startswith(f"{stage}-")]) >= 4
    assert {name for name in pictures if name.startswith("denoising-")} >= {"denoising-0", "denoising-10"}
    # Real images: where there are classes, the first half of the sheet is of the first one, which is bright.
    real = pictures["hr"].reshape(2, 16, 2, 16, 3).mean((1, 3, 4)).ravel()
    if method.labelled:
        assert (real[:2] > 150).all() and (real[2:] < 150).all()
    else:
        assert min(real) < 100 and max(real) > 150


def test_the_last_picture_is_made_as_the_strip_says(tmp_path: Path) -> None:
    """Coming out of the noise: its end is the sheet that the same few steps give."""
    method = trained_once(tmp_path, **LINEAR)
    expected = sheet(method.preview([noise_of(0, place) for place in range(4)], torch.full((4,), -1)))
    found = read_image(tmp_path / "samples" / "denoising-10.png")
    np.testing.assert_allclose(
        found / 255, expected[0].clamp(0, 1).detach().permute(1, 2, 0).numpy(), atol=0.5 / 255 + 1e-6
    )


def test_a_sheet_has_the_images_row_by_row() -> None:
    images = torch.arange(9.0).reshape(9, 1, 1, 1).expand(9, 1, 2, 3)
    found = sheet(images)
    assert found.shape == (1, 1, 6, 9)
    assert found[0, 0, ::2, ::3].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_the_noise_is_learned(tmp_path: Path) -> None:
    method = create(DDPMGenerator, {**TINY, "channels": (8, 16), "batch_size": 8, "learning_rate": 1e-2, "ema": 0.0})
    method.fit(training_set(channels=1), context(tmp_path, 30))
    # A network that tells nothing has a loss of 1, and a validation of 0 dB.
    assert method.history[-1]["mse"] < 0.3
    validations = [row["validation"] for row in method.history if "validation" in row]
    assert len(validations) >= 10 and validations[-1] > 6


def test_what_cannot_be_learned_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="task: generation"):
        DDPMGenerator(**TINY).fit(training_set(size=None), context(tmp_path, 1))
    bare = training_set()
    items = [srbench.Item(item.id, item.hr, label=None if item.id == "i3" else item.label) for item in bare.items]
    some = TrainingSet(items, bare.protocol)
    with pytest.raises(TrainingDataError, match="1 of 12 training images have none: i3"):
        DDPMGenerator(**TINY, classes="conditional").fit(some, context(tmp_path, 1))
    DDPMGenerator(**TINY).fit(some, context(tmp_path, 1))


def test_what_was_not_learned_is_not_sampled() -> None:
    method = fresh(classes="apart")
    for wrong, message in [
        (asked(size=32, labels=("dark",)), "16 pixels"),
        (asked(channels=1, labels=("dark",)), "3 channels"),
        (asked(labels=("blue",)), "not blue"),
        (asked(), "a class is needed"),
    ]:
        with pytest.raises(ModelError, match=message):
            method.sample(1, wrong)
    with pytest.raises(ModelError, match="learned nothing yet"):
        DDPMGenerator(**TINY).sample(1, asked())


def test_sizes_that_the_network_cannot_halve_are_skipped() -> None:
    def asked_of(size: int) -> Skip | None:
        return create(DDPMGenerator, resolve(DDPMGenerator, {"preset": "isic-64"})).supports(
            Problem(1, (3,), ("uint8",), (size, size), (size, size))
        )

    assert asked_of(64) is None
    refused = asked_of(36)
    assert refused is not None and "multiples of 8" in refused.reason


def test_images_are_learned_from_as_they_are_unless_their_turns_are_asked_for() -> None:
    assert DDPMGenerator(**TINY).turns == (0,)
    isic = create(DDPMGenerator, resolve(DDPMGenerator, {"preset": "isic-64"}))
    assert isic.recipe.turns(isic.turns) == tuple(range(8))


def test_presets_are_the_documented_ones() -> None:
    hand, isic, small = (resolve(DDPMGenerator, {"preset": name}) for name in ("mednist-hand", "isic-64", "small"))
    expected = {
        "channels": (128, 256, 256),
        "attention": (False, True, True),
        "timesteps": 1000,
        "betas": "linear",
        "batch_size": 32,
        "learning_rate": 1e-3,
        "ema": 0.9999,
        "classes": "none",
    }
    assert {key: hand[key] for key in expected} == expected
    method = fresh(1, **{**hand, "channels": (4, 8, 8)})
    (stage,) = method.stages(method.networks, 1)
    assert [stage.schedule(progress) for progress in (0, 0.5, 1)] == pytest.approx([1, 0.6, 0.2])
    betas = schedule_of(method).betas
    assert (float(betas[0]), float(betas[-1]), len(betas)) == pytest.approx((1e-4, 0.02, 1000))
    assert create(DDPMGenerator, hand).recipe.augmentations == (Flips(), Inversion(0.5))
    expected = {"channels": (64, 128, 256, 256), "classes": "apart", "batch_size": 4, "accumulate": 8, "ema": 0.0}
    assert {key: isic[key] for key in expected} == expected
    assert create(DDPMGenerator, isic).recipe.course == Plateau(0.1, 2)
    assert create(DDPMGenerator, small).sampler == "ddim"


def test_the_parameters_that_keys_hold_are_these() -> None:
    """One more, and every cell there is would be of other parameters than before."""
    names = (
        "classes channels blocks attention fold timesteps betas predicts learning_rate batch_size accumulate "
        "checkpointing clip ema keep sampler steps eta"
    )
    assert list(resolve(DDPMGenerator, {})) == names.split()


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(srbench.SrbenchError, match="one value a level"):
        DDPMGenerator(channels=(8, 8), attention=(True,))
    with pytest.raises(srbench.SrbenchError, match="linear betas need"):
        DDPMGenerator(timesteps=20)
    with pytest.raises(SamplerError, match="steps"):
        DDPMGenerator(steps=1001)
    for name, value in [("classes", "all"), ("betas", "two"), ("blocks", 0), ("ema", 1.0)]:
        with pytest.raises(ParameterError):
            resolve(DDPMGenerator, {name: value})


def test_importing_the_generator_and_asking_what_it_can_do_does_not_import_torch() -> None:
    code = (
        "import sys, srbench_ddpm.generator as g; from srbench.registry.parameters import resolve; "
        "from srbench.registry.shared import create; "
        "from srbench.contract.method import Problem;"
        "create(g.DDPMGenerator, resolve(g.DDPMGenerator, {'preset': 'small'}))"
        ".supports(Problem(1, (1,), ('uint8',), (32, 32), (32, 32)));"
        "sys.exit('torch' in sys.modules or 'monai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
