"""The types of parameters, and the presets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from srbench.training import VGG_SMALLEST, VGGLayer

FirstStage = Literal["kl", "vq"]
PerceptualNetwork = Literal["vgg19", "alexnet"]
"""What a perceptual distance looks through, by the name of its weights."""
Predicts = Literal["noise", "clean"]
Betas = Literal["linear", "scaled_linear", "cosine"]
Keep = Literal["last", "best"]

PERCEPTUAL_LAYER: VGGLayer = "vgg54"
"""The layer of VGG19 whose features the perceptual distance compares."""
PERCEPTUAL_SMALLEST: Mapping[PerceptualNetwork, int] = {"vgg19": VGG_SMALLEST[PERCEPTUAL_LAYER], "alexnet": 31}
"""The shortest side, in pixels, of an image that has all features that are compared."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "mammography": {"perceptual_network": "alexnet", "early_stopping": 6},
    "pinaya": {
        "autoencoder_channels": [256, 512, 512],
        "latent_channels": 3,
        "autoencoder_attention": True,
        "unet_channels": [256, 256, 512, 1024],
        "unet_attention": [False, False, True, True],
        "adversarial_after": 10 / 75,
        "autoencoder_share": 75 / 275,
        "batch_size": 32,
        "patch": 64,
        "keep": "last",
    },
    "small": {
        "autoencoder_channels": [64],
        "latent_channels": 8,
        "autoencoder_blocks": 1,
        "fold": 4,
        "shortcut": True,
        "unet_channels": [64, 64, 64],
        "unet_attention": [False, False, False],
        "unet_blocks": 1,
        "perceptual_weight": 0.0,
        "adversarial_after": 0.8,
        "discriminator_width": 32,
        "autoencoder_rate": 1e-3,
        "predicts": "clean",
        "residual": True,
        "learning_rate": 2e-3,
        "schedule": "cosine",
        "clip": 1.0,
        "ema": 0.999,
        "autoencoder_share": 0.2,
        "batch_size": 8,
        "patch": 48,
        "lr_noise": 10,
        "noise_level": 0,
        "sampler": "dpm-solver++",
        "steps": 20,
    },
}
