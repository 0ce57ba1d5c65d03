"""Checkpoints of small networks with seeded random weights, built by spandrel's own classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch

from srbench.weights.torchvision_shim import import_torchvision

import_torchvision()
from spandrel.architectures.Compact import Compact  # noqa: E402
from spandrel.architectures.ESRGAN import ESRGAN  # noqa: E402
from spandrel.architectures.LaMa import LaMa  # noqa: E402
from spandrel.architectures.SwinIR import SwinIR  # noqa: E402

NETWORKS: Mapping[str, Callable[[], torch.nn.Module]] = {
    "esrgan-x4": lambda: ESRGAN(num_filters=8, num_blocks=1, scale=4),
    # As Real-ESRGAN has it: pixels are unshuffled first, so LR has to have sides that are multiples of four.
    "esrgan-x2": lambda: ESRGAN(in_nc=12, num_filters=8, num_blocks=1, scale=4, shuffle_factor=2),
    "compact-x2": lambda: Compact(num_feat=8, num_conv=2, upscale=2),
    "compact-x3-grey": lambda: Compact(num_in_ch=1, num_out_ch=1, num_feat=8, num_conv=2, upscale=3),
    "swinir-x2": lambda: SwinIR(
        upscale=2, img_size=16, window_size=8, embed_dim=12, depths=[2], num_heads=[2], upsampler="pixelshuffledirect"
    ),
    "lama": lambda: LaMa(),
}


def network(name: str) -> torch.nn.Module:
    """The network whose weights the checkpoint of that name holds."""
    torch.manual_seed(7)
    return NETWORKS[name]().eval()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test finds what another left in the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """Writes a checkpoint and returns its path."""

    def write(name: str, suffix: str = ".pth", wrap: str | None = None) -> Path:
        from safetensors.torch import save_file

        path = tmp_path / f"{name}{suffix}"
        state = network(name).state_dict()
        if suffix == ".safetensors":
            save_file(state, path)
        else:
            torch.save(state if wrap is None else {wrap: state}, path)
        return path

    return write
