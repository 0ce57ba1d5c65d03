from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from srbench_esrgan.method import ADVERSARIAL_HALVINGS, ESRGAN, PIXEL_HALVINGS, RRDB, lr_patch

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted, Start
from srbench.contract.method import Problem
from srbench.contract.protocol import Protocol
from srbench.contract.training_set import TrainingSet
from srbench.evaluate.tiles import Tiling, upscale_tiled
from srbench.pictures.resize import resize
from srbench.registry.parameters import resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.store.files import sha256
from srbench.testing import check_methods
from srbench.training import Recipe
from srbench.training.data.batch import Batch
from srbench.training.start import DoesNotFit
from srbench.weights.torchvision_shim import import_torchvision

TINY: dict[str, Any] = {"blocks": 1, "width": 4, "growth": 2, "batch_size": 2, "learning_rate": 1e-3, "patch": 16}
TINY_GAN: dict[str, Any] = {**TINY, "discriminator_width": 1, "content": "l1", "adversarial_share": 0.5}
CLASSES = [(RRDB, TINY), (ESRGAN, TINY_GAN)]

test_methods = check_methods(("rrdb", TINY), ("esrgan", TINY_GAN))


def pictures(channels: int = 3, scale: int = 4, sides: tuple[int, ...] = (48, 56)) -> TrainingSet:
    random = np.random.default_rng(0)
    items = []
    for index, side in enumerate(sides):
        smooth = random.random((side // 4, side // 4, channels)).repeat(4, 0).repeat(4, 1)
        items.append(srbench.Item(f"{index}", (255 * smooth).astype(np.uint8)))
    return TrainingSet(items, Protocol("p", scale, "rgb", border=scale))


def context(folder: Path, steps: int = 4, **changes: Any) -> FitContext:
    return FitContext(1, Budget("steps", steps), folder, checkpoint_seconds=1e9, **changes)


def fresh(kind: type[RRDB], scale: int = 4, channels: int = 3, **params: Any) -> Any:
    """An untrained method whose networks are random and different from each other."""
    method = kind(**params)
    torch.manual_seed(0)
    method._make(channels, scale)
    for network in method.networks.values():
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
    return method


def states(method: RRDB) -> dict[str, torch.Tensor]:
    return {
        f"{name}/{key}": value.clone()
        for name, network in method.networks.items()
        for key, value in network.state_dict().items()
    }


def identical(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(value.equal(other[name]) for name, value in one.items())


def test_they_are_offered_as_a_plugin() -> None:
    for name, kind in (("rrdb", RRDB), ("esrgan", ESRGAN)):
        entry = registry().get("method", name)
        assert entry.load() is kind
        assert entry.plugin.distribution == "srbench-esrgan"


@pytest.mark.parametrize("kind", [RRDB, ESRGAN])
def test_the_paper_preset_has_the_published_number_of_parameters(kind: type[RRDB]) -> None:
    method = create(kind, resolve(kind, {"preset": "paper"}))
    assert method.parameters_count() == 0
    with torch.device("meta"):
        method._make(3, 4)
    assert method.parameters_count() == 16_697_987


@pytest.mark.parametrize("kind", [RRDB, ESRGAN])
def test_the_small_preset_is_small(kind: type[RRDB]) -> None:
    method = create(kind, resolve(kind, {"preset": "small"}))
    method._make(3, 4)
    assert method.parameters_count() < 1_000_000


def test_scales_that_the_network_does_not_have_are_refused_with_the_reason(tmp_path: Path) -> None:
    for kind, params in CLASSES:
        for scale in (1, 2, 3, 4, 5, 6, 8, 16):
            answer = kind(**params).supports(Problem(scale, (1, 3), ("uint8",), (1, 1), (99, 99)))
            if scale in (1, 2, 3, 4, 8):
                assert answer is None
            else:
                assert answer is not None and f"1, 2, 3, 4 or 8, not by {scale}" in answer.reason
    with pytest.raises(srbench.SrbenchError, match="not by 6"):
        RRDB(**TINY).fit(pictures(scale=6), context(tmp_path))


@pytest.mark.parametrize("scale", [1, 2, 3, 8])
def test_both_stages_learn_at_every_scale(scale: int, tmp_path: Path) -> None:
    method = ESRGAN(**TINY_GAN)
    method.fit(pictures(scale=scale, sides=(144, 160)), context(tmp_path))
    assert {row["stage"] for row in method.history} == {"pixel", "adversarial"}
    assert method.upscale(torch.rand(1, 3, 5, 7), scale).shape == (1, 3, 5 * scale, 7 * scale)


def test_patches_at_x3_are_those_that_the_discriminator_halves_to_four_pixels() -> None:
    from srbench_esrgan.discriminator import Discriminator

    for side in (128, 256):
        patch = 3 * lr_patch(side, 3)
        assert patch - side in (1, 2)
        discriminator = Discriminator(1, 1, side)
        assert discriminator(torch.rand(2, 1, patch, patch)).shape == (2, 1)
    assert [lr_patch(128, scale) for scale in (1, 2, 4, 8)] == [128, 64, 32, 16]


def test_an_adversarial_stage_alone_needs_something_to_start_from(tmp_path: Path) -> None:
    with pytest.raises(srbench.SrbenchError, match="needs `start` in `train`"):
        ESRGAN(**{**TINY_GAN, "adversarial_share": 1.0}).fit(pictures(), context(tmp_path))


@pytest.mark.parametrize(("kind", "params"), CLASSES)
@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (1, 6), (5, 3), (8, 6)])
def test_any_size_and_either_colour_is_upscaled(
    kind: type[RRDB], params: dict[str, Any], scale: int, channels: int, size: tuple[int, int]
) -> None:
    for given in (1, 3):
        sr = fresh(kind, scale, channels, **params).upscale(torch.rand(2, given, *size), scale)
        assert sr.shape == (2, given, size[0] * scale, size[1] * scale)
        assert sr.isfinite().all()


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("scale", [3, 4, 8])
def test_the_halo_is_how_far_the_network_sees(blocks: int, scale: int) -> None:
    method = fresh(RRDB, scale, 1, **{**TINY, "blocks": blocks, "width": 2, "growth": 1})
    # Black stays black, and all weights are positive: no influence is cancelled, or rounded away.
    for parameter in method.networks["generator"].double().parameters():
        torch.nn.init.constant_(parameter, 0.5 if parameter.ndim > 1 else 0.0)
    assert method.halo is not None
    place = method.halo + 4
    lr = torch.zeros(1, 1, 2 * place, 2 * place, dtype=torch.float64)
    lr[..., place, place] = 1.0
    rows = method.upscale(lr, scale)[0, 0].any(-1).nonzero().flatten() // scale
    assert int((rows - place).abs().max()) == method.halo


@pytest.mark.parametrize(("kind", "params"), CLASSES)
@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (3, 3), (37, 1)])
def test_tiles_equal_the_whole(kind: type[RRDB], params: dict[str, Any], rows: int, columns: int) -> None:
    method, lr = fresh(kind, 4, **params), torch.rand(1, 3, 37, 41)
    assert method.halo is not None
    tiled = upscale_tiled(lambda seen: method.upscale(seen, 4), lr, 4, Tiling(rows, columns, method.halo))
    torch.testing.assert_close(tiled, method.upscale(lr, 4), atol=1e-4, rtol=0)


