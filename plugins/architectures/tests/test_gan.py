"""Adversarial training of networks: parameters in words, stages, losses, what happens without VGG19."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rig import Bench
from srbench_architectures.gan import GAN
from srbench_architectures.method import Network
from tiny_networks import params

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.contract.method import Problem
from srbench.contract.training_set import TrainingSet
from srbench.registry.parameters import examine, resolve
from srbench.registry.registry import registry
from srbench.store.files import sha256
from srbench.testing.pictures import textured_uint8
from srbench.training import Batch, UNetDiscriminator, VGGDiscriminator, feature_loss

TINY_GAN: dict[str, Any] = {"width": 2, "layers": {}, "share": 0.5}
BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


def network(name: str = "edsr", gan: dict[str, Any] | None = None, **given: Any) -> Network:
    made = {**params(name), "gan": {**TINY_GAN, **(gan or {})}, **given}
    return Network(**resolve(Network, made))


def training_set(scale: int = 2, channels: int = 3) -> TrainingSet:
    items = [srbench.Item(f"i{seed}", textured_uint8(seed, 48, 40, channels)) for seed in range(6)]
    return TrainingSet(items, srbench.Protocol("p", scale))


def context(folder: Path, steps: int = 4, **further: Any) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, **{"checkpoint_seconds": 1e9, **further})


def problem(scale: int = 2) -> Problem:
    return Problem(scale, (3,), ("uint8",), (9, 9), (9, 9))


def weights(method: Network) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in method.networks["network"].state_dict().items()}


def identical(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(value.equal(other[name]) for name, value in one.items())


@pytest.fixture(autouse=True)
def data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with nothing in it."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def vgg19(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded weights where those of VGG19 belong."""
    state, layer, inside = {}, 0, 3
    seeded = torch.Generator().manual_seed(0)
    for channels, convolutions in BLOCKS:
        for _ in range(convolutions):
            deviation = (2 / (9 * inside)) ** 0.5
            state[f"features.{layer}.weight"] = deviation * torch.randn(channels, inside, 3, 3, generator=seeded)
            state[f"features.{layer}.bias"] = torch.zeros(channels)
            layer, inside = layer + 2, channels
        layer += 1
    (declared,) = registry()._weights["vgg19"]
    path = data_root / "weights" / declared.file.file
    path.parent.mkdir(parents=True)
    torch.save(state, path)
    true = replace(declared.file, sha256=sha256(path), size=path.stat().st_size)
    monkeypatch.setitem(registry()._weights, "vgg19", [replace(declared, file=true)])


class TestParameters:
    def test_real_esrgan_is_as_published(self) -> None:
        """Wang et al. 2021, section 4.1, and the authors' `train_realesrgan_x4plus.yml`."""
        values = resolve(Network, {"architecture": "rrdb", "preset": "real-esrgan"})
        gan = values["gan"]
        assert (gan.loss, gan.discriminator, gan.width) == ("plain", "unet", 64)
        assert (gan.weight, gan.pixel_weight) == (0.1, 1.0)
        assert gan.layers == {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1, "conv4_4": 1, "conv5_4": 1}
        assert (gan.activated, gan.distance, gan.learning_rate) == (False, "l1", 1e-4)
        assert values["schedule"] == "constant"
        assert gan.share / (1 - gan.share) == pytest.approx(400_000 / 1_000_000)
        assert (values["learning_rate"], values["ema"], values["betas"]) == (2e-4, 0.999, (0.9, 0.99))
        assert (values["batch_size"], 4 * values["patch"], values["loss"]) == (48, 256, "l1")
        assert (values["num_filters"], values["num_blocks"]) == (64, 23)

    def test_single_values_win_over_those_of_the_preset(self) -> None:
        values = resolve(Network, {"architecture": "rrdb", "preset": "real-esrgan", "gan": {"weight": 0.05}})
        assert values["gan"] == GAN(weight=0.05)
        values = resolve(Network, {"architecture": "rrdb", "preset": "real-esrgan", "gan": None})
        assert values["gan"] is None

    @pytest.mark.parametrize(
        ("gan", "message"),
        [
            ({"weigth": 1}, "gan: unknown key 'weigth'. Did you mean 'weight'?"),
            ({"loss": "hinge"}, "gan: unknown value 'hinge' (at loss). There are: plain, relativistic."),
            ({"layers": {"conv5_5": 1}}, "gan: unknown value 'conv5_5' (at key in layers). Did you mean 'conv5_4'?"),
            ({"weight": 0}, "gan: expected a number > 0.0 (at weight)"),
            ({"share": 1.5}, "gan: expected a number <= 1.0 (at share)"),
            ({"pixel_weight": 0, "layers": {}}, "gan: pixel_weight is 0 and there are no layers"),
            ("unet", "gan: expected a mapping or nothing, got text"),
        ],
    )
    def test_what_is_wrong_is_said_in_words(self, gan: Any, message: str) -> None:
        (error,) = examine(Network, {"architecture": "edsr", "gan": gan})[1]
        assert str(error).startswith(message)

    @pytest.mark.parametrize(
        ("given", "gan", "message"),
        [
            ({"patch": 3}, {}, "takes HR patches of 8 pixels at least, not 6"),
            ({"patch": 7}, {"layers": {"conv5_4": 1.0}}, "VGG19 has no such features of HR patches of 14 pixels"),
            ({"patch": 8, "batch_size": 1}, {"discriminator": "vgg"}, "cannot normalise over one HR patch of 16"),
        ],
    )
    def test_patches_that_are_too_small_are_refused_before_anything_is_trained(
        self, given: dict[str, Any], gan: dict[str, Any], message: str
    ) -> None:
        answer = network(gan=gan, **given).supports(problem())
        assert answer is not None and message in answer.reason
        assert network(gan=gan, **given).supports(problem(4)) is None, "at x4 they are larger"

    def test_scales_are_still_those_of_the_architecture(self) -> None:
        answer = network().supports(problem(5))
        assert answer is not None and "not x5" in answer.reason


