"""Weights are read without running anything, put where they fit, told, and refused where they do not."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from srbench.training.start import DoesNotFit, Fit, read_start, start_from
from srbench.weights import WeightsDamaged


def network(channels: int = 3, scale: int = 2, width: int = 6) -> nn.ModuleDict:
    return nn.ModuleDict(
        {
            "head": nn.Conv2d(channels, width, 3),
            "body": nn.Sequential(nn.Conv2d(width, width, 3), nn.BatchNorm2d(width), nn.Conv2d(width, width, 3)),
            "upsampler": nn.Sequential(nn.Conv2d(width, width * scale**2, 1), nn.PixelShuffle(scale)),
            "tail": nn.Conv2d(width, channels, 3),
        }
    )


def started(own: nn.Module, given: nn.Module, other: nn.Module | None = None) -> Fit:
    (fit,) = start_from({"net": own}, {"": given.state_dict()}, "x", lambda: other and {"net": other})
    return fit


def state(module: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in module.state_dict().items()}


def test_all_of_it_fits_a_network_of_its_shape_buffers_included() -> None:
    own, given = network(), network()
    given["body"][1].running_mean.fill_(7)
    assert str(started(own, given)) == "all 12 tensors of net"
    assert all(value.equal(given.state_dict()[key]) for key, value in own.state_dict().items())


def test_at_another_scale_all_but_the_upsampler_is_taken() -> None:
    own, given = network(scale=3), network(scale=2)
    before = state(own)
    fit = started(own, given)
    assert (fit.fitted, fit.total, fit.anew, fit.converted) == (10, 12, ("upsampler",), None)
    assert str(fit) == "10 of 12 tensors of net; upsampler begins anew"
    for key, value in own.state_dict().items():
        wanted = before if key.startswith("upsampler") else given.state_dict()
        assert value.equal(wanted[key])


@pytest.mark.parametrize(("now", "before", "words"), [(1, 3, "for grey, of weights for colour"), (3, 1, "for colour")])
def test_weights_for_other_channels_are_converted_and_that_is_told(now: int, before: int, words: str) -> None:
    own = network(now)
    fit = started(own, network(before), network(before))
    assert (fit.fitted, fit.total) == (12, 12) and words in str(fit)
    assert started(network(now), network(before), None).anew == ("head", "tail"), "where the other cannot be made"


def test_a_part_of_which_something_fits_is_named_layer_by_layer() -> None:
    given = network()
    held = state(given)
    del held["body.0.weight"], held["tail.weight"]
    (fit,) = start_from({"net": network()}, {"": held}, "x", lambda: None)
    assert fit.anew == ("body.0", "tail")


def test_what_does_not_fit_is_refused_in_words_and_nothing_changed() -> None:
    own = network(width=8)
    before = state(own)
    with pytest.raises(DoesNotFit, match=r"the weights of x do not fit: \d of 12 tensors of net .* have another shape"):
        started(own, network(width=6))
    with pytest.raises(DoesNotFit, match=r"0 of 12 tensors .*; 2 belong to no part of it \(weight, bias\)"):
        started(own, nn.Linear(2, 2))
    assert all(value.equal(before[key]) for key, value in own.state_dict().items())


def test_values_that_are_not_finite_are_refused() -> None:
    given = network()
    given["head"].bias.data[0] = float("nan")
    with pytest.raises(WeightsDamaged, match=r"x: 1 tensors hold values that are not finite \(head.bias\)"):
        started(network(), given)


def test_networks_are_found_by_name_and_a_single_one_goes_wherever_it_fits() -> None:
    given = network()
    both = {"generator": network(), "pixel": network()}
    fits = start_from(both, {"generator": given.state_dict()}, "x", lambda: None)
    assert [fit.fitted for fit in fits] == [12, 12], "a file of one network"
    both = {"generator": network(), "pixel": network()}
    held = {"pixel": given.state_dict(), "other": network(width=9).state_dict()}
    fits = start_from(both, held, "x", lambda: None)
    assert [str(fit) for fit in fits] == ["generator begins anew", "all 12 tensors of pixel"]
    with pytest.raises(DoesNotFit, match="there are networks called a, b"):
        start_from({"net": network()}, {"a": {}, "b": {}}, "x", lambda: None)


@pytest.mark.parametrize("wrapper", ["params_ema", "params", "state_dict", None])
@pytest.mark.parametrize("prefix", ["module.", ""])
def test_checkpoints_of_the_usual_layouts_are_read(tmp_path: Path, wrapper: str | None, prefix: str) -> None:
    tensors = {f"{prefix}head.weight": torch.ones(2), f"{prefix}tail.bias": torch.zeros(1)}
    held: Any = {wrapper: tensors, "iteration": 3} if wrapper else tensors
    if wrapper == "params_ema":
        held["params"] = {"head.weight": torch.zeros(2)}
    torch.save(held, tmp_path / "one.pth")
    (read,) = read_start(tmp_path / "one.pth").values()
    assert read.keys() == {"head.weight", "tail.bias"} and bool(read["head.weight"].all())


def test_a_model_of_srbench_is_read_by_its_networks(tmp_path: Path) -> None:
    save_file({"a/x": torch.ones(1), "b/x": torch.zeros(1), "b/y/z": torch.ones(2)}, tmp_path / "w.safetensors")
    read = read_start(tmp_path / "w.safetensors")
    assert {name: sorted(tensors) for name, tensors in read.items()} == {"a": ["x"], "b": ["x", "y/z"]}


class Harmful:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("harm-was-done"),))


def test_nothing_in_a_file_is_run_and_what_is_no_weights_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code.pth").write_bytes(pickle.dumps({"a": Harmful()}, protocol=2))
    torch.save({"a": 3}, tmp_path / "number.pth")
    torch.save({}, tmp_path / "empty.pth")
    (tmp_path / "text.pth").write_text("no weights")
    for name, words in {
        "gone.pth": "there is no file of weights",
        "code.pth": "could run code",
        "number.pth": "holds int under 'a'",
        "empty.pth": "holds no tensors by name",
        "text.pth": "text.pth",
    }.items():
        with pytest.raises(WeightsDamaged, match=words):
            read_start(tmp_path / name)
    assert not (tmp_path / "harm-was-done").exists()
