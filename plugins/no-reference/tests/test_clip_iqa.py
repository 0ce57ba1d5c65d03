"""CLIP-IQA against piq's class on the same seeded network, and archives that are read without running them."""

import importlib
import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
from srbench_no_reference import clip_iqa
from srbench_no_reference.clip_iqa import PROMPTS, SHORT_SIDE, ClipIqa
from srbench_no_reference.torchscript import tensors_of

import srbench
from srbench.testing import check_metrics
from srbench.weights import WeightsDamaged, import_torchvision

import_torchvision()
from piq.feature_extractors import clip as piq_clip  # noqa: E402

test_keeps_the_contract = pytest.mark.usefixtures("made_once")(check_metrics("clip-iqa"))


@pytest.fixture
def made_once(network: torch.nn.Module, put, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network as it is in memory, in place of a file that would be read for every image."""
    put("clip-rn50", b"network")
    monkeypatch.setattr(clip_iqa, "tensors_of", lambda path: {})
    monkeypatch.setattr(clip_iqa, "clip", lambda state, name: network)


class Attributes(torch.nn.Module):
    """A module with parameters and buffers inside others, to be archived whatever it computes."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        for name, child in network.named_children():
            setattr(self, name, Attributes(child))
        for name, tensor in [*network.named_parameters(recurse=False), *network.named_buffers(recurse=False)]:
            self.register_buffer(name, tensor.detach())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    """CLIP with a ResNet-50 of seeded weights, at the precision of OpenAI's."""
    torch.manual_seed(0)
    made = piq_clip.CLIP(1024, 224, (3, 4, 6, 3), 64, 32, 77, 49408, 512, 8, 12)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1)
    return made.half().float().eval()


@pytest.fixture(scope="module")
def archive(network: torch.nn.Module) -> bytes:
    """The network as OpenAI publishes it: a TorchScript archive in half precision, with three numbers more."""
    attributes = Attributes(network).half()
    for name, number in (("input_resolution", 224), ("context_length", 77), ("vocab_size", 49408)):
        attributes.register_buffer(name, torch.tensor(number))
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(attributes), file)
    return file.getvalue()


@pytest.fixture
def reference(network: torch.nn.Module, archive: bytes, put, monkeypatch: pytest.MonkeyPatch):
    """piq's metric on the network, whose archive is the weights."""
    put("clip-rn50", archive)
    module = importlib.import_module("piq.clip_iqa")
    tokens = torch.zeros(2, 77, dtype=torch.long)
    tokens[:, :5] = torch.tensor(PROMPTS)
    monkeypatch.setattr(module.clip, "load", lambda: network)
    monkeypatch.setattr(module, "download_tensor", lambda *_: tokens)
    return module.CLIPIQA()


def test_it_is_piq_s_number(picture, reference):
    metric = ClipIqa()
    for height, width, channels, depth in (
        (64, 64, 3, np.uint8), (75, 61, 3, np.uint16), (64, 97, 1, np.uint8), (SHORT_SIDE, 41, 1, np.uint16)
    ):  # fmt: skip
        sr = picture(height, width, channels, depth)
        expected = float(reference(sr.float().expand(3, -1, -1)[None]))
        assert metric.judge(sr) == pytest.approx(expected, abs=1e-4)


def test_small_images_are_skipped_and_without_weights_the_command_is_told(picture, put):
    skip = ClipIqa().judge(picture(SHORT_SIDE - 1, 50, 3))
    assert isinstance(skip, srbench.Skip) and f"{SHORT_SIDE} pixels" in skip.reason
    skip = ClipIqa().judge(picture(SHORT_SIDE, 50, 3))
    assert isinstance(skip, srbench.Skip) and "`srbench fetch clip-rn50`" in skip.reason


class Nested(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
        self.register_buffer("turned", torch.arange(12.0).view(3, 4).t())
        self.scale = torch.nn.Parameter(torch.tensor(0.5).half())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layers(image) * self.scale.float()


def test_an_archive_gives_the_tensors_that_were_saved(tmp_path):
    module = Nested()
    torch.jit.save(torch.jit.script(module), tmp_path / "archive.pt")
    found, expected = tensors_of(tmp_path / "archive.pt"), module.state_dict()
    assert found.keys() == expected.keys()
    assert all(tensor.dtype == found[name].dtype and tensor.equal(found[name]) for name, tensor in expected.items())


class Harm:
    def __reduce__(self):
        return (print, ("harm",))


@pytest.mark.parametrize("content", [b"no archive", Harm()])
def test_an_archive_with_anything_else_is_refused_and_nothing_in_it_runs(tmp_path, content, capsys):
    path = tmp_path / "archive.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("archive/data.pkl", pickle.dumps(content))
    with pytest.raises(WeightsDamaged, match="cannot be read as a TorchScript archive"):
        tensors_of(path)
    assert capsys.readouterr().out == ""