class TestStages:
    def test_without_gan_there_is_one(self) -> None:
        method = Network(**params("edsr"))
        method._make(3, 2)
        (stage,) = method.stages(method.networks, 2)
        assert (stage.name, stage.share) == ("pixel", 1.0)

    @pytest.mark.parametrize(("kind", "network_class"), [("unet", UNetDiscriminator), ("vgg", VGGDiscriminator)])
    def test_the_second_has_its_own_rates_and_its_discriminator(self, kind: str, network_class: type) -> None:
        gan = {"discriminator": kind, "learning_rate": 3e-4, "share": 0.25}
        method = network(gan=gan, weight_decay=0.1)
        method._make(3, 2)
        pixel, adversarial = method.stages(method.networks, 2)
        assert adversarial.share / pixel.share == pytest.approx(1 / 3)
        assert isinstance(adversarial.networks["discriminator"], network_class)
        assert adversarial.networks["network"] is pixel.networks["network"]
        rates = {name: optimiser.param_groups[0]["lr"] for name, optimiser in adversarial.optimisers.items()}
        assert rates == {"generator": 3e-4, "discriminator": 3e-4}
        method = network(gan={**gan, "discriminator_rate": 2e-4})
        method._make(3, 2)
        other = method.stages(method.networks, 2)[1].optimisers
        assert [other[name].param_groups[0]["lr"] for name in ("generator", "discriminator")] == [3e-4, 2e-4]
        assert [adversarial.schedule(at) for at in (0.4, 0.6)] == [1, 1]
        assert pixel.optimisers["l1"].param_groups[0]["lr"] == 1e-3
        assert adversarial.keep == "last" and adversarial.ema == {"network": 0.999}

    def test_with_the_whole_share_there_is_no_stage_on_pixels(self, tmp_path: Path) -> None:
        method = network(gan={"share": 1.0})
        method.fit(training_set(), context(tmp_path))
        assert {row["stage"] for row in method.history} == {"adversarial"}

    def test_the_second_begins_with_the_averaged_weights_of_the_first(self, tmp_path: Path) -> None:
        """Without a learning rate to speak of, what it hands on is what it began with."""
        method = network(gan={"learning_rate": 1e-30})
        method.fit(training_set(), context(tmp_path / "both", 4))
        alone = network()
        alone.gan = None
        alone.fit(training_set(), context(tmp_path / "alone", 2))
        assert identical(weights(method), weights(alone))

    @pytest.mark.parametrize("loss", ["plain", "relativistic"])
    @pytest.mark.parametrize("name", ["rrdb", "swinir", "drcn", "safmn"])
    def test_any_architecture_learns_against_a_discriminator(self, name: str, loss: str, tmp_path: Path) -> None:
        """On Y alone, from grey given three times over, with windows."""
        method = network(name, {"loss": loss, "learning_rate": 1e-3})
        method.fit(training_set(channels=1), context(tmp_path))
        rows = [row for row in method.history if row["stage"] == "adversarial"]
        assert all(np.isfinite(row[key]) for row in rows for key in ("generator", "discriminator", "adversarial", "l1"))
        for row in rows:
            assert row["generator"] == pytest.approx(row["l1"] + 0.1 * row["adversarial"], rel=1e-4)

    @pytest.mark.parametrize("kind", ["unet", "vgg"])
    def test_interrupting_at_every_step_changes_nothing(self, kind: str, tmp_path: Path) -> None:
        """The power iteration of spectral normalisation and batch statistics are in the checkpoint."""
        gan = {"discriminator": kind, "learning_rate": 1e-3}
        whole = network(gan=gan)
        whole.fit(training_set(), context(tmp_path / "whole", 6))
        stops = 0
        while True:
            torch.rand(stops + 1)
            method = network(gan=gan)
            try:
                method.fit(training_set(), context(tmp_path / "parts", 6, stop=lambda: True))
                break
            except Interrupted:
                stops += 1
        assert stops >= 5
        assert identical(weights(method), weights(whole))