@pytest.mark.parametrize("scale", [1, 2])
def test_where_pixels_are_taken_as_one_sr_depends_on_where_a_tile_begins(scale: int) -> None:
    side = 160 // scale
    method, lr = fresh(RRDB, scale, **TINY), torch.rand(1, 3, side, side)
    later = method.upscale(lr[..., 1:, :], scale)
    assert float((method.upscale(lr, scale)[..., scale:, :] - later)[..., 40:120, :].abs().max()) > 1e-3
    assert method.halo is None


def test_an_image_does_not_depend_on_the_others_of_its_batch() -> None:
    method, lr = fresh(ESRGAN, **TINY_GAN, interpolation=0.5), torch.rand(3, 3, 9, 7)
    together = method.upscale(lr, 4)
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], method.upscale(lr[i : i + 1], 4), atol=1e-5, rtol=0)


@pytest.mark.parametrize("scale", [2, 4])
def test_interpolation_ends_at_the_two_stages(tmp_path: Path, scale: int) -> None:
    lr = torch.rand(1, 3, 6, 5)
    trained = ESRGAN(**TINY_GAN)
    trained.fit(pictures(scale=scale), context(tmp_path / "checkpoint"))
    trained.save(tmp_path / "model")
    sr = {}
    for alpha in (0.0, 0.25, 1.0):
        loaded = ESRGAN(**TINY_GAN, interpolation=alpha)
        loaded.load(tmp_path / "model")
        assert identical(states(loaded), states(trained))
        sr[alpha] = loaded.upscale(lr, scale)
    assert sr[1.0].equal(trained.upscale(lr, scale))
    for alpha, name in ((0.0, "pixel"), (1.0, "generator")):
        alone = RRDB(**TINY)
        alone._make(3, scale)
        alone.networks["generator"].load_state_dict(trained.networks[name].state_dict())
        assert alone.upscale(lr, scale).equal(sr[alpha])
    # Between the ends, weights are on the straight line from one to the other.
    first, last = trained.networks["pixel"].state_dict(), trained.networks["generator"].state_dict()
    alone.networks["generator"].load_state_dict({key: 0.75 * value + 0.25 * last[key] for key, value in first.items()})
    torch.testing.assert_close(sr[0.25], alone.upscale(lr, scale), atol=1e-6, rtol=1e-5)
    assert not sr[0.25].equal(sr[0.0]) and not sr[0.0].equal(sr[1.0])


