"""The generator: what it learns from, what its samples depend on and what not, and what it leaves for the page."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from srbench_ncsn.generator import NCSN
from srbench_ncsn.levels import LevelsError
from srbench_ncsn.network import ScoreNetwork

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.contract.method import Problem
from srbench.contract.training_set import TrainingSet
from srbench.pictures import read_image
from srbench.registry.parameters import ParameterError, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.testing import check_methods
from srbench.testing.pictures import textured
from srbench.training import Batch

SIZE = 16
TINY = {"channels": (4, 8), "attention": (False, False), "blocks": 1, "batch_size": 2, "levels": 6, "steps": 2}


@pytest.fixture(autouse=True)
def small_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sheets of 2 x 2 samples, and few levels to make them in."""
    monkeypatch.setattr("srbench.training.torch_generator.SHEET", 2 * SIZE)
    monkeypatch.setattr("srbench_ncsn.generator.PREVIEW", 4)


# Noise that is small: after two steps nothing takes more away.
test_ncsn = check_methods(
    ("ncsn", {**TINY, "largest": 1.0}),
    ("ncsn", {"preset": "small", **TINY, "largest": 1.0, "checkpointing": True, "keep": "best", "accumulate": 2}),
    ("ncsn", {**TINY, "largest": 1.0, "precision": "bf16"}),
    size=SIZE,
)


def pictures(count: int = 12, channels: int = 3) -> list[np.ndarray]:
    return [
        (textured(place, SIZE, SIZE, channels) * 100 + 150 * (place % 2)).round().astype(np.uint8)
        for place in range(count)
    ]


def training_set(*images: np.ndarray) -> TrainingSet:
    items = [srbench.Item(f"i{place}", image) for place, image in enumerate(images or pictures())]
    return TrainingSet(items, srbench.Protocol("p", 1, size=SIZE))


def context(folder: Path, steps: int, **changes: object) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, **{"checkpoint_seconds": 1e9, **changes})


def fresh(planes: int = 3, **params: object) -> NCSN:
    method = create(NCSN, {**TINY, "largest": 5.0, **params})
    method.size, method.labels = SIZE, ()
    torch.manual_seed(0)
    method._make(planes, 1)
    return method


def asked(seed: int = 0, first: int = 0) -> srbench.SampleContext:
    return srbench.SampleContext(seed, first, SIZE, 3)


def test_it_is_offered_by_its_plugin_for_generation() -> None:
    entry = registry().get("method", "ncsn")
    assert entry.load() is NCSN
    assert entry.plugin.distribution == "srbench-ncsn"
    assert NCSN.tasks() == {"generation"}


