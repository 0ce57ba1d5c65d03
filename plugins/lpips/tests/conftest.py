"""Trunks with seeded weights, in a data root of their own: comparing arithmetic needs no published ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from srbench_lpips.metric import TRUNKS

from srbench.registry.registry import registry
from srbench.store.files import sha256
from srbench.weights.torchvision_shim import import_torchvision

torchvision = import_torchvision()
import lpips  # noqa: E402

State = dict[str, torch.Tensor]


@pytest.fixture(scope="session")
def trunks() -> dict[str, torch.nn.Module]:
    """torchvision's classifiers with seeded weights."""
    made = {}
    for net, name in TRUNKS.items():
        torch.manual_seed(1)
        made[net] = getattr(torchvision.models, name)(weights=None).eval()
    return made


@pytest.fixture(scope="session")
def references(trunks: dict[str, torch.nn.Module]) -> dict[str, lpips.LPIPS]:
    """The package's own network, which takes its trunk from torchvision, on each of these classifiers."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        for net, name in TRUNKS.items():
            patch.setattr(lpips.pretrained_networks.tv, name, lambda pretrained, net=net: trunks[net])
            made[net] = lpips.LPIPS(net=net, version="0.1", verbose=False)
    return made


@pytest.fixture(scope="session")
def states(trunks: dict[str, torch.nn.Module]) -> dict[str, State]:
    """What a file of each classifier holds: its convolutions, and of what comes after them the last, which is small."""
    return {
        net: {
            key: tensor
            for key, tensor in trunk.state_dict().items()
            if key.startswith("features.") or key == list(trunk.state_dict())[-1]
        }
        for net, trunk in trunks.items()
    }


@pytest.fixture(scope="session")
def files(states: dict[str, State], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The classifiers' files."""
    folder = tmp_path_factory.mktemp("trunks")
    for net, state in states.items():
        torch.save(state, folder / net)
    return {net: folder / net for net in states}


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], None]:
    """Make a file the weights of a trunk: in an otherwise empty data root, and declared with the hash it has."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()

    def place(net: str, file: Path) -> None:
        (declared,) = registry()._weights[TRUNKS[net]]
        path = tmp_path / "weights" / declared.file.file
        path.unlink(missing_ok=True)
        path.symlink_to(file)
        true = replace(declared.file, sha256=sha256(file), size=file.stat().st_size)
        monkeypatch.setitem(registry()._weights, true.name, [replace(declared, file=true)])

    return place


@pytest.fixture
def data(put: Callable[[str, Path], None], files: dict[str, Path]) -> None:
    """A data root with all three trunks."""
    for net, file in files.items():
        put(net, file)
