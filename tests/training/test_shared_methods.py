"""The methods that srbench ships learn in two processes what they learn in one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_networks
import torch
from toys.ranks import together
from toys.training import picture, training_set

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.training.loop.group import Group

TINY_SRGAN = {"blocks": 1, "width": 6, "patch": 16, "batch_size": 3, "content": "mse", "adversarial_share": 0.5}
TINY_LDM = {
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
    "warm_up": 0.5,
    "autoencoder_share": 0.5,
    "batch_size": 3,
    "patch": 16,
    "timesteps": 8,
    "beta_end": 0.8,
    "lr_noise": 5,
    "noise_level": 1,
}
TINY_GAN = {"width": 2, "layers": {}, "share": 0.5}
TINY_DDPM = {"channels": (4, 8), "attention": (False, False), "blocks": 1, "timesteps": 5, "batch_size": 3, "patch": 16}


def made(name: str) -> srbench.TorchMethod:
    """A method small enough for a test; those that draw noise in their steps take the same for the same images."""
    from srbench_architectures.gan import GAN
    from srbench_architectures.method import Network
    from srbench_ddpm.method import DDPM
    from srbench_esrgan.method import RRDB
    from srbench_ldm.method import LDM
    from srbench_resshift.method import ResShift
    from srbench_srcnn.method import SRCNN
    from srbench_srgan.srgan import SRGAN
    from srbench_srgan.srresnet import SRResNet

    makes: dict[str, Callable[[], Any]] = {
        "srcnn": lambda: SRCNN(filters=(6, 4), batch_size=4, patch=16),
        "srcnn with CutBlur": lambda: SRCNN(filters=(6, 4), batch_size=5, patch=16, cutblur=1.0),
        "srresnet": lambda: SRResNet(blocks=2, width=6, patch=16, batch_size=3, batch_norm=False, ema=0.9),
        "rrdb": lambda: RRDB(blocks=1, width=6, growth=4, patch=16, batch_size=4),
        "srgan": lambda: SRGAN(**TINY_SRGAN, batch_norm=False, discriminator_width=2, dense=8, clip=1.0),
        "network": lambda: Network(**{**tiny_networks.params("hat"), "batch_size": 3, "ema": 0.9}),
        "network with gan": lambda: Network(**{**tiny_networks.params("rrdb"), "batch_size": 3}, gan=GAN(**TINY_GAN)),
        "ddpm": lambda: DDPM(**TINY_DDPM),
        "ddpm with an encoder": lambda: DDPM(**TINY_DDPM, condition="rrdb", encoder_blocks=1, encoder_width=4),
        "ldm": lambda: LDM(**TINY_LDM),
        "ldm with a codebook": lambda: LDM(**TINY_LDM, first_stage="vq", codes=6),
        "resshift": lambda: ResShift(**TINY_DDPM, fold=1),
    }
    method: srbench.TorchMethod = makes[name]()
    return method


def learned(name: str, folder: Path, steps: int) -> tuple[dict[str, torch.Tensor], list[Any]]:
    own = folder if Group.here().first else folder / "other"
    with pytest.MonkeyPatch.context() as patch:
        if name.startswith(("ddpm", "ldm", "resshift")):
            patch.setattr(torch, "randn_like", lambda like: torch.sin(9 * like))
            patch.setattr(torch, "randint", lambda below, shape, **given: torch.full(shape, below // 2))
        method = made(name)
        images = training_set(*(picture(40, 36, seed=seed) for seed in range(8)))
        method.fit(images, FitContext(0, Budget("steps", steps), own / "checkpoint", model=own / "model"))
    weights = {
        f"{part}/{key}": value
        for part, network in method.networks.items()
        for key, value in network.state_dict().items()
    }
    return weights, list(method.history)


@pytest.mark.parametrize(
    "name",
    [
        *("srcnn", "srcnn with CutBlur", "srresnet", "rrdb", "srgan", "network", "network with gan"),
        *("ddpm", "ddpm with an encoder", "ldm", "ldm with a codebook", "resshift"),
    ],
)
def test_two_processes_learn_what_one_learns(tmp_path: Path, name: str) -> None:
    ((weights, history),) = together(1, tmp_path / "1", learned, name, tmp_path / "alone", 6)
    for own, told in together(2, tmp_path / "2", learned, name, tmp_path / "shared", 6):
        for key, value in weights.items():
            torch.testing.assert_close(own[key], value, rtol=1e-5, atol=1e-5)
        for one, other in zip(history, told, strict=True):
            assert one.keys() == other.keys()
            for column in one.keys() - {"stage", "seconds", "perplexity"}:  # the last is no mean over images
                assert other[column] == pytest.approx(one[column], rel=1e-4, abs=1e-6), column
