"""Every architecture with so few parameters that a training takes moments."""

from __future__ import annotations

from typing import Any

import torch
from srbench_architectures.catalogue import ARCHITECTURES
from srbench_architectures.method import Network

SWIN = {"embed_dim": 8, "depths": (2,), "num_heads": (2,), "window_size": 4, "drop_path_rate": 0.0}
TINY: dict[str, dict[str, Any]] = {
    "atd": {
        **{name: value for name, value in SWIN.items() if name != "drop_path_rate"},
        "category_size": 16,
        "num_tokens": 4,
        "reducted_dim": 2,
        "convffn_kernel_size": 3,
        "upsampler": "pixelshuffledirect",
    },
    "compact": {"num_feat": 6, "num_conv": 1},
    "craft": {"embed_dim": 32, "depths": (1,), "num_heads": (2,)},
    "dat": {
        "embed_dim": 32,
        "depth": (2,),
        "num_heads": (2,),
        "split_size": (4, 8),
        "expansion_factor": 1.0,
        "drop_path_rate": 0.0,
        "upsampler": "pixelshuffledirect",
    },
    "dctlsa": {"nf": 4, "num_head": 2},
    "ditn": {"dim": 6, "ITL_blocks": 1, "SAL_blocks": 1},
    "drcn": {"recursions": 2, "num_feat": 5},
    "drct": {"embed_dim": 8, "num_heads": (2,), "window_size": 4, "gc": 4, "drop_path_rate": 0.0},
    "edsr": {"num_feat": 6, "num_block": 1},
    "espcn": {"filters": (6, 4)},
    "fdat": {
        "embed_dim": 8,
        "num_groups": 1,
        "depth_per_group": 1,
        "num_heads": 2,
        "window_size": 4,
        "drop_path_rate": 0.0,
        "upsampler_type": "pixelshuffledirect",
    },
    "fsrcnn": {"d": 6, "s": 4, "m": 1},
    "grl": {
        "embed_dim": 8,
        "depths": (2,),
        "num_heads_window": (2,),
        "num_heads_stripe": (2,),
        "window_size": 4,
        "stripe_size": (8, 8),
        "anchor_window_down_factor": 2,
        "local_connection": False,
        "drop_path_rate": 0.0,
        "upsampler": "pixelshuffledirect",
    },
    "hat": {**SWIN, "compress_ratio": 4, "squeeze_factor": 4, "num_feat": 4},
    "moesr": {"dim": 8, "n_blocks": 1, "n_block": 1, "expansion_factor": 1.5},
    "mosr": {"n_block": 1, "dim": 8, "kernel_size": 3},
    "omnisr": {"num_feat": 8, "res_num": 1},
    "plksr": {"dim": 8, "n_blocks": 1, "kernel_size": 5},
    "rcan": {"n_resgroups": 1, "n_resblocks": 1, "n_feats": 6, "reduction": 3},
    "realplksr": {"dim": 8, "n_blocks": 1, "kernel_size": 5, "layer_norm": True},
    "rgt": {
        "embed_dim": 32,
        "depth": (2,),
        "num_heads": (2,),
        "split_size": (4, 8),
        "drop_path_rate": 0.0,
    },
    "rrdb": {"num_filters": 4, "num_blocks": 1},
    "safmn": {"dim": 8, "n_blocks": 1},
    "seemore": {"num_layers": 1, "embedding_dim": 8, "global_kernel_size": 3},
    "span": {"feature_channels": 4, "norm": False},
    "swiftsrgan": {"num_channels": 6, "num_blocks": 1},
    "swin2sr": {**SWIN, "upsampler": "pixelshuffledirect"},
    "swinir": {**SWIN, "upsampler": "pixelshuffledirect"},
    "vdsr": {"num_layers": 3, "num_feat": 5},
}
TRAINING = {"batch_size": 2, "patch": 16, "learning_rate": 1e-3, "clip": 1.0}


def params(name: str) -> dict[str, Any]:
    """Parameters as a matrix would give them."""
    return {"architecture": name, **TRAINING, **TINY[name]}


def untrained(name: str, scale: int = 2, channels: int = 3, seed: int = 0, **further: Any) -> Network:
    """A tiny network with its initial weights; of one that sees Y, on one channel."""
    method = Network(**{**params(name), **further})
    torch.manual_seed(seed)
    method._make(1 if method.trains_on == "y" else channels, scale)
    return method


def scrambled(name: str, scale: int = 2, channels: int = 3, seed: int = 0, **further: Any) -> Network:
    """A tiny network whose every weight matters: none is zero, or as all others."""
    method = untrained(name, scale, channels, seed, **further)
    network = method.networks["network"]
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                assert module.running_mean is not None and module.running_var is not None
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.5, 2)
    return method


SCALES = [(name, scale) for name, kind in ARCHITECTURES.items() for scale in kind.scales]
