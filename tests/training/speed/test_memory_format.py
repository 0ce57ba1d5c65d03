"""Memory formats lay weights out as torch names them, and change no value."""

from __future__ import annotations

import torch

from srbench.training.speed.memory_format import set_format, torch_format


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))


def test_formats_are_torch_s() -> None:
    assert torch_format("contiguous") is torch.contiguous_format
    assert torch_format("channels_last") is torch.channels_last


def test_weights_are_laid_out_without_a_change_of_value() -> None:
    net = network()
    weight = net[0].weight  # type: ignore[index]
    before = weight.detach().clone()
    set_format([net], "channels_last")
    assert net[0].weight.is_contiguous(memory_format=torch.channels_last)  # type: ignore[index, union-attr]
    assert torch.equal(net[0].weight, before)  # type: ignore[index]
    set_format([net], "contiguous")
    assert net[0].weight.is_contiguous()  # type: ignore[index, union-attr]
