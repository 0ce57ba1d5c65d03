"""VGG19 with seeded weights, in a data root of its own: comparing arithmetic needs no published ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from srbench.registry.registry import registry
from srbench.store.files import sha256_of
from srbench.weights.torchvision_shim import import_torchvision

State = dict[str, torch.Tensor]


@pytest.fixture(scope="package")
def reference() -> torch.nn.Module:
    """torchvision's trunk with seeded weights."""
    vgg19 = import_torchvision().models.vgg.make_layers(
        [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"]
    )
    torch.manual_seed(0)
    for parameter in vgg19.parameters():
        torch.nn.init.normal_(parameter, std=0.02 if parameter.ndim == 1 else (2 / parameter[0].numel()) ** 0.5)
    return vgg19.eval()


@pytest.fixture
def empty_data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root with nothing in it."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def put(empty_data_root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[State], None]:
    """Make tensors the weights of VGG19: in an otherwise empty data root, and declared with the hash they have."""
    (declared,) = registry()._weights["vgg19"]
    path = empty_data_root / "weights" / declared.file.file
    path.parent.mkdir()

    def place(state: State) -> None:
        torch.save(state, path)
        true = replace(declared.file, sha256=sha256_of(path), size=path.stat().st_size)
        monkeypatch.setitem(registry()._weights, "vgg19", [replace(declared, file=true)])

    return place


@pytest.fixture
def state(reference: torch.nn.Module) -> State:
    """What the published file holds: the trunk, and a layer of the classifier after it."""
    return {**reference.state_dict(prefix="features."), "classifier.0.bias": torch.zeros(4)}


@pytest.fixture
def vgg19(put: Callable[[State], None], state: State, reference: torch.nn.Module) -> torch.nn.Module:
    """torchvision's trunk, whose weights are where those of VGG19 belong."""
    put(state)
    return reference
