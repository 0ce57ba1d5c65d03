"""SRDiff's encoder: what it sees, how it learns, and what the diffusion gets of it."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from srbench_ddpm.encoder import Encoder
from srbench_ddpm.method import DDPM
from srbench_ddpm.network import Denoiser, continued
from srbench_esrgan.generator import RRDBNet

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.contract.method import Problem
from srbench.contract.training_set import TrainingSet
from srbench.pictures.resize import resize
from srbench.registry.parameters import resolve
from srbench.registry.shared import create
from srbench.testing import check_methods
from srbench.testing.pictures import textured_uint8
from srbench.training.data.batch import Batch

TINY = {
    "channels": (4, 8),
    "attention": (False, False),
    "blocks": 1,
    "timesteps": 5,
    "batch_size": 2,
    "patch": 16,
    "condition": "rrdb",
    "encoder_blocks": 1,
    "encoder_width": 4,
    "encoder_share": 0.5,
}

test_ddpm_with_an_encoder = check_methods(("ddpm", {**TINY, "steps": 3, "ema": 0.5, "keep": "best"}))


def training_set(scale: int = 2) -> TrainingSet:
    items = [srbench.Item(f"i{place}", textured_uint8(place, 40, 36, 3)) for place in range(6)]
    return TrainingSet(items, srbench.Protocol("p", scale))


def context(folder: Path, steps: int) -> FitContext:
    return FitContext(0, Budget("steps", steps), folder, checkpoint_seconds=1e9)


def fresh(scale: int = 2, **params: object) -> DDPM:
    method = create(DDPM, {**TINY, **params})
    torch.manual_seed(0)
    method._make(3, scale)
    return method


@pytest.mark.parametrize(("scale", "size"), [(4, (5, 7)), (2, (6, 8)), (2, (5, 7))])
def test_features_are_what_the_network_makes_larger(scale: int, size: tuple[int, int]) -> None:
    """Those are repeated twice as large, and go into the first of the convolutions that follow."""
    torch.manual_seed(1)
    encoder, seen = Encoder(3, scale, 2, 6).requires_grad_(False), []
    assert isinstance(encoder, RRDBNet)
    encoder.conv_up1.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    lr = torch.rand(2, 3, *size)
    features = encoder.features(lr)
    assert features.shape == (2, 6, -(-size[0] * scale // 4), -(-size[1] * scale // 4))
    assert encoder.enlarged(lr).shape == (2, 3, size[0] * scale, size[1] * scale)
    torch.testing.assert_close(seen[0], features.repeat_interleave(2, -1).repeat_interleave(2, -2))


@pytest.mark.parametrize("scale", [2, 4])
def test_first_the_encoder_learns_then_it_stays_as_it_is(scale: int, tmp_path: Path) -> None:
    method = DDPM(**TINY)
    images = training_set(scale)
    method.fit(images, context(tmp_path, 8))
    assert [(stage["name"], stage["steps"]) for stage in method.training["stages"]] == [
        ("encoder", 4),
        ("diffusion", 4),
    ]
    assert sorted(method.networks) == ["denoiser", "encoder"]
    longer = create(DDPM, {**TINY, "encoder_share": 4 / 12})
    longer.fit(images, context(tmp_path / "longer", 12))
    states = [one.networks["encoder"].state_dict() for one in (method, longer)]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    denoisers = [one.networks["denoiser"].state_dict() for one in (method, longer)]
    assert any(not torch.equal(denoisers[0][key], denoisers[1][key]) for key in denoisers[0])


def test_the_losses_teach_their_own_network() -> None:
    method = fresh()
    encoder_stage, diffusion_stage = method.stages(method.networks, 2)
    lr = torch.rand(4, 3, 8, 8)
    batch = Batch(lr, resize(lr, 2), 0.0)
    expected = np.abs(method.networks["encoder"](lr).detach().numpy() - batch.hr.numpy()).mean()
    loss = encoder_stage.step(batch)["l1"]
    assert float(loss.detach()) == pytest.approx(float(expected), rel=1e-5)
    loss.backward()
    taught = {name: any(p.grad is not None for p in net.parameters()) for name, net in method.networks.items()}
    assert taught == {"encoder": True, "denoiser": False}
    method.networks["encoder"].zero_grad()
    # The U-Net's last convolution begins at zero, through which nothing would reach what is before it.
    torch.nn.init.normal_(method.denoiser.unet.out[-1].conv.weight)
    diffusion_stage.step(batch)["l1"].backward()
    assert all(p.grad is None for p in method.networks["encoder"].parameters())
    assert method.denoiser.lift is not None and bool(method.denoiser.lift.weight.grad.abs().max() > 0)


def test_features_reach_the_u_net_where_they_lie() -> None:
    """A feature is spread over its 4 x 4 pixels and their neighbours, wherever the image ends."""
    denoiser = Denoiser(3, (4, 8), 1, (False, False), features=2)
    seen = []
    denoiser.tell = lambda given, t: seen.append(given) or given[:, :3]  # type: ignore[method-assign, assignment]
    features = torch.zeros(1, 2, 5, 6)
    denoiser(torch.zeros(1, 3, 20, 24), features, torch.tensor([0]))
    features[0, 0, 2, 3] = 1
    for height, width in ((20, 24), (18, 22), (24, 32)):
        denoiser(torch.zeros(1, 3, height, width), features, torch.tensor([0]))
        assert seen[-1].shape == (1, 5, height, width)
        within = (seen[-1] - seen[0][..., :1, :1])[0, 3:, : min(height, 20), : min(width, 24)].abs().amax(0)
        rows, columns = (torch.nonzero(within.amax(dim) > 1e-6).flatten().tolist() for dim in (1, 0))
        assert (rows[0], rows[-1], columns[0], columns[-1]) == (6, 13, 10, 17)


@pytest.mark.parametrize(("scale", "size"), [(2, (7, 9)), (4, (5, 6))])
def test_a_network_that_knows_the_noise_gives_hr(
    scale: int, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    method = fresh(scale, timesteps=20)
    lr = torch.rand(1, 3, *size)
    upsampled = resize(lr, scale)
    hr = upsampled + (torch.rand_like(upsampled) - 0.5) / 4

    def knows(self: Denoiser, noisy: torch.Tensor, condition: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        assert method.encoder is not None
        torch.testing.assert_close(condition, method.encoder.features(lr))
        return method.diffusion.noise_from_clean(noisy, continued(4 * (hr - upsampled), self.multiple), t)

    monkeypatch.setattr(Denoiser, "forward", knows)
    torch.testing.assert_close(method.upscale(lr, scale), hr, atol=1e-4, rtol=0)


def test_while_the_encoder_learns_its_own_sr_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    sampled, enlarged = DDPM.sampled, Encoder.enlarged
    monkeypatch.setattr(
        DDPM, "sampled", lambda self, *given, **rest: asked.append("s") or sampled(self, *given, **rest)
    )
    monkeypatch.setattr(Encoder, "enlarged", lambda self, lr: asked.append("e") or enlarged(self, lr))
    method = DDPM(**TINY)
    method.fit(training_set(), context(tmp_path, 2))
    # Of each stage one validation (of the encoder by its SR) and one picture; at the end the strip, and the spread.
    assert "".join(asked) == "ee" + "s" + "s" + 8 * "s"
    asked.clear()
    method.upscale(torch.rand(1, 3, 4, 4), 2)
    assert asked == ["s"]


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8, Fraction(3, 2)])
def test_it_does_the_scales_of_its_encoder(scale: int | Fraction) -> None:
    answer = DDPM(**TINY).supports(Problem(scale, (1, 3), ("uint8",), (1, 1), (9, 9)))
    assert (answer is None) == (scale in (2, 4))
    if answer is not None:
        assert f"not by {scale}" in answer.reason
        with pytest.raises(srbench.SrbenchError, match="by 2 or 4"):
            DDPM(**TINY).build(3, scale)


def test_patches_are_what_features_divide() -> None:
    for scale, patch, expected in ((2, 18, 10), (4, 18, 5), (2, 20, 10)):
        method = fresh(scale, channels=(4,), attention=(False,), patch=patch)
        assert [stage.patch for stage in method.stages(method.networks, scale)] == [expected, expected]


def test_the_preset_is_the_documented_one() -> None:
    found = resolve(DDPM, {"preset": "srdiff"})
    assert found == {**resolve(DDPM, {"preset": "paper"}), "condition": "rrdb"}
    assert (found["encoder_blocks"], found["encoder_width"]) == (17, 64)
    assert found["encoder_share"] == 100_000 / 500_000
    stages = fresh(4, **{**found, "channels": (4, 8), "attention": (False, False)})
    shares = [stage.share for stage in stages.stages(stages.networks, 4)]
    assert shares[0] / sum(shares) == pytest.approx(0.2)
    assert [stages.stages(stages.networks, 4)[0].schedule(at) for at in (0, 0.49, 0.5)] == [1, 1, 0.5]
