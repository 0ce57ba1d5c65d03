"""How both methods learn: stages, rates, updates, resume, depths, fall-backs; and the contract of methods."""

import copy
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from rig import Bench
from srbench_srgan.srgan import SRGAN
from srbench_srgan.srresnet import SRResNet

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.contract.training_set import TrainingSet
from srbench.registry.parameters import ParameterError, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.testing import check_methods
from srbench.testing.pictures import textured
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.weights.lookup import WeightsDamaged, WeightsMissing

TINY = {"blocks": 1, "width": 6, "batch_size": 2, "patch": 16}
TINY_GAN = {**TINY, "discriminator_width": 2, "dense": 8, "adversarial_share": 0.5}
MSE = {**TINY_GAN, "content": "mse"}

test_srresnet = check_methods(("srresnet", TINY), ("srresnet", {"preset": "small", **TINY}))
test_srgan = check_methods(
    ("srgan", {**MSE, "dropout": 0.3}),
    ("srgan", {"preset": "small", **MSE}),
    ("srgan", {"preset": "mri-x3", **MSE, "adversarial_share": 1.0, "patch": 18}),
)


def pictures(channels: int = 3, depth: str = "uint8", count: int = 6) -> list[np.ndarray]:
    made = [textured(seed, 40, 36, channels) for seed in range(count)]
    if depth == "float32":
        return [picture.astype(np.float32) for picture in made]
    return [(picture * np.iinfo(depth).max).round().astype(depth) for picture in made]


def training_set(*images: np.ndarray, scale: int = 4) -> TrainingSet:
    items = [srbench.Item(f"i{index}", image) for index, image in enumerate(images or pictures())]
    return TrainingSet(items, srbench.Protocol("p", scale))


def context(folder: Path, steps: int, **changes: object) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, **{"checkpoint_seconds": 1e9, **changes})


def state(method: SRResNet) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in method.networks["generator"].state_dict().items()}


