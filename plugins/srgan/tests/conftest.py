"""VGG19 with seeded weights, in a data root of its own: comparing arithmetic needs no published ones."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from srbench.registry.registry import registry
from srbench.store.files import sha256

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


@pytest.fixture(scope="session")
def vgg19_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torchvision publishes it, of a trunk that keeps the size of what it is given."""
    state, layer, inside = {}, 0, 3
    seeded = torch.Generator().manual_seed(0)
    for channels, convolutions in BLOCKS:
        for _ in range(convolutions):
            deviation = (2 / (9 * inside)) ** 0.5
            state[f"features.{layer}.weight"] = deviation * torch.randn(channels, inside, 3, 3, generator=seeded)
            state[f"features.{layer}.bias"] = 0.1 * torch.randn(channels, generator=seeded)
            layer, inside = layer + 2, channels
        layer += 1
    path = tmp_path_factory.mktemp("vgg19") / "vgg19.pth"
    torch.save(state, path)
    return path


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data root with nothing in it."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))


@pytest.fixture
def vgg19(no_weights: None, tmp_path: Path, vgg19_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data root with that file, declared with the hash it has."""
    (declared,) = registry()._weights["vgg19"]
    path = tmp_path / "data" / "weights" / declared.file.file
    path.parent.mkdir(parents=True)
    path.symlink_to(vgg19_file)
    true = replace(declared.file, sha256=sha256(vgg19_file), size=vgg19_file.stat().st_size)
    monkeypatch.setitem(registry()._weights, "vgg19", [replace(declared, file=true)])