def test_a_model_upscales_alike_before_and_after_it_is_saved_and_moved(tmp_path: Path) -> None:
    method = ESRGAN(**TINY_GAN, interpolation=0.3)
    method.fit(pictures(), context(tmp_path / "checkpoint"))
    method.save(tmp_path / "model")
    loaded = ESRGAN(**TINY_GAN, interpolation=0.3)
    loaded.load(tmp_path / "model")
    lr = torch.rand(1, 3, 6, 5)
    assert loaded.upscale(lr, 4).equal(method.upscale(lr, 4))
    loaded.to("meta")
    assert loaded.upscale(lr.to("meta"), 4).device.type == "meta"


@pytest.mark.parametrize(("kind", "params"), CLASSES)
def test_interrupted_at_every_step_a_training_ends_with_identical_weights(
    kind: type[RRDB], params: dict[str, Any], tmp_path: Path
) -> None:
    params = {**params, "keep": "best", "sizes": (1.0, 0.8)}
    train = pictures(sides=(48, 56, 52, 60, 48, 44))  # enough for some to be held out
    undisturbed = kind(**params)
    undisturbed.fit(train, context(tmp_path / "undisturbed", steps=6))
    stops = 0
    while True:
        torch.rand(stops + 1)  # something else may draw from the global generator between two attempts
        method = kind(**params)
        try:
            method.fit(train, context(tmp_path / "checkpoint", steps=6, stop=lambda: True))
            break
        except Interrupted:
            stops += 1
    assert stops >= 6
    assert {"validation"} <= set().union(*method.history)
    assert identical(states(method), states(undisturbed))
    lr = torch.rand(1, 3, 6, 5)
    assert method.upscale(lr, 4).equal(undisturbed.upscale(lr, 4))


def test_the_adversarial_stage_starts_from_the_average_of_the_pixel_stage(tmp_path: Path) -> None:
    # Without a learning rate to speak of, what the second stage hands on is what it began with.
    method = ESRGAN(**TINY_GAN, adversarial_rate=1e-30, ema=0.9)
    method.fit(pictures(), context(tmp_path, steps=6))
    for ours, theirs in zip(*(network.parameters() for network in method.networks.values()), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-7, rtol=0)


def test_the_pixel_stage_hands_on_its_average(tmp_path: Path) -> None:
    weights = {}
    for steps in (1, 2):
        for ema in (0.0, 0.999):
            method = RRDB(**TINY, ema=ema)
            method.fit(pictures(), context(tmp_path / f"{steps}-{ema}", steps=steps))
            weights[steps, ema] = method.networks["generator"].state_dict()["conv_last.weight"]
    assert weights[1, 0.0].equal(weights[1, 0.999])
    # The decay of the second update is (1 + 1) / (10 + 1).
    between = 2 / 11 * weights[1, 0.0] + 9 / 11 * weights[2, 0.0]
    torch.testing.assert_close(weights[2, 0.999], between, atol=1e-7, rtol=0)


