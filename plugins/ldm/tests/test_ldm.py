"""The method: how it learns and resumes, what its SR depends on and what not."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from srbench_ldm.earlier import EarlierModelError
from srbench_ldm.method import LDM
from srbench_ldm.parameters import PRESETS
from srbench_ldm.training import LatentError, latent_scale

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.contract.training_set import TrainingSet
from srbench.pictures.resize import resize
from srbench.registry.configured import Use
from srbench.registry.parameters import ParameterError, resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.runner.planning.provenance import provenance
from srbench.testing import check_methods
from srbench.testing.pictures import textured
from srbench.training.data.batch import Batch

TINY = {
    "autoencoder_channels": (4, 8),
    "latent_channels": 2,
    "autoencoder_blocks": 1,
    "unet_channels": (8, 8),
    "unet_attention": (False, True),
    "head_channels": 4,
    "unet_blocks": 1,
    "norm_groups": 2,
    "perceptual_weight": 0.0,
    "discriminator_width": 2,
    "discriminator_layers": 1,
    "adversarial_after": 0.5,
    "autoencoder_share": 0.5,
    "batch_size": 2,
    "patch": 16,
    "timesteps": 8,
    "beta_end": 0.8,
    "lr_noise": 5,
    "noise_level": 1,
}
GIVEN = {name: list(value) if isinstance(value, tuple) else value for name, value in TINY.items()}

test_contract = check_methods(
    ("ldm", {**GIVEN, "steps": 8}),
    ("ldm", {"preset": "small", **GIVEN, "checkpointing": True, "accumulate": 2, "steps": 5}),
    ("ldm", {**GIVEN, "first_stage": "vq", "codes": 6, "steps": 4}),
)


def pictures(channels: int = 3, depth: str = "uint8", count: int = 6) -> list[np.ndarray]:
    made = [textured(seed, 40, 36, channels) for seed in range(count)]
    if depth == "float32":
        return [picture.astype(np.float32) for picture in made]
    return [(picture * np.iinfo(depth).max).round().astype(depth) for picture in made]


def training_set(*images: np.ndarray, scale: int = 2) -> TrainingSet:
    items = [srbench.Item(f"i{index}", image) for index, image in enumerate(images or pictures())]
    return TrainingSet(items, srbench.Protocol("p", scale))


def context(folder: Path, steps: int, **changes: object) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, **{"checkpoint_seconds": 1e9, **changes})


def state(method: LDM) -> dict[str, torch.Tensor]:
    return {f"{name}/{key}": v.clone() for name, net in method.networks.items() for key, v in net.state_dict().items()}


def identical(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def seeded_sr(method: LDM, lr: torch.Tensor, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return method.upscale(lr, method.scale)


def untrained(scale: int = 2, channels: int = 3, latent_std: float = 0.5, **changes: object) -> LDM:
    """With weights of which every one counts: what MONAI begins with tells no noise at all."""
    torch.manual_seed(0)
    method = create(LDM, {**TINY, **changes})
    method._make(channels, scale)
    for parameter in method.networks["denoiser"].parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    method.networks["denoiser"].latent_scale.fill_(1 / latent_std)
    return method


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[LDM, Path]:
    folder = tmp_path_factory.mktemp("trained")
    method = LDM(**TINY)
    method.fit(training_set(), context(folder / "checkpoint", 16, model=folder / "model"))
    method.save(folder / "model")
    return method, folder / "model"


def test_it_is_offered_by_its_plugin() -> None:
    entry = registry().get("method", "ldm")
    assert entry.load() is LDM
    assert entry.plugin.distribution == "srbench-ldm"


# --- presets --------------------------------------------------------------------------------------------------------


def on_meta(preset: str, channels: int, scale: int, **changes: object) -> LDM:
    """A method with networks of its real size that hold no numbers."""
    method = create(LDM, resolve(LDM, {"preset": preset, **changes}))
    with torch.device("meta"):
        method._make(channels, scale)
    return method


def count(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("preset", "channels", "scale", "hr", "latent"),
    [("mammography", 1, 2, 416, (15, 208)), ("pinaya", 1, 4, 64, (3, 16)), ("small", 3, 4, 48, (8, 12))],
)
def test_latents_of_the_presets_are_as_large_as_lr(
    preset: str, channels: int, scale: int, hr: int, latent: tuple[int, int]
) -> None:
    method = on_meta(preset, channels, scale)
    autoencoder, denoiser = method.autoencoder_and_denoiser()
    depth, side = latent
    assert side == method.lr_patch(scale) == hr // scale
    images = torch.empty(1, channels, hr, hr, device="meta")
    mean, _ = autoencoder.encode(method.geometry.framed(images))
    assert mean.shape == (1, depth, side, side)
    condition = method.geometry.condition(torch.empty(1, channels, side, side, device="meta"))
    step = torch.zeros(1, dtype=torch.long, device="meta")
    assert denoiser(mean, condition, step, step).shape == mean.shape
    assert autoencoder.decode(mean).shape == images.shape


def test_the_mammography_preset_is_the_published_configuration() -> None:
    method = on_meta("mammography", 1, 2)
    given = resolve(LDM, {"preset": "mammography"})
    expected = {
        "kl_weight": 1e-6,
        "perceptual_weight": 0.002,
        "adversarial_weight": 0.005,
        "autoencoder_rate": 5e-5,
        "discriminator_rate": 1e-4,
        "learning_rate": 5e-5,
        "timesteps": 1000,
        "betas": "linear",
        "beta_start": 0.0015,
        "beta_end": 0.0195,
        "batch_size": 1,
        "keep": "best",
        "autoencoder_blocks": 2,
        "unet_blocks": 2,
        "adversarial_after": 10 / 100,
        "perceptual_network": "alexnet",
        "early_stopping": 6,
    }
    assert {name: given[name] for name in expected} == expected
    first, second = method.stages_by_recipe(method.networks, 2)
    assert first.share / second.share == pytest.approx(100 / 120)
    assert [(stage.patience, stage.keep) for stage in (first, second)] == [(6, "best")] * 2
    assert first.patch == second.patch == 208
    unet = method.networks["denoiser"].unet
    assert (unet.in_channels, unet.out_channels, unet.num_class_embeds) == (16, 15, 351)
    autoencoder, _ = method.autoencoder_and_denoiser()
    kinds = {type(module).__name__ for module in autoencoder.modules()}
    assert not any("Attention" in kind for kind in kinds)


def test_the_small_preset_is_small() -> None:
    networks = on_meta("small", 3, 4).networks
    assert count(networks["autoencoder"]) < 1e6
    assert count(networks["denoiser"]) < 2e6


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_can_be_trained(preset: str, tmp_path: Path) -> None:
    """With their own settings, but for the sizes that make a step slow."""
    sizes = {key: GIVEN[key] for key in GIVEN if key.endswith(("channels", "attention", "groups", "width", "layers"))}
    slow = {"batch_size": 2, "patch": 16, "perceptual_weight": 0.0}
    method = create(LDM, resolve(LDM, {"preset": preset, **sizes, **slow}))
    method.fit(training_set(*pictures(1)), context(tmp_path, 4))
    method.steps, method.sampler = 3, "ddim"  # 1000 of them are no other code
    assert seeded_sr(method, torch.rand(1, 1, 5, 6)).isfinite().all()


# --- learning -------------------------------------------------------------------------------------------------------


def test_two_stages_and_the_discriminator_waits_for_its_warm_up(trained: tuple[LDM, Path]) -> None:
    method, folder = trained
    assert [row["stage"] for row in method.history] == ["autoencoder"] * 8 + ["diffusion"] * 8
    told = ["discriminator" in row and "adversarial" in row for row in method.history[:8]]
    assert told == [False] * 4 + [True] * 4
    for row in method.history[:4]:
        assert row["autoencoder"] == pytest.approx(row["l1"] + 1e-6 * row["kl"], rel=1e-5)
    for row in method.history[4:8]:
        assert row["autoencoder"] == pytest.approx(row["l1"] + 1e-6 * row["kl"] + 0.005 * row["adversarial"], rel=1e-5)
    assert {"autoencoder best_validation", "diffusion best_validation"} <= set(method.facts)
    assert len(list((folder / "samples").glob("autoencoder-*.png"))) == 8
    assert len(list((folder / "samples").glob("diffusion-*.png"))) == 8


def test_the_autoencoder_learns_and_its_validation_is_the_psnr_of_its_reconstruction(tmp_path: Path) -> None:
    method = create(LDM, {**TINY, "autoencoder_rate": 1e-2, "batch_size": 4, "autoencoder_share": 0.99})
    method.fit(training_set(), context(tmp_path, 100))
    rows = [row for row in method.history if row["stage"] == "autoencoder"]
    assert rows[-1]["l1"] < 0.5 * rows[0]["l1"]
    stage = method.stages(method.networks, 2)[0]
    hr = torch.from_numpy(np.stack([p.transpose(2, 0, 1) for p in pictures(depth="float32", count=1)]))
    with torch.no_grad():
        made, _ = (image[..., 2:-2, 2:-2].double() for image in (method.reconstruct(hr), hr))
        psnr = 10 * math.log10(1 / float((made - hr[..., 2:-2, 2:-2]).square().mean()))
        assert stage.validate(Batch(hr[..., ::2, ::2], hr, 1.0)) == pytest.approx(psnr, abs=1e-4)


def test_the_diffusion_learns_and_leaves_the_autoencoder_alone(trained: tuple[LDM, Path], tmp_path: Path) -> None:
    _, folder = trained
    before = load_file(folder / "weights.safetensors")
    method = LDM(**{**TINY, "learning_rate": 5e-3, "batch_size": 8}, autoencoder=folder / "weights.safetensors")
    method.fit(training_set(), context(tmp_path, 80))
    assert {row["stage"] for row in method.history} == {"diffusion"}
    noise = [row["noise"] for row in method.history]
    assert np.mean(noise[-10:]) < 0.8 * np.mean(noise[:5])
    after = state(method)
    kept = {key for key in before if key.startswith("autoencoder/")}
    assert kept and all(after[key].equal(before[key]) for key in kept)
    assert not after["denoiser/unet.conv_in.conv.weight"].equal(before["denoiser/unet.conv_in.conv.weight"])


def test_the_latent_scale_is_one_over_the_standard_deviation_of_the_training_sets_latents() -> None:
    method = untrained()
    autoencoder, denoiser = method.autoencoder_and_denoiser()
    _, stage = method.stages(method.networks, 2)
    batches = [Batch(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 16, 16) ** (1 + i % 3), 0.0) for i in range(128)]
    torch.manual_seed(5)
    asked = iter(batches)
    stage.begin(lambda: next(asked))
    assert next(asked, None) is None, "256 patches are looked at"
    torch.manual_seed(5)
    with torch.no_grad():
        latents = torch.cat([autoencoder.sampling(*autoencoder.encode(batch.hr)) for batch in batches])
    by_hand = 1 / np.std(latents.double().numpy())
    assert float(denoiser.latent_scale) == pytest.approx(by_hand, rel=1e-5)


def test_the_latent_scale_is_saved_with_the_model(trained: tuple[LDM, Path]) -> None:
    method, folder = trained
    scale = float(method.networks["denoiser"].latent_scale)
    assert float(load_file(folder / "weights.safetensors")["denoiser/latent_scale"]) == scale > 0
    # And it makes the latents of the training images about one wide.
    autoencoder, _ = method.autoencoder_and_denoiser()
    images = torch.from_numpy(np.stack([p.transpose(2, 0, 1) for p in pictures(depth="float32")]))
    with torch.no_grad():
        width = float(autoencoder.encode_stage_2_inputs(images).std()) * scale
    assert 0.8 < width < 1.25


def test_latents_that_are_all_the_same_are_an_error() -> None:
    with pytest.raises(LatentError, match="variance of 0"):
        latent_scale([torch.full((2, 1, 2, 2), 0.3)])


@pytest.mark.parametrize(
    "changes",
    [
        {"ema": 0.9, "accumulate": 2, "clip": 1.0, "schedule": "cosine", "checkpointing": True, "keep": "last"},
        {"fold": 2, "shortcut": True, "predicts": "clean", "residual": True},
        {"first_stage": "vq", "codes": 6, "ema": 0.9, "accumulate": 2, "shortcut": True},
    ],
    ids=["everything", "linear", "quantised"],
)
def test_interrupting_at_every_step_of_both_stages_changes_nothing(changes: dict[str, object], tmp_path: Path) -> None:
    params = {**TINY, **changes}
    whole = create(LDM, params)
    whole.fit(training_set(), context(tmp_path / "whole", 4))
    attempts = 0
    while True:
        torch.rand(attempts + 1)  # something else draws from the global generator between two attempts
        method = create(LDM, params)
        try:
            method.fit(training_set(), context(tmp_path / "parts", 4, stop=lambda: True))
            break
        except Interrupted:
            attempts += 1
    assert attempts >= 3
    assert identical(state(method), state(whole))
    lr = torch.rand(1, 3, 6, 7, generator=torch.Generator().manual_seed(0))
    assert seeded_sr(method, lr).equal(seeded_sr(whole, lr))


@pytest.mark.parametrize("which", [0, 1], ids=["autoencoder", "diffusion"])
def test_the_gradient_of_several_batches_is_that_of_one_large_batch(
    which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what is drawn at random held fixed: only then can the two be the same."""
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    monkeypatch.setattr(torch, "randint", lambda high, size, **given: torch.full(size, 3, dtype=torch.long))

    def gradients(accumulate: int, checkpointing: bool) -> list[torch.Tensor]:
        method = untrained(adversarial_weight=0.0, checkpointing=checkpointing)
        method.networks["denoiser"].train()
        stage = method.stages(method.networks, 2)[which]
        seeded = torch.Generator().manual_seed(0)
        lr, hr = (torch.rand(4, 3, side, side, generator=seeded) for side in (8, 16))
        (name, optimiser) = next(iter(stage.optimisers.items()))
        for part in range(accumulate):
            chosen = slice(4 * part // accumulate, 4 * (part + 1) // accumulate)
            (stage.step(Batch(lr[chosen], hr[chosen], 0.0))[name] / accumulate).backward()
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        return [torch.zeros(()) if weight.grad is None else weight.grad for weight in weights]

    whole = gradients(1, checkpointing=False)
    assert any(float(gradient.abs().max()) > 0 for gradient in whole)
    for accumulate, checkpointing in ((4, False), (1, True), (2, True)):
        for one, other in zip(gradients(accumulate, checkpointing), whole, strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-3)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_checkpointing_changes_no_weight_of_a_training(accumulate: int, tmp_path: Path) -> None:
    made = []
    for name, checkpointing in (("with", True), ("without", False)):
        method = create(LDM, {**TINY, "checkpointing": checkpointing, "accumulate": accumulate})
        method.fit(training_set(), context(tmp_path / name, 4))
        made.append(state(method))
    assert identical(*made)


def test_one_patch_at_a_time_with_gradients_of_several(tmp_path: Path) -> None:
    method = create(LDM, {**TINY, "batch_size": 1, "accumulate": 3, "checkpointing": True})
    method.fit(training_set(), context(tmp_path, 4))
    assert [stage.accumulate for stage in method.stages(method.networks, 2)] == [3, 3]
    assert all(np.isfinite(value) for row in method.history for value in row.values() if not isinstance(value, str))


@pytest.mark.parametrize(("channels", "depth"), [(1, "uint8"), (3, "uint16"), (1, "float32")])
@pytest.mark.parametrize("scale", [3, 5, 8])
def test_any_depth_in_grey_and_in_colour_at_any_scale(channels: int, depth: str, scale: int, tmp_path: Path) -> None:
    method = create(LDM, {**TINY, "patch": 20})
    method.fit(training_set(*pictures(channels, depth, 3), scale=scale), context(tmp_path, 4))
    assert method.channels == channels
    sr = seeded_sr(method, torch.rand(1, channels, 5, 7))
    assert sr.shape == (1, channels, 5 * scale, 7 * scale) and sr.isfinite().all() and sr.dtype == torch.float32


def test_how_it_samples_has_no_part_in_how_it_learns(tmp_path: Path) -> None:
    """So that one training serves all samplers; the level of LR's noise, at which it is validated, does have one."""
    one, other = LDM(**TINY), create(LDM, {**TINY, "sampler": "ddim", "steps": 5, "eta": 0.5})
    for name, method in (("one", one), ("other", other)):
        method.fit(training_set(), context(tmp_path / name, 6))
    assert identical(state(one), state(other))
    assert one.history[-1]["noise"] == other.history[-1]["noise"]
    assert LDM.sampling == {"sampler", "steps", "eta"}


@pytest.mark.parametrize(("network", "title"), [("vgg19", "VGG19"), ("alexnet", "AlexNet")])
def test_without_its_weights_there_is_no_perceptual_loss_and_a_note_says_so(
    network: str, title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))
    fallen = LDM(**{**TINY, "perceptual_weight": 0.002, "patch": 32}, perceptual_network=network)
    meant = create(LDM, {**TINY, "patch": 32})
    for name, method in (("fallen", fallen), ("meant", meant)):
        method.fit(training_set(), context(tmp_path / name, 2))
    assert identical(state(fallen), state(meant))
    (note,) = [note for note in fallen.notes if title in note]
    assert "without a perceptual loss" in note and f"`srbench fetch {network}`" in note
    assert not any(title in note for note in meant.notes)
    assert fallen.weights == meant.weights == ()


