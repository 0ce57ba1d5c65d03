"""Released checkpoints in three layouts. The older two networks are written here, as those programs have them."""

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from srbench_esrgan.generator import RRDBNet
from srbench_esrgan.released import today
from torch import nn
from torch.nn.functional import interpolate, leaky_relu

from srbench.training.start import DoesNotFit, Fit, read_start, start_from
from srbench.weights.lookup import WeightsDamaged

FEATURES, GROWTH, BLOCKS = 6, 4, 2


def load_released(network: nn.Module, path: Path) -> Fit:
    """Start from a checkpoint as `rrdb` does."""
    held = {name: today(tensors) for name, tensors in read_start(path).items()}
    (fit,) = start_from({"generator": network}, held, path.name, lambda: None)
    return fit


def conv(inside: int, outside: int) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, 3, padding=1)


class Dense(nn.Module):
    """One dense block; `wrapped`: each convolution is the first of a sequence."""

    def __init__(self, wrapped: bool) -> None:
        super().__init__()
        self.wrapped = wrapped
        for k in range(1, 6):
            layer = conv(FEATURES + (k - 1) * GROWTH, GROWTH if k < 5 else FEATURES)
            if wrapped:
                layer = nn.Sequential(layer, nn.LeakyReLU(0.2)) if k < 5 else nn.Sequential(layer)
            self.add_module(f"conv{k}", layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = [x]
        for k in range(1, 5):
            y = self.get_submodule(f"conv{k}")(torch.cat(seen, 1))
            seen.append(y if self.wrapped else leaky_relu(y, 0.2))
        return 0.2 * self.get_submodule("conv5")(torch.cat(seen, 1)) + x


class Block(nn.Module):
    def __init__(self, wrapped: bool) -> None:
        super().__init__()
        self.RDB1, self.RDB2, self.RDB3 = (Dense(wrapped) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 0.2 * self.RDB3(self.RDB2(self.RDB1(x))) + x


class Shortcut(nn.Module):
    def __init__(self, sub: nn.Module) -> None:
        super().__init__()
        self.sub = sub

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.sub(x)


class FirstRelease(nn.Module):
    """One long sequence."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        blocks = [Block(wrapped=True) for _ in range(BLOCKS)]
        self.model = nn.Sequential(
            conv(channels, FEATURES),
            Shortcut(nn.Sequential(*blocks, conv(FEATURES, FEATURES))),
            nn.Upsample(scale_factor=2, mode="nearest"),
            conv(FEATURES, FEATURES),
            nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2, mode="nearest"),
            conv(FEATURES, FEATURES),
            nn.LeakyReLU(0.2),
            conv(FEATURES, FEATURES),
            nn.LeakyReLU(0.2),
            conv(FEATURES, channels),
        )

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        return self.model(lr)


class SecondRelease(nn.Module):
    """Named layers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_first = conv(channels, FEATURES)
        self.RRDB_trunk = nn.Sequential(*(Block(wrapped=False) for _ in range(BLOCKS)))
        self.trunk_conv, self.upconv1, self.upconv2, self.HRconv = (conv(FEATURES, FEATURES) for _ in range(4))
        self.conv_last = conv(FEATURES, channels)

    def forward(self, lr: torch.Tensor) -> torch.Tensor:
        x = self.conv_first(lr)
        x = x + self.trunk_conv(self.RRDB_trunk(x))
        for layer in (self.upconv1, self.upconv2):
            x = leaky_relu(layer(interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(leaky_relu(self.HRconv(x), 0.2))


def ours(channels: int = 3, scale: int = 4) -> nn.Module:
    return RRDBNet(channels, scale, BLOCKS, FEATURES, GROWTH)


def of_basicsr(channels: int) -> nn.Module:
    return ours(channels)


def as_pickle(state: dict[str, torch.Tensor], path: Path) -> None:
    torch.save(OrderedDict(state), path)


def as_old_pickle(state: dict[str, torch.Tensor], path: Path) -> None:
    torch.save(OrderedDict(state), path, _use_new_zipfile_serialization=False)


def as_safetensors(state: dict[str, torch.Tensor], path: Path) -> None:
    save_file(state, path)


def wrapped(state: dict[str, torch.Tensor], path: Path) -> None:
    torch.save({"params": OrderedDict(state)}, path)


def wrapped_twice(state: dict[str, torch.Tensor], path: Path) -> None:
    torch.save({"params": {name: value + 1 for name, value in state.items()}, "params_ema": state}, path)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layout", [FirstRelease, SecondRelease, of_basicsr])
@pytest.mark.parametrize(
    ("write", "suffix"),
    [
        (as_pickle, ".pth"),
        (as_old_pickle, ".pth"),
        (as_safetensors, ".safetensors"),
        (wrapped, ".pth"),
        (wrapped_twice, ".pth"),
    ],
)
def test_a_checkpoint_of_any_layout_gives_the_sr_of_the_network_it_was_made_with(
    layout: Callable[[int], nn.Module],
    write: Callable[[dict[str, torch.Tensor], Path], None],
    suffix: str,
    channels: int,
    tmp_path: Path,
) -> None:
    torch.manual_seed(7)
    source = layout(channels)
    path = tmp_path / f"released{suffix}"
    write(source.state_dict(), path)
    network = ours(channels)
    load_released(network, path)
    lr = torch.rand(2, channels, 7, 5)
    with torch.no_grad():
        torch.testing.assert_close(network(lr), source(lr), atol=1e-6, rtol=1e-5)


class Hostile:
    """What runs when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("way", ["torch", "old torch", "pickle", "beside the weights"])
def test_a_checkpoint_that_holds_code_is_refused_and_the_code_not_run(way: str, tmp_path: Path) -> None:
    mark, path = tmp_path / "it-ran", tmp_path / "hostile.pth"
    if way == "pickle":
        path.write_bytes(pickle.dumps(Hostile(mark)))
    elif way == "beside the weights":
        torch.save({"params": ours().state_dict(), "note": Hostile(mark)}, path)
    else:
        torch.save(Hostile(mark), path, _use_new_zipfile_serialization=way == "torch")
    network = ours()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(WeightsDamaged, match=r"hostile\.pth holds pickled objects.*not loaded.*safetensors"):
        load_released(network, path)
    assert not mark.exists()
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())


def changed(state: dict[str, torch.Tensor], fault: str) -> object:
    name = "model.1.sub.1.RDB2.conv3.0.weight"
    match fault:
        case "missing":
            del state[name]
        case "extra":
            state["model.12.weight"] = torch.zeros(3)
        case "shape":
            state[name] = state[name][:-1]
        case "another block":
            state["model.1.sub.2.RDB1.conv1.0.bias"] = torch.zeros(GROWTH)
        case "two layouts":
            state["upconv1.bias"] = state["model.3.bias"]
        case "not a tensor":
            state[name] = "weights"  # type: ignore[assignment]
        case "no names":
            return list(state.values())
        case "nothing":
            return {}
    return state


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("two layouts", "holds some weights twice"),
        ("not a tensor", "holds str under"),
        ("no names", "holds no tensors by name"),
        ("nothing", "holds no tensors by name"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(fault: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.pth"
    torch.save(changed(dict(FirstRelease(3).state_dict()), fault), path)
    with pytest.raises(WeightsDamaged, match=message):
        load_released(ours(), path)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("missing", "body.1.rdb2.conv3 begins anew"),
        ("extra", "1 more in the file belong to no part of it"),
        ("shape", "body.1.rdb2.conv3 begins anew"),
        ("another block", "1 more in the file belong to no part of it"),
    ],
)
def test_what_of_a_checkpoint_does_not_fit_is_told(fault: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.pth"
    torch.save(changed(dict(FirstRelease(3).state_dict()), fault), path)
    assert words in str(load_released(ours(), path))


def test_a_network_of_another_scale_takes_all_but_what_hangs_on_it_and_one_of_another_width_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x4.pth"
    torch.save(FirstRelease(3).state_dict(), path)
    assert load_released(ours(scale=2), path).anew == ("conv_first",), "which takes four pixels as one"
    with pytest.raises(DoesNotFit, match=r"the weights of x4\.pth do not fit"):
        load_released(RRDBNet(3, 4, BLOCKS, 8, GROWTH), path)


@pytest.mark.parametrize("keep", [0, 10, 2000])
def test_a_truncated_or_missing_file_is_named(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "cut.pth"
    torch.save(FirstRelease(3).state_dict(), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(WeightsDamaged, match=r"cut\.pth"):
        load_released(ours(), path)
    with pytest.raises(WeightsDamaged, match=r"there is no file .*absent\.pth"):
        load_released(ours(), tmp_path / "absent.pth")