def step(method: Network, given: Batch) -> dict[str, torch.Tensor]:
    stage = next(stage for stage in method.stages(method.networks, 2) if stage.name == "adversarial")
    for one in stage.networks.values():
        one.train()
    return dict(stage.step(given))


def untrained(**given: Any) -> Network:
    method = network(**given)
    torch.manual_seed(0)
    method._make(3, 2)
    return method


@pytest.mark.usefixtures("vgg19")
def test_the_perceptual_loss_is_that_of_the_layers(tmp_path: Path) -> None:
    layers = {"conv1_2": 0.5, "conv3_4": 2.0}
    gan = {"layers": layers, "activated": True, "distance": "mse", "pixel_weight": 0.25}
    method = untrained(gan=gan)
    assert method.weights == ("vgg19",)
    given = Batch(torch.rand(2, 3, 16, 16), torch.rand(2, 3, 32, 32), 0.0)
    losses = step(method, given)
    sr = method.networks["network"](given.lr)
    expected = feature_loss(layers, "cpu", activated=True, distance="mse")(sr, given.hr)
    torch.testing.assert_close(losses["perceptual"], expected.detach())
    total = 0.25 * losses["l1"] + losses["perceptual"] + 0.1 * losses["adversarial"]
    torch.testing.assert_close(losses["generator"].detach(), total)
    assert method.notes == []
    method.fit(training_set(), context(tmp_path))
    assert method.history[-1]["perceptual"] > 0


def test_without_vgg19_pixels_stand_for_the_features_and_a_note_says_so() -> None:
    method = untrained(gan={"layers": {"conv1_2": 1.0}, "pixel_weight": 0.01})
    assert method.weights == ()
    losses = step(method, Batch(torch.rand(2, 3, 16, 16), torch.rand(2, 3, 32, 32), 0.0))
    assert "perceptual" not in losses
    torch.testing.assert_close(losses["generator"].detach(), losses["l1"] + 0.1 * losses["adversarial"])
    (note,) = method.notes
    assert "pixels at weight 1, in place of features" in note and "srbench fetch vgg19" in note


def test_a_matrix_of_gans(tmp_path: Path) -> None:
    """Through job files, keys and pages: a structure is written as a mapping, and read again."""
    bench = Bench(tmp_path)
    tiny = params("edsr")
    bench.matrix(
        methods=[
            "toy-nearest",
            {"use": "network", "as": "pixels", **tiny},
            {"use": "network", "as": "gan", **tiny, "gan": {**TINY_GAN, "loss": "relativistic"}},
            {"use": "network", "as": "same", **tiny, "gan": {"loss": "relativistic", **TINY_GAN, "weight": 0.1}},
        ],
        train={"on": ["same"], "budget": {"steps": 4}},
        seeds=[0],
    )
    result = bench.run()
    assert result.returncode == 0, result.stdout + result.stderr
    records = {record["point"]["method"]: record for record in bench.records().values()}
    assert records["gan"]["ingredients"]["method"]["params"]["gan"]["discriminator"] == "unet"
    assert "discriminator" not in json.dumps(records["pixels"]["ingredients"]["method"]["params"])
    assert records.keys() == {"toy-nearest", "pixels", "gan"}, "the same values are the same cell"
    assert records["gan"]["model"] != records["pixels"]["model"]