@pytest.mark.parametrize("network", ["vgg19", "alexnet"])
def test_a_model_has_another_key_where_it_learns_with_a_perceptual_loss(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / registry()._weights[network][0].file.file).touch()
    with_it = {**TINY, "perceptual_weight": 0.002, "perceptual_network": network}
    assert LDM(**with_it).weights == (network,)
    assert create(LDM, {**with_it, "perceptual_weight": 0.0}).weights == ()
    assert LDM(**with_it, autoencoder=tmp_path / "earlier.safetensors").weights == ()
    (other,) = {"vgg19", "alexnet"} - {network}
    assert create(LDM, {**with_it, "perceptual_network": other}).weights == ()


def test_the_autoencoder_learns_with_the_distance_on_alexnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its weight, beside the other losses."""
    monkeypatch.setattr("srbench_ldm.training.perceptual_loss", lambda network, device: blurred[network])
    blurred = {"alexnet": lambda image, real: (image.mean((2, 3)) - real.mean((2, 3))).square().mean()}
    method = create(LDM, {**TINY, "perceptual_weight": 0.5, "perceptual_network": "alexnet", "patch": 32})
    method.weights = ("alexnet",)
    method.fit(training_set(), context(tmp_path, 4))
    for row in method.history[:1]:
        assert row["perceptual"] > 0
        assert row["autoencoder"] == pytest.approx(row["l1"] + 1e-6 * row["kl"] + 0.5 * row["perceptual"], rel=1e-5)


def test_a_quantised_autoencoder_learns_images_and_commitment_and_is_its_models_ceiling(tmp_path: Path) -> None:
    changes = {"first_stage": "vq", "codes": 16, "autoencoder_rate": 1e-2, "batch_size": 4, "autoencoder_share": 0.99}
    method = create(LDM, {**TINY, **changes})
    method.fit(training_set(), context(tmp_path, 100))
    rows = [row for row in method.history if row["stage"] == "autoencoder"]
    assert rows[-1]["l1"] < 0.6 * rows[0]["l1"]
    for row in rows[:10]:
        assert "kl" not in row and 1 <= row["perplexity"] <= 16
        assert row["autoencoder"] == pytest.approx(row["l1"] + 0.25 * row["commitment"], rel=1e-5)
    autoencoder, _ = method.autoencoder_and_denoiser()
    assert not autoencoder.training
    hr = torch.rand(1, 3, 8, 12)
    with torch.no_grad():
        quantised, _ = autoencoder.quantise(autoencoder.encode(hr)[0])
        vectors = {tuple(vector.tolist()) for vector in quantised.movedim(1, -1).reshape(-1, 2).round(decimals=4)}
        assert len(vectors) <= 16
        torch.testing.assert_close(method.reconstruct(hr), autoencoder.decode(quantised), atol=1e-5, rtol=0)
    stage = method.stages(method.networks, 2)[0]
    with torch.no_grad():
        error = float((method.reconstruct(hr) - hr)[..., 2:-2, 2:-2].double().square().mean())
        assert stage.validate(Batch(hr[..., ::2, ::2], hr, 1.0)) == pytest.approx(-10 * math.log10(error), abs=1e-3)


def test_latents_are_diffused_before_they_are_quantised() -> None:
    method = untrained(first_stage="vq", codes=5)
    autoencoder, denoiser = method.autoencoder_and_denoiser()
    _, stage = method.stages(method.networks, 2)
    batch = Batch(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 16, 16), 0.0)
    stage.begin(lambda: batch)
    with torch.no_grad():
        latents = autoencoder.encode(batch.hr)[0]
    assert float(denoiser.latent_scale) == pytest.approx(1 / float(latents.std(correction=0)), rel=1e-5)


def test_the_denoiser_that_tells_clean_latents_learns_the_latents_of_hr_without_those_of_bicubic_sr() -> None:
    method = untrained(residual=True, predicts="clean")
    autoencoder, denoiser = method.autoencoder_and_denoiser()
    _, stage = method.stages(method.networks, 2)
    batch = Batch(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 16, 16), 0.0)
    with torch.no_grad():
        latents = autoencoder.encode(batch.hr)[0] - autoencoder.encode(resize(batch.lr, 2))[0]
    stage.begin(lambda: batch)
    scale = float(denoiser.latent_scale)
    assert scale == pytest.approx(1 / float(latents.std(correction=0)), rel=1e-5)
    denoiser.forward = lambda x, lr, t, level: scale * latents
    assert float(stage.step(batch)["noise"]) == pytest.approx(0, abs=1e-9)
    denoiser.forward = lambda x, lr, t, level: scale * latents + 0.5
    assert float(stage.step(batch)["noise"]) == pytest.approx(0.25, rel=1e-4)


def test_the_shortcut_begins_as_the_principal_components_of_the_training_patches() -> None:
    method = untrained(shortcut=True, fold=2, latent_channels=5)
    first, _ = method.stages(method.networks, 2)
    generator = torch.Generator().manual_seed(3)
    colours = torch.rand(3, 4, generator=generator)  # so that pixels are not all as good as each other
    batches = [
        Batch(torch.zeros(2, 3, 8, 8), torch.einsum("cd,ndhw->nchw", colours, torch.rand(2, 4, 16, 16)) / 4, 0.0)
        for _ in range(128)
    ]
    asked = iter(batches)
    first.begin(lambda: next(asked))
    assert next(asked, None) is None, "256 patches are looked at"
    images = torch.cat([batch.hr for batch in batches])
    squares = images.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).reshape(-1, 12).double().numpy()
    centred = squares - squares.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    rest = centred - centred @ directions[:5].T @ directions[:5]
    with torch.no_grad():
        made = method.reconstruct(images).double()
        mean, deviation = method.networks["autoencoder"].encode(images)
    assert float((made - images).square().mean()) == pytest.approx(float(np.square(rest).mean()), rel=1e-3)
    assert float(mean.square().sum(1).mean()) == pytest.approx(
        float(np.square(centred @ directions[:5].T).sum(1).mean()), rel=1e-3
    )
    assert deviation.unique().tolist() == pytest.approx([0.01])


def test_a_linear_start_learns_further_and_is_better_than_it_began(tmp_path: Path) -> None:
    changes = {"shortcut": True, "fold": 2, "autoencoder_rate": 1e-2, "batch_size": 4, "adversarial_weight": 0.0}
    method = create(LDM, {**TINY, **changes, "autoencoder_share": 0.975})
    method.fit(training_set(), context(tmp_path, 80))
    rows = [row["l1"] for row in method.history if row["stage"] == "autoencoder"]
    assert np.mean(rows[-5:]) < np.mean(rows[:3])


def test_more_latents_than_pixels_in_a_square_lose_nothing() -> None:
    method = untrained(shortcut=True, fold=4, latent_channels=7, channels=1)
    first, _ = method.stages(method.networks, 2)
    images = torch.rand(2, 1, 16, 16)
    first.begin(lambda: Batch(torch.zeros(2, 1, 8, 8), images, 0.0))
    torch.testing.assert_close(method.reconstruct(images), images, atol=1e-5, rtol=0)


# --- the ceiling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("learned", [1, 3])
@pytest.mark.parametrize("asked", [1, 3])
@pytest.mark.parametrize("scale", [2, 3])
def test_the_ceiling_is_hr_through_the_autoencoder_in_grey_and_colour(learned: int, asked: int, scale: int) -> None:
    method = untrained(scale, channels=learned)
    autoencoder, _ = method.autoencoder_and_denoiser()
    hr = torch.rand(2, asked, 5 * scale, 7 * scale)
    made = method.reconstruct(hr)
    planes = hr if learned == asked else hr.repeat(1, 3, 1, 1) if learned == 3 else hr.reshape(6, 1, *hr.shape[-2:])
    below, right = (-side % 4 for side in hr.shape[-2:])
    framed = torch.nn.functional.pad(planes, (0, right, 0, below), mode="replicate")
    with torch.no_grad():
        expected = autoencoder.decode(autoencoder.encode(framed)[0])[..., : hr.shape[-2], : hr.shape[-1]]
    if learned == 3 and asked == 1:
        expected = expected.mean(1, keepdim=True)
    torch.testing.assert_close(made, expected.reshape(hr.shape), atol=1e-5, rtol=0)
    assert method.reconstruct(hr).equal(made), "nothing of it is drawn"
    assert "autoencoder" in LDM.ceiling


# --- an earlier autoencoder -----------------------------------------------------------------------------------------


def test_an_earlier_autoencoder_serves_another_training(trained: tuple[LDM, Path], tmp_path: Path) -> None:
    earlier, folder = trained
    file = tmp_path / "earlier.safetensors"
    file.write_bytes((folder / "weights.safetensors").read_bytes())
    params = {**TINY, "unet_channels": (8, 16), "patch": 4, "discriminator_layers": 3}  # which need not be the same
    method = LDM(**params, autoencoder=file)
    method.fit(training_set(), context(tmp_path / "fit", 3))
    assert "earlier training" in method.notes[0]
    method.save(tmp_path / "model")
    assert method.notes[0] in json.loads((tmp_path / "model" / "training.json").read_text())["notes"]
    file.unlink()  # what was learned is all in the model
    again = LDM(**params, autoencoder=file)
    again.load(tmp_path / "model")
    lr = torch.rand(1, 3, 6, 6)
    assert seeded_sr(again, lr).equal(seeded_sr(method, lr))
    assert again.reconstruct(lr).equal(earlier.reconstruct(lr))


def test_the_key_tells_what_the_earlier_model_holds_and_not_where_it_lies(tmp_path: Path) -> None:
    entry = registry().get("method", "ldm")

    def key(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        params = resolve(LDM, {"autoencoder": name}, tmp_path)
        return json.dumps(provenance(Use("ldm", entry, params)), sort_keys=True)

    assert key("one", b"a") == key("two", b"a") != key("three", b"b")


def test_files_without_a_fitting_autoencoder_are_named(trained: tuple[LDM, Path], tmp_path: Path) -> None:
    _, folder = trained
    other = tmp_path / "other.safetensors"
    save_file({"network/weight": torch.ones(1)}, other)
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"not it")
    wrong = {**TINY, "latent_channels": 3}
    quantised = {**TINY, "first_stage": "vq", "codes": 4}
    for path, params, words in [
        (tmp_path / "nowhere", TINY, "cannot be read"),
        (damaged, TINY, "cannot be read"),
        (other, TINY, "weights of something else"),
        (folder / "weights.safetensors", wrong, "another network"),
        (folder / "weights.safetensors", quantised, "first_stage"),
    ]:
        with pytest.raises(EarlierModelError, match=words):
            LDM(**params, autoencoder=path).fit(training_set(), context(tmp_path / "fit", 2))
    with pytest.raises(srbench.SrbenchError, match=r"weights\.safetensors"):
        LDM(**TINY, autoencoder=folder)


# --- upscaling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", ["ancestral", "ddim", "dpm-solver++", "predictor-corrector", "probability-flow"])
@pytest.mark.parametrize(("scale", "steps"), [(2, None), (3, 4), (4, 8)])
def test_a_denoiser_that_knows_the_noise_gives_the_autoencoders_reconstruction(
    sampler: str, scale: int, steps: int | None
) -> None:
    """So scale, padding and decoding are the same on the way in and on the way out."""
    method = untrained(scale, latent_std=0.37, sampler=sampler, steps=steps)
    autoencoder, denoiser = method.autoencoder_and_denoiser()
    hr = torch.rand(1, 3, 5 * scale, 7 * scale)
    with torch.no_grad():
        latent = autoencoder.encode(method.geometry.framed(hr))[0] / 0.37
    left = (1 - torch.linspace(0.0015, 0.8, 8, dtype=torch.float64)).cumprod(0).float()

    def knows(x: torch.Tensor, lr: torch.Tensor, t: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        assert lr.shape[-2:] == x.shape[-2:]
        return (x - left[t].sqrt() * latent) / (1 - left[t]).sqrt()

    denoiser.forward = knows
    sr = seeded_sr(method, torch.rand(1, 3, 5, 7))
    with torch.no_grad():
        torch.testing.assert_close(sr, method.reconstruct(hr), atol=1e-4, rtol=0)


@pytest.mark.parametrize("sampler", ["ancestral", "ddim", "dpm-solver++"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_denoiser_that_knows_the_difference_to_bicubic_sr_gives_the_autoencoders_reconstruction(
    sampler: str, scale: int
) -> None:
    method = untrained(scale, latent_std=0.1, sampler=sampler, steps=6, predicts="clean", residual=True, fold=2)
    autoencoder, denoiser = method.autoencoder_and_denoiser()
    hr, lr = torch.rand(1, 3, 5 * scale, 7 * scale), torch.rand(1, 3, 5, 7)
    with torch.no_grad():
        of_hr, of_sr = (autoencoder.encode(method.geometry.framed(image))[0] for image in (hr, resize(lr, scale)))
    denoiser.forward = lambda x, lr, t, level: (of_hr - of_sr) / 0.1
    sr = seeded_sr(method, lr)
    torch.testing.assert_close(sr, method.reconstruct(hr), atol=1e-4, rtol=0)
    # And one that finds no difference gives the autoencoder's version of bicubic SR.
    denoiser.forward = lambda x, lr, t, level: torch.zeros_like(x)
    torch.testing.assert_close(seeded_sr(method, lr), method.reconstruct(resize(lr, scale)), atol=1e-4, rtol=0)


def test_sr_depends_on_seed_lr_noise_level_sampler_steps_and_eta() -> None:
    lr = torch.rand(1, 3, 6, 5)
    plain = seeded_sr(untrained(), lr)
    assert seeded_sr(untrained(), lr).equal(plain)
    others = [
        seeded_sr(untrained(), lr, seed=1),
        seeded_sr(untrained(), lr + 0.1),
        seeded_sr(untrained(noise_level=0), lr),
        seeded_sr(untrained(noise_level=5), lr),
        seeded_sr(untrained(steps=4), lr),
        seeded_sr(untrained(sampler="ddim"), lr),
        seeded_sr(untrained(sampler="ddim", eta=0.5), lr),
        seeded_sr(untrained(sampler="dpm-solver++"), lr),
    ]
    for i, other in enumerate(others):
        assert all(float((other - one).abs().max()) > 1e-4 for one in [plain, *others[:i]])


def test_the_level_of_lrs_noise_changes_the_output_though_the_noise_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same LR is given to the network with another level, which only the embedding can tell it."""
    from srbench_ddpm.schedule import Schedule

    noised = Schedule.noised
    monkeypatch.setattr(Schedule, "noised", lambda self, clean, noise, t: noised(self, clean, noise, -1))
    lr = torch.rand(1, 3, 6, 5)
    one, other = (seeded_sr(untrained(noise_level=level), lr) for level in (0, 5))
    assert float((one - other).abs().max()) > 1e-4