@pytest.mark.parametrize("predicts", ["noise", "velocity"])
def test_a_network_that_knows_the_score_gives_the_image(predicts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    method = fresh(predicts=predicts)
    image = torch.rand(3, SIZE, SIZE)
    monkeypatch.setattr(
        ScoreNetwork, "forward", lambda self, noisy, level: (image - noisy) / level[:, None, None, None]
    )
    torch.testing.assert_close(method.sample(2, asked()), image.expand(2, -1, -1, -1), atol=1e-5, rtol=0)
    sheet = method.preview([torch.Generator().manual_seed(0)], torch.tensor([-1]))
    torch.testing.assert_close(sheet[0], image, atol=1e-5, rtol=0)


def test_without_a_level_the_network_sees_the_noisy_image_alone() -> None:
    """Technique 3: its answer is the same whatever the level, which only divides it."""
    method = fresh()
    for parameter in method.network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    noisy = torch.rand(2, 3, SIZE, SIZE)
    with torch.no_grad():
        near, far = (method._score(noisy, level) for level in (0.1, 0.4))
    assert float(near.abs().max()) > 1e-2
    torch.testing.assert_close(near, 4 * far)


def test_the_velocity_is_turned_into_the_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an image u in [-1, 1] and noise n: sqrt(a) n - sqrt(1 - a) u, seen in sqrt(a) u + sqrt(1 - a) n."""
    network = fresh(predicts="velocity").network
    image, noise, level = torch.rand(4, 3, 8, 8), torch.randn(4, 3, 8, 8), torch.tensor([0.01, 0.2, 1.0, 5.0])
    whole = (1 / (1 + 4 * level**2)).sqrt()[:, None, None, None]
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def tell(noisy: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        seen.append((noisy, place))
        return whole * noise - (1 - whole**2).sqrt() * (2 * image - 1)

    monkeypatch.setattr(network, "tell", tell)
    told = network(image + level[:, None, None, None] * noise, level)
    torch.testing.assert_close(told, -noise, atol=1e-5, rtol=0)
    ((noisy, place),) = seen
    torch.testing.assert_close(noisy, whole * (2 * image - 1) + (1 - whole**2).sqrt() * noise, atol=1e-5, rtol=0)
    assert place.tolist() == pytest.approx([0, 1000 * np.log(20) / np.log(500), 1000 * np.log(100) / np.log(500), 1000])


@pytest.mark.parametrize("predicts", ["noise", "velocity"])
def test_a_step_is_denoising_score_matching_at_every_level(predicts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A score of 0 misses all of the noise; told velocities, all of noise and image: of grey ones the noise's share."""
    method = fresh(predicts=predicts)
    levels: list[torch.Tensor] = []
    noises: list[torch.Tensor] = []

    def tell(self: ScoreNetwork, noisy: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(noisy)

    def spy(self: ScoreNetwork, noisy: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        levels.append(level)
        noises.append((noisy - 0.5) / level[:, None, None, None])
        return forward(self, noisy, level)

    forward = ScoreNetwork.forward
    monkeypatch.setattr(ScoreNetwork, "tell", tell)
    monkeypatch.setattr(ScoreNetwork, "forward", spy)
    (stage,) = method.stages(method.networks, 1)
    grey = torch.full((600, 3, 8, 8), 0.5)
    loss = float(stage.step(Batch(grey, grey, 0.0))["mse"])
    expected = 1 if predicts == "noise" else float((1 / (1 + 4 * levels[0] ** 2)).mean())
    assert loss == pytest.approx(expected, rel=0.02)
    assert sorted(set(levels[0].tolist())) == pytest.approx(np.geomspace(0.01, 5, 6))
    assert float(noises[0].std()) == pytest.approx(1, rel=0.01)


def test_the_largest_level_is_measured_on_the_training_set_and_saved(tmp_path: Path) -> None:
    method = create(NCSN, {**TINY, "augment": []})
    images = pictures()
    method.fit(training_set(*images), context(tmp_path, 3, model=tmp_path / "model"))
    held_out = {int(name.removeprefix("i")) for name in method.training["held_out"]}
    seen = np.stack([images[place].ravel() / 255 for place in range(12) if place not in held_out])
    farthest = max(np.linalg.norm(one - other) for one in seen for other in seen)
    assert method.facts["largest_noise"] == pytest.approx(farthest, rel=1e-5)
    assert method.facts["noise_levels"] == 6
    method.save(tmp_path / "model")
    again = create(NCSN, {**TINY, "steps": 1})
    again.load(tmp_path / "model")
    assert torch.equal(again.noise_levels, method.noise_levels)
    again.steps = 2
    assert torch.equal(again.sample(2, asked()), method.sample(2, asked()))


def test_images_that_are_all_alike_leave_no_levels(tmp_path: Path) -> None:
    with pytest.raises(LevelsError, match="least alike"):
        create(NCSN, {**TINY, "augment": []}).fit(training_set(*[pictures(1)[0]] * 6), context(tmp_path, 2))


def test_as_many_levels_as_the_size_of_images_wants() -> None:
    assert len(fresh(levels=None).noise_levels) == pytest.approx(
        1 + np.log(500) / np.log(1 + 3 / (1536**0.5 - 3)), abs=1
    )
    assert len(fresh(1, levels=None).noise_levels) < len(fresh(3, levels=None).noise_levels)


@pytest.mark.parametrize("predicts", ["noise", "velocity"])
def test_the_score_is_learned(predicts: str, tmp_path: Path) -> None:
    """A network that tells nothing has a loss of 1, or of less where it tells the velocity."""
    method = NCSN(
        **{**TINY, "channels": (8, 16), "batch_size": 8, "learning_rate": 1e-2, "ema": 0.0}, predicts=predicts
    )
    method.fit(training_set(*pictures(channels=1)), context(tmp_path, 40))
    losses = [row["mse"] for row in method.history]
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:3])
    validations = [row["validation"] for row in method.history if "validation" in row]
    assert len(validations) >= 10 and validations[-1] > validations[0] + 1


@pytest.mark.parametrize("predicts", ["noise", "velocity"])
def test_interrupting_at_every_step_changes_neither_weights_nor_samples_nor_pictures(
    predicts: str, tmp_path: Path
) -> None:
    params = {**TINY, "predicts": predicts, "ema": 0.9, "accumulate": 2}
    whole = NCSN(**params)
    whole.fit(training_set(), context(tmp_path / "whole", 4))
    attempts = 0
    while True:
        torch.rand(attempts + 1)  # something else may draw from the global generator between two attempts
        method = NCSN(**params)
        try:
            method.fit(training_set(), context(tmp_path / "parts", 4, stop=lambda: True))
            break
        except Interrupted:
            attempts += 1
    assert attempts >= 3
    state = method.network.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in whole.network.state_dict().items())
    assert torch.equal(whole.sample(2, asked()), method.sample(2, asked()))
    found = [
        {path.name: path.read_bytes() for path in sorted((tmp_path / name / "samples").iterdir())}
        for name in ("whole", "parts")
    ]
    assert found[0] == found[1]
    assert {name for name in found[0] if name.startswith("denoising-")} == {f"denoising-{n}.png" for n in range(5)}


