"""Trying memory formats changes nothing, and takes the faster one."""

from __future__ import annotations

import pytest
import torch

from srbench.training.speed import memory_format
from srbench.training.speed.memory_format import GAIN, Format, faster, set_format, torch_format


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


@pytest.mark.parametrize("before", ["contiguous", "channels_last"])
def test_a_trial_leaves_no_trace_in_values_strides_or_the_parameters_themselves(before: Format) -> None:
    net = network()
    set_format([net], before)
    parameters = list(net.parameters())
    state = {name: (value.clone(), value.stride()) for name, value in net.state_dict().items()}

    def trial(name: Format) -> None:
        net(torch.ones(2, 3, 8, 8)).sum().backward()  # moves batch statistics
        with torch.no_grad():
            for weight in net.parameters():
                weight += 1

    faster([net], trial, torch.device("cpu"))
    assert all(now is then for now, then in zip(net.parameters(), parameters, strict=True))
    for name, value in net.state_dict().items():
        assert torch.equal(value, state[name][0]) and value.stride() == state[name][1]


@pytest.mark.parametrize(
    ("gain", "chosen"), [(GAIN * 1.01, "channels_last"), (GAIN * 0.99, "contiguous"), (0.5, "contiguous")]
)
def test_channels_last_is_taken_when_it_is_faster_by_enough(
    monkeypatch: pytest.MonkeyPatch, gain: float, chosen: str
) -> None:
    clock = [0.0]
    monkeypatch.setattr(memory_format.time, "perf_counter", lambda: clock[0])
    tried: list[str] = []

    def trial(name: Format) -> None:
        # The first pass of each warms up, and does not count.
        clock[0] += 0.9 if name not in tried else 0.01 if name == "channels_last" else 0.01 * gain
        tried.append(name)

    assert faster([network()], trial, torch.device("cpu")) == chosen
    assert tried.count("contiguous") == tried.count("channels_last")