@pytest.mark.parametrize("sampler", ["ancestral", "ddim", "dpm-solver++"])
def test_the_same_seed_gives_the_same_sr_whatever_the_batch_and_its_order(sampler: str) -> None:
    method = untrained(sampler=sampler, noise_level=5)
    lr = torch.rand(3, 3, 6, 5)
    together = seeded_sr(method, lr)
    for i in range(3):
        torch.testing.assert_close(seeded_sr(method, lr[i : i + 1])[0], together[i], atol=1e-4, rtol=0)
    torch.testing.assert_close(seeded_sr(method, lr.flip(0)).flip(0), together, atol=1e-4, rtol=0)


def test_samples_are_not_all_the_same_one_after_another() -> None:
    method = untrained()
    lr = torch.rand(1, 3, 6, 5)
    torch.manual_seed(0)
    first, second = (method.upscale(lr, 2) for _ in range(2))
    assert float((first - second).abs().max()) > 1e-4


# --- what cannot be -------------------------------------------------------------------------------------------------


def test_what_it_cannot_do_is_said_before_anything_is_trained() -> None:
    def asked(scale: int, **params: object) -> srbench.Skip | None:
        return create(LDM, {**TINY, **params}).supports(srbench.Problem(scale, (1, 3), ("uint8",), (1, 1), (9, 9)))

    assert [asked(scale) for scale in (2, 3, 4, 5, 6, 7, 8, 16)] == [None] * 8
    for scale in (1, 17):
        assert f"not for x{scale}" in asked(scale).reason
    assert (
        "discriminator needs HR patches of 24 pixels, and x5 leaves 20"
        in asked(5, patch=23, discriminator_layers=3).reason
    )
    assert "perceptual distance needs HR patches of 16 pixels" in asked(2, patch=15, perceptual_weight=0.1).reason
    alexnet = {"perceptual_weight": 0.1, "perceptual_network": "alexnet"}
    assert "perceptual distance needs HR patches of 31 pixels" in asked(2, patch=31, **alexnet).reason
    assert asked(2, patch=32, **alexnet) is None
    assert asked(2, patch=8, adversarial_weight=0.0) is None
    with pytest.raises(srbench.SrbenchError, match="not for x17"):
        LDM(**TINY)._make(3, 17)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"autoencoder_channels": (4, 7)}, "autoencoder_channels.*multiples of norm_groups"),
        ({"unet_channels": ()}, "unet_channels.*at least one"),
        ({"unet_attention": (True,)}, "each of the 2 levels"),
        ({"head_channels": 3}, "head_channels: 3; 8 channels"),
        ({"noise_level": 6}, "noise_level, lr_noise: 6, 5"),
        ({"lr_noise": 9}, "8 timesteps"),
        ({"beta_start": 0.9}, "above beta_end"),
        ({"fold": 6}, "fold: 6.*power of two"),
        ({"steps": 9}, "steps: 9"),
        ({"eta": 0.5}, "eta: 0.5"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(srbench.SrbenchError, match=words):
        create(LDM, {**TINY, **changes})


def test_parameters_of_the_wrong_kind_are_refused() -> None:
    numbers = {"steps": 0, "adversarial_after": 1, "autoencoder_share": 0, "kl_weight": -1, "beta_end": 1, "codes": 0}
    names = {"first_stage": "gan", "perceptual_network": "vgg16"}
    for name, value in {**numbers, **names}.items():
        with pytest.raises(ParameterError, match=name):
            resolve(LDM, {name: value})
    with pytest.raises(ParameterError, match="ancestral"):
        resolve(LDM, {"sampler": "euler"})


def test_importing_and_making_the_method_does_not_import_torch() -> None:
    code = (
        "import sys, srbench, srbench_ldm.method as m; from srbench.registry.parameters import resolve; "
        "from srbench.registry.shared import create; "
        "made = create(m.LDM, resolve(m.LDM, {'preset': 'small'})); "
        "made.supports(srbench.Problem(4, (3,), ('uint8',), (8, 8), (8, 8))); "
        "sys.exit('torch' in sys.modules or 'monai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