def identical(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_both_are_offered_by_one_plugin() -> None:
    for name, target in (("srresnet", SRResNet), ("srgan", SRGAN)):
        entry = registry().get("method", name)
        assert entry.load() is target
        assert entry.plugin.distribution == "srbench-srgan"


@pytest.mark.parametrize(("target", "name"), [(SRResNet, "small"), (SRGAN, "small"), (SRGAN, "mri-x3")])
def test_presets_can_be_trained(target: type[SRResNet], name: str, tmp_path: Path) -> None:
    """With their own settings, but for the sizes that make a step slow."""
    tiny = TINY if target is SRResNet else MSE
    slow = {key: tiny[key] for key in ("blocks", "width", "batch_size", "discriminator_width", "dense") if key in tiny}
    if target is SRGAN:
        slow["content"] = "mse"
    method = create(target, resolve(target, {"preset": name, **slow}))
    scale = 3 if name == "mri-x3" else 4
    method.fit(training_set(*pictures(1), scale=scale), context(tmp_path, 20))
    assert method.channels == 1
    assert method.upscale(torch.rand(1, 1, 10, 10), scale).shape == (1, 1, 10 * scale, 10 * scale)


def test_the_presets_are_those_documented() -> None:
    paper = resolve(SRGAN, {"preset": "paper"})
    expected = {
        "blocks": 16,
        "width": 64,
        "batch_norm": True,
        "loss": "mse",
        "learning_rate": 1e-4,
        "batch_size": 16,
        "patch": 96,
        "content": "vgg54",
        "adversarial_weight": 1e-3,
        "discriminator_width": 64,
        "dense": 1024,
        "ema": 0.0,
        "sizes": (1.0,),
    }
    assert {key: paper[key] for key in expected} == expected
    mri = resolve(SRGAN, {"preset": "mri-x3"})
    assert (mri["blocks"], mri["activation"], mri["content"], mri["patch"]) == (7, "leaky_relu", "mse", 150)
    assert (mri["block_dropout"], mri["dense"], mri["adversarial_share"]) == (0.5, 1024, 1.0)
    features = resolve(SRResNet, {"preset": "vgg22"})
    assert features == {**resolve(SRResNet, {"preset": "paper"}), "loss": "vgg22", "total_variation": 2e-8}
    for target in (SRResNet, SRGAN):
        assert not resolve(target, {"preset": "small"})["batch_norm"]


def test_a_tenth_of_the_rate_in_the_second_half_and_the_papers_shares(tmp_path: Path) -> None:
    method = SRGAN(**{**MSE, "adversarial_share": 1 / 6})
    method.fit(training_set(), context(tmp_path, 24))
    rows = [row for row in method.history if row["stage"] == "adversarial"]
    assert [row["step"] for row in rows] == [21, 22, 23, 24]
    for name in ("generator", "discriminator"):
        assert [row[f"lr {name}"] for row in rows] == pytest.approx([1e-4, 1e-4, 1e-5, 1e-5])
    assert all(row["lr"] == pytest.approx(1e-4) for row in method.history if row["stage"] == "pixel")
    for row in rows:
        assert row["generator"] == pytest.approx(row["content"] + 1e-3 * row["adversarial"], rel=1e-5)


def test_a_share_of_one_leaves_no_stage_on_pixels(tmp_path: Path) -> None:
    method = SRGAN(**{**MSE, "adversarial_share": 1.0})
    method.fit(training_set(), context(tmp_path, 4))
    assert {row["stage"] for row in method.history} == {"adversarial"}


def test_generator_and_discriminator_learn_from_their_own_losses_only(tmp_path: Path) -> None:
    """One step of the engine, by plain gradients, against updates by hand on separate copies of the networks."""
    torch.manual_seed(0)
    method = SRGAN(**{**MSE, "adversarial_weight": 0.5})
    method._make(3, 4)
    _, stage = method.stages(method.networks, 4)
    generator, discriminator = (copy.deepcopy(stage.networks[name]).train() for name in ("generator", "discriminator"))
    # A judge of its own, so that nothing of the generator's loss reaches the discriminator that is updated.
    judge = copy.deepcopy(discriminator)
    stage = replace(
        stage,
        optimisers={name: torch.optim.SGD(network.parameters(), lr=0.1) for name, network in stage.networks.items()},
        validate=None,
    )
    lr, hr = (torch.from_numpy(array) for array in Patches(training_set(), "all", 0).draw(2, 4)[:2])
    engine.train([stage], Patches(training_set(), "all", 0), context(tmp_path, 1))

    log = torch.nn.functional.logsigmoid
    sr = generator(lr)
    ((2 * sr - 2 * hr).square().mean() - 0.5 * log(judge(sr)).mean()).backward()
    (-log(discriminator(hr)).mean() - log(-discriminator(sr.detach())).mean()).backward()
    for name, copied in (("generator", generator), ("discriminator", discriminator)):
        for (key, before), after in zip(copied.named_parameters(), stage.networks[name].parameters(), strict=True):
            expected = before.detach() - 0.1 * before.grad
            torch.testing.assert_close(after.detach(), expected, atol=1e-6, rtol=1e-5, msg=f"{name}.{key}")
        assert any(p.grad.abs().max() > 1e-3 for p in copied.parameters())


@pytest.mark.parametrize(
    ("target", "params"),
    [
        (SRResNet, TINY),
        (SRResNet, {**resolve(SRResNet, {"preset": "small"}), **TINY}),
        (SRGAN, {**MSE, "dropout": 0.5, "ema": 0.9}),
        (SRGAN, {**MSE, "adversarial_share": 1.0, "block_dropout": 0.5}),
    ],
    ids=["srresnet", "srresnet-small", "srgan", "srgan alone"],
)
def test_interrupting_at_every_step_changes_neither_weights_nor_sr(
    target: type[SRResNet], params: dict[str, object], tmp_path: Path
) -> None:
    images = training_set()
    whole = create(target, params)
    whole.fit(images, context(tmp_path / "whole", 8))
    attempts = 0
    while True:
        # Something else may draw from the global generators between two attempts.
        torch.rand(attempts + 1), np.random.random(attempts), random.random()
        method = create(target, params)
        calls = iter(range(100))
        try:
            method.fit(images, context(tmp_path / "parts", 8, stop=lambda calls=calls: next(calls) >= 1))
            break
        except Interrupted:
            attempts += 1
    assert attempts >= 4
    assert identical(state(method), state(whole))
    assert [row.get("step") for row in method.history] == [row.get("step") for row in whole.history]


@pytest.mark.parametrize(("channels", "depth"), [(1, "uint8"), (3, "uint16"), (1, "uint16"), (1, "float32")])
@pytest.mark.parametrize("scale", [2, 3, 8])
def test_any_depth_in_grey_and_in_colour_at_any_scale(channels: int, depth: str, scale: int, tmp_path: Path) -> None:
    method = SRGAN(**{**MSE, "patch": 24})
    method.fit(training_set(*pictures(channels, depth), scale=scale), context(tmp_path, 4))
    assert method.channels == channels
    sr = method.upscale(torch.rand(1, channels, 6, 5), scale)
    assert sr.shape == (1, channels, 6 * scale, 5 * scale) and sr.isfinite().all()
    assert all(np.isfinite(row["adversarial"]) for row in method.history if row["stage"] == "adversarial")


def test_the_pixel_stage_learns(tmp_path: Path) -> None:
    method = SRResNet(**{**TINY, "batch_size": 8, "learning_rate": 3e-3})
    method.fit(training_set(scale=2), context(tmp_path, 120))
    assert method.history[-1]["mse"] < 0.5 * method.history[0]["mse"]


@pytest.mark.usefixtures("no_weights")
def test_without_vgg19_the_content_loss_is_the_mean_squared_error_and_a_note_says_so(tmp_path: Path) -> None:
    fallen, meant = SRGAN(**{**TINY_GAN, "content": "vgg54"}), SRGAN(**MSE)
    for name, method in (("fallen", fallen), ("meant", meant)):
        method.fit(training_set(), context(tmp_path / name, 4))
    assert identical(state(fallen), state(meant))
    assert not any("in place of" in note for note in meant.notes)
    (note,) = [note for note in fallen.notes if "in place of" in note]
    assert "vgg54" in note and "`srbench fetch vgg19`" in note


@pytest.mark.usefixtures("vgg19")
def test_with_vgg19_the_content_loss_is_that_of_its_features(tmp_path: Path) -> None:
    method, plain = SRGAN(**{**TINY_GAN, "content": "vgg54"}), SRGAN(**MSE)
    for name, one in (("features", method), ("plain", plain)):
        one.fit(training_set(), context(tmp_path / name, 4))
    assert not any("in place of" in note for note in method.notes)
    assert not identical(state(method), state(plain))
    method.save(tmp_path / "model")
    again = SRGAN(**{**TINY_GAN, "content": "vgg54"})
    again.load(tmp_path / "model")
    assert identical(state(again), state(method)), "a model that is loaded needs no VGG19"


@pytest.mark.usefixtures("vgg19")
def test_srresnet_learns_from_features_alone(tmp_path: Path) -> None:
    """SRResNet-VGG22 of the paper: no adversary, features and the total variation."""
    from srbench_srgan.losses import content_loss, total_variation

    method = create(SRResNet, {**resolve(SRResNet, {"preset": "vgg22"}), **TINY, "total_variation": 1e-3})
    assert method.weights == ("vgg19",)
    method._make(3, 4)
    (stage,) = method.stages(method.networks, 4)
    assert stage.name == "features" and list(stage.networks) == ["generator"]
    lr, hr = (torch.from_numpy(array) for array in Patches(training_set(), "all", 0).draw(2, 4)[:2])
    losses = stage.step(srbench.Batch(lr, hr, 0.0))
    sr = method.networks["generator"](lr)
    expected = content_loss("vgg22", "cpu")(sr, hr) + 1e-3 * total_variation(sr)
    torch.testing.assert_close(losses["total"], expected)
    method.fit(training_set(), context(tmp_path, 4))
    assert {"vgg22", "variation", "total"} <= method.history[-1].keys()


@pytest.mark.usefixtures("no_weights")
def test_srresnet_without_the_features_that_it_asks_for_is_not_another_method(tmp_path: Path) -> None:
    method = SRResNet(**{**TINY, "loss": "vgg22"})
    with pytest.raises(WeightsMissing, match="srbench fetch vgg19"):
        method.fit(training_set(), context(tmp_path, 4))


def test_models_with_and_without_vgg19_have_different_keys(no_weights: None, request: pytest.FixtureRequest) -> None:
    assert SRGAN(content="vgg54").weights == ()
    request.getfixturevalue("vgg19")
    assert SRGAN(content="vgg54").weights == ("vgg19",)
    assert SRGAN(content="mse").weights == ()


@pytest.mark.usefixtures("vgg19")
def test_a_damaged_vgg19_is_an_error_and_not_a_reason_for_another_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = next((tmp_path / "data" / "weights").iterdir())
    file.unlink()
    file.write_bytes(b"not it")
    with pytest.raises(WeightsDamaged):
        SRGAN(**{**TINY_GAN, "content": "vgg22"}).fit(training_set(), context(tmp_path, 4))


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(srbench.SrbenchError, match="no features of 8 pixels"):
        SRGAN(content="vgg54", patch=8)
    with pytest.raises(srbench.SrbenchError, match="cannot normalise"):
        SRGAN(content="mse", patch=16, batch_size=1)
    with pytest.raises(srbench.SrbenchError, match="at least one"):
        SRResNet(sizes=())
    for name, value in [("blocks", 0), ("loss", "ssim"), ("content", "vgg33"), ("adversarial_share", 0), ("ema", 1.0)]:
        with pytest.raises(ParameterError, match=name if name not in ("loss", "content") else str(value)):
            resolve(SRGAN, {name: value})


def test_importing_the_methods_does_not_import_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys, srbench_srgan.srgan as m; from srbench.registry.parameters import resolve; "
        "from srbench.registry.shared import create; "
        "create(m.SRGAN, resolve(m.SRGAN, {'preset': 'small'})); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_matrix_of_both_with_a_cell_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))
    bench = Bench(tmp_path)
    bench.matrix(
        methods=[
            "toy-nearest",
            {"srresnet": TINY},
            {"srgan": {**TINY_GAN, "content": "vgg22"}},
            {"use": "srresnet", "as": "unfit", "patch": 18},
            {"use": "srresnet", "as": "features", "preset": "vgg22", **TINY},
        ],
        train={"on": ["same"], "budget": {"steps": 4}},
        seeds=[0],
    )
    result = bench.run()
    assert result.returncode == 0, result.stdout + result.stderr
    by_method = {record["point"]["method"]: record for record in bench.records().values()}
    assert {name: record["status"] for name, record in by_method.items()} == {
        "toy-nearest": "ok",
        "srresnet": "ok",
        "srgan": "ok",
        "unfit": "skipped",
        "features": "skipped",
    }
    assert "srbench fetch vgg19" in by_method["features"]["reason"]
    assert "18 pixels" in by_method["unfit"]["reason"]
    assert "in place of vgg22" in json.dumps(by_method["srgan"]["notes"])
    assert "in place of" not in json.dumps(by_method["srresnet"]["notes"])