def test_rates_halve_where_the_paper_has_it() -> None:
    steps = [0, 199_999, 200_000, 400_000, 600_000, 800_000, 999_999]
    assert [PIXEL_HALVINGS(step / 1_000_000) for step in steps] == [1, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16]
    steps = [0, 49_999, 50_000, 100_000, 200_000, 300_000, 399_999]
    assert [ADVERSARIAL_HALVINGS(step / 400_000) for step in steps] == [1, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 16]


def test_the_stages_are_set_as_in_the_paper() -> None:
    method = create(ESRGAN, {**resolve(ESRGAN, {"preset": "paper"}), "content": "l1"})
    with torch.device("meta"):
        method._make(3, 4)
        pixel, adversarial = method.stages(method.networks, 4)
    assert {pixel.batch_size, adversarial.batch_size} == {16}
    assert {pixel.patch * 4, adversarial.patch * 4} == {128}
    rates = {name: o.param_groups[0]["lr"] for s in (pixel, adversarial) for name, o in s.optimisers.items()}
    assert rates == {"l1": 2e-4, "generator": 1e-4, "discriminator": 1e-4}
    assert pixel.ema == {"pixel": 0.999} and adversarial.ema == {"generator": 0.999}
    assert pixel.share / adversarial.share == pytest.approx(1_000_000 / 400_000)


def batch(channels: int = 3) -> Batch:
    torch.manual_seed(3)
    return Batch(torch.rand(2, channels, 32, 32), torch.rand(2, channels, 128, 128), 0.0)


def adversarial_step(method: ESRGAN, given: Batch) -> dict[str, torch.Tensor]:
    (stage,) = (stage for stage in method.stages(method.networks, 4) if stage.name == "adversarial")
    for network in stage.networks.values():
        network.train()
    return dict(stage.step(given))


def test_without_features_the_content_is_l1_at_the_weight_of_the_features() -> None:
    given = batch()
    method = fresh(ESRGAN, **{**TINY_GAN, "adversarial_weight": 0.25})
    losses = adversarial_step(method, given)
    assert "content" not in losses
    l1 = (method.networks["generator"](given.lr) - given.hr).abs().mean()
    torch.testing.assert_close(losses["l1"], l1)
    torch.testing.assert_close(losses["generator"], l1 + 0.25 * losses["adversarial"])
    assert method.notes == []


def test_neither_network_learns_from_the_other_ones_loss() -> None:
    method = fresh(ESRGAN, **TINY_GAN)
    losses = adversarial_step(method, batch())
    losses["discriminator"].backward()
    assert all(p.grad is None for p in method.networks["generator"].parameters())
    losses["generator"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in method.networks["generator"].parameters())
    assert all(p.grad is None for p in method.networks["pixel"].parameters())


def test_where_the_weights_of_vgg19_are_missing_the_notes_say_what_was_done_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    method = fresh(ESRGAN, **{**TINY_GAN, "content": "conv54"})
    losses = adversarial_step(method, batch())
    torch.testing.assert_close(losses["generator"], losses["l1"] + 5e-3 * losses["adversarial"])
    (note,) = method.notes
    assert "content loss is L1 of pixels at weight 1" in note and "srbench fetch vgg19" in note


