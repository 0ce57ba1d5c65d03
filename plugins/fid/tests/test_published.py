"""Extractors with published weights on files of seeded ones: the whole way from a file on disk to features.

The files are declared with the hashes they have; everything else is as with the published ones.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from srbench_fid.extractors.inception import Inception, empty_network
from srbench_fid.extractors.keras_resnet import KerasResNet
from srbench_fid.extractors.radimagenet import RadImageNet

from srbench.registry.registry import registry
from srbench.store.files import sha256
from srbench.testing import check_extractors, check_metrics
from srbench.weights.lookup import WeightsDamaged

State = dict[str, torch.Tensor]
EXTRACTORS = {"inception": Inception, "radimagenet-resnet50": RadImageNet}
SEVERAL = {"inception": "fc.weight", "radimagenet-resnet50": "layer2.0.conv1.weight"}
"""A layer of each that is not square."""


def seeded(network: torch.nn.Module, seed: int) -> State:
    """Weights of a size that keeps activations alive, for a network on any device."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.zeros((), dtype=torch.int64)
        elif name.endswith("running_var"):
            state[name] = torch.rand(tensor.shape, generator=generator) + 0.5
        elif tensor.ndim > 1:
            state[name] = torch.randn(tensor.shape, generator=generator) * (2 / tensor[0].numel()) ** 0.5
        elif name.endswith("weight"):
            # Of a normalisation. With more, the branches of fifty layers would add up to infinity.
            state[name] = torch.rand(tensor.shape, generator=generator) * 0.4 + 0.4
        else:
            state[name] = torch.randn(tensor.shape, generator=generator) * 0.1
    return state


@pytest.fixture(scope="module")
def states() -> dict[str, State]:
    with torch.device("meta"):
        resnet = KerasResNet()
    return {"inception": seeded(empty_network(), 1), "radimagenet-resnet50": seeded(resnet, 2)}


@pytest.fixture(scope="module")
def files(states, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("published")
    for name, state in states.items():
        torch.save(state, folder / name)
    return {name: folder / name for name in states}


@pytest.fixture
def put(tmp_path, monkeypatch) -> Callable[..., Path]:
    """Put a copy of a file into an empty data root, declared with its hash, or with that of another file."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "weights").mkdir()

    def place(name: str, file: Path, like: Path | None = None) -> Path:
        (declared,) = registry()._weights[name]
        path = tmp_path / "weights" / declared.file.file
        path.symlink_to(file)
        true = like or file
        known = replace(declared.file, sha256=sha256(true), size=true.stat().st_size)
        monkeypatch.setitem(registry()._weights, name, [replace(declared, file=known)])
        return path

    return place


@pytest.fixture
def data(put, files):
    """A data root with both files."""
    for name, file in files.items():
        put(name, file)


@pytest.mark.usefixtures("data")
class TestTheContract:
    test_extractors = staticmethod(check_extractors(*EXTRACTORS))
    test_metrics = staticmethod(check_metrics(("is", {"extractor": "inception", "splits": 2})))


class Code:
    """Unpickled, it makes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def spoiled(state: State, fault: str, layer: str, trace: Path) -> dict[str, object]:
    changed: dict[str, object] = dict(state)
    if fault == "missing":
        del changed[layer]
    elif fault == "extra":
        changed["head.weight"] = torch.zeros(3)
    elif fault == "transposed":
        changed[layer] = state[layer].transpose(0, 1).contiguous()
    elif fault == "code":
        changed[layer] = Code(trace)
    return changed


@pytest.mark.parametrize("name", EXTRACTORS)
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("missing", "1 of .* tensors are missing"),
        ("extra", "belong to no part of it .head.weight"),
        ("transposed", "as if transposed"),
        ("code", "could run code; it was not loaded"),
    ],
)
def test_weights_that_do_not_fit_give_no_features(put, states, tmp_path, name, fault, said):
    trace = tmp_path / "was run"
    torch.save(spoiled(states[name], fault, SEVERAL[name], trace), tmp_path / "spoiled")
    put(name, tmp_path / "spoiled")
    with pytest.raises(WeightsDamaged, match=said):
        EXTRACTORS[name]().extract(torch.rand(1, 3, 64, 64))
    assert not trace.exists()


@pytest.mark.parametrize("name", EXTRACTORS)
@pytest.mark.parametrize(("fault", "said"), [("truncated", "bytes. It was not read"), ("changed", "its sha256 is")])
def test_a_file_that_is_not_the_declared_one_is_not_read(put, files, tmp_path, name, fault, said):
    content = bytearray(files[name].read_bytes())
    if fault == "changed":
        content[len(content) // 2] ^= 1
    (tmp_path / "damaged").write_bytes(content[:-1000] if fault == "truncated" else content)
    put(name, tmp_path / "damaged", like=files[name])
    with pytest.raises(WeightsDamaged, match=said):
        EXTRACTORS[name]().extract(torch.rand(1, 3, 64, 64))