def test_how_it_samples_does_not_change_what_it_learns(tmp_path: Path) -> None:
    found = []
    for steps in (2, 5):
        method = create(NCSN, {**TINY, "steps": steps})
        method.fit(training_set(), context(tmp_path / str(steps), 3))
        pictures_left = {path.name: path.read_bytes() for path in (tmp_path / str(steps) / "samples").iterdir()}
        found.append(({key: value.tolist() for key, value in method.network.state_dict().items()}, pictures_left))
    assert found[0] == found[1]
    assert NCSN.sampling == {"steps"}


def test_a_training_leaves_sheets_of_samples(tmp_path: Path) -> None:
    NCSN(**TINY).fit(training_set(), context(tmp_path, 8))
    left = {path.stem: read_image(path) for path in (tmp_path / "samples").glob("*.png")}
    assert {picture.shape for picture in left.values()} == {(32, 32, 3)}
    assert "hr" in left and len([name for name in left if name.startswith("score-")]) >= 4


def test_presets_are_the_documented_ones() -> None:
    paper, small = (resolve(NCSN, {"preset": name}) for name in ("paper", "small"))
    expected = {
        "smallest": 0.01,
        "largest": None,
        "levels": None,
        "predicts": "noise",
        "learning_rate": 1e-4,
        "batch_size": 128,
        "ema": 0.999,
        "steps": 5,
    }
    assert {key: paper[key] for key in expected} == expected
    with torch.device("meta"):
        counts = []
        for params in (paper, small):
            method = create(NCSN, params)
            method._make(3, 1)
            counts.append(method.parameters_count())
    assert counts[0] > 15e6 and counts[1] < 5e6


def test_what_it_cannot_do_is_said_before_anything_is_trained() -> None:
    def asked_of(size: int) -> srbench.Skip | None:
        return NCSN().supports(Problem(1, (3,), ("uint8",), (size, size), (size, size)))

    assert asked_of(64) is None
    refused = asked_of(36)
    assert refused is not None and "multiples of 8" in refused.reason
    with pytest.raises(srbench.SrbenchError, match="one value a level"):
        NCSN(channels=(8, 8), attention=(True,))
    with pytest.raises(LevelsError, match=r"from 0\.01 to 0\.01"):
        NCSN(largest=0.01)
    for name, value in [("levels", 1), ("steps", 0), ("smallest", 0), ("predicts", "clean"), ("ema", 1.0)]:
        with pytest.raises(ParameterError):
            resolve(NCSN, {name: value})


def test_importing_it_and_asking_what_it_can_do_does_not_import_torch() -> None:
    code = (
        "import sys, srbench_ncsn.generator as g; from srbench.registry.parameters import resolve; "
        "from srbench.registry.shared import create; "
        "from srbench.contract.method import Problem;"
        "made = create(g.NCSN, resolve(g.NCSN, {'preset': 'small'})); "
        "made.supports(Problem(1, (1,), ('uint8',), (32, 32), (32, 32)));"
        "sys.exit('torch' in sys.modules or 'monai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