@pytest.fixture(scope="module")
def vgg19_and_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[torch.nn.Module, Path]:
    """torchvision's network with seeded weights, and a file of them as it is published."""
    reference = import_torchvision().models.vgg.make_layers(
        [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"]
    )
    torch.manual_seed(0)
    for parameter in reference.parameters():
        torch.nn.init.normal_(parameter, std=0.02 if parameter.ndim == 1 else (2 / parameter[0].numel()) ** 0.5)
    path = tmp_path_factory.mktemp("vgg19") / "vgg19.pth"
    torch.save(reference.state_dict(prefix="features."), path)
    return reference, path


@pytest.fixture
def vgg19(
    vgg19_and_file: tuple[torch.nn.Module, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> torch.nn.Module:
    """That network, its weights being where those of VGG19 belong."""
    reference, file = vgg19_and_file
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    (declared,) = registry()._weights["vgg19"]
    path = tmp_path / "weights" / declared.file.file
    path.parent.mkdir()
    path.symlink_to(file)
    true = replace(declared.file, sha256=sha256(file), size=file.stat().st_size)
    monkeypatch.setitem(registry()._weights, "vgg19", [replace(declared, file=true)])
    return reference


@pytest.mark.parametrize("channels", [1, 3])
def test_the_content_is_the_difference_of_features_before_activation(vgg19: torch.nn.Module, channels: int) -> None:
    given = batch(channels)
    method = fresh(ESRGAN, channels=channels, **{**TINY_GAN, "content": "conv54"})
    losses = adversarial_step(method, given)
    mean, std = (torch.tensor(three)[:, None, None] for three in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    trunk = vgg19[:35]  # up to the sixteenth convolution
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in trunk) == 16
    assert isinstance(vgg19[35], torch.nn.ReLU) and isinstance(vgg19[36], torch.nn.MaxPool2d)
    with torch.no_grad():
        sr = method.networks["generator"](given.lr)
        seen, wanted = (trunk((image.expand(-1, 3, -1, -1) - mean) / std) for image in (sr, given.hr))
    torch.testing.assert_close(losses["content"], (seen - wanted).abs().mean(), rtol=1e-4, atol=1e-6)
    expected = losses["content"] + 5e-3 * losses["adversarial"] + 1e-2 * losses["l1"]
    torch.testing.assert_close(losses["generator"], expected)
    assert method.notes == []


@pytest.mark.parametrize("kind", [RRDB, ESRGAN])
def test_training_starts_from_the_given_weights(kind: type[RRDB], tmp_path: Path) -> None:
    source = fresh(RRDB, **TINY).networks["generator"].state_dict()
    path = tmp_path / "released.pth"
    torch.save({"params_ema": source}, path)
    still = {"learning_rate": 1e-30, **({"adversarial_rate": 1e-30} if kind is ESRGAN else {})}
    shares = [0.5, 1.0] if kind is ESRGAN else [None]
    for share in shares:
        params = {**(TINY_GAN if kind is ESRGAN else TINY), **still}
        if share is not None:
            params["adversarial_share"] = share
        method = kind(**params)
        method.fit(pictures(), replace(context(tmp_path / f"{share}"), start=Start(path, "released.pth")))
        assert identical(dict(method.networks["generator"].state_dict()), dict(source))
        method.save(tmp_path / "model")
        stages = {row["stage"] for row in method.history}
        assert stages == ({"pixel"} if share is None else {"pixel", "adversarial"} if share < 1 else {"adversarial"})
        # The model stands alone: it loads where the weights that it started from are gone.
        elsewhere = kind(**params)
        elsewhere.load(tmp_path / "model")
        assert identical(states(elsewhere), states(method))


def test_weights_of_another_network_are_refused_before_training(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save(fresh(RRDB, **{**TINY, "width": 5}).networks["generator"].state_dict(), path)
    with pytest.raises(DoesNotFit, match=r"the weights of other\.pth do not fit: .* tensors of generator"):
        RRDB(**TINY).fit(pictures(), replace(context(tmp_path / "checkpoint"), start=Start(path, "other.pth")))


def test_a_network_that_learns_one_picture_comes_closer_to_it_than_interpolation(tmp_path: Path) -> None:
    train = pictures(channels=1, scale=2, sides=(48,))
    method = RRDB(blocks=1, width=16, growth=8, learning_rate=5e-3, ema=0.9, batch_size=4, patch=24)
    method.recipe = Recipe(schedule="cosine")
    method.fit(train, context(tmp_path, steps=150))
    ((lr, hr),) = train.pairs()
    errors = [float((sr[0] - hr).square().mean()) for sr in (method.upscale(lr[None], 2), resize(lr[None], 2))]
    assert errors[0] < 0.7 * errors[1]


def test_the_discriminator_learns_and_the_generator_follows(tmp_path: Path) -> None:
    method = ESRGAN(**{**TINY_GAN, "discriminator_width": 4, "adversarial_share": 0.8, "adversarial_rate": 3e-3})
    method.fit(pictures(), context(tmp_path, steps=40))
    rows = [row for row in method.history if row["stage"] == "adversarial"]
    tie = float(np.log(2))
    # Telling which of two is real costs log 2 by guessing, and so does being told apart half of the time.
    assert min(float(row["discriminator"]) for row in rows[-10:]) < tie < max(float(row["adversarial"]) for row in rows)
    assert not identical(dict(method.networks["generator"].state_dict()), dict(method.networks["pixel"].state_dict()))
