"""How images lie in memory while training: channel by channel, or pixel by pixel (`channels_last`).

Pixel by pixel makes the convolutions of some networks faster by a half and those of others slower, depending on the
processor and the precision too; so both are tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

Format = Literal["contiguous", "channels_last"]
MemoryFormat = Literal["auto", "contiguous", "channels_last"]

GAIN = 1.05
"""`channels_last` is taken when it is at least this many times as fast."""
ROUNDS = 5
ENOUGH_SECONDS = 0.8
"""No further round begins after so long."""
SLOW_SECONDS = 1.0
"""A first step of this length is measured as it is: what it spends on warming up does not matter."""


def torch_format(name: Format) -> torch.memory_format:
    """The format as torch names it."""
    import torch

    return torch.channels_last if name == "channels_last" else torch.contiguous_format


def set_format(networks: Iterable[torch.nn.Module], name: Format) -> None:
    """Lay the weights of convolutions out in this format."""
    network: Any  # torch 2.13 says nothing of memory formats in its types
    for network in networks:
        network.to(memory_format=torch_format(name))


def faster(networks: Iterable[torch.nn.Module], trial: Callable[[Format], None], device: torch.device) -> Format:
    """The format in which `trial`, one forward and backward pass, takes less time.

    Leaves parameters and buffers as they were, down to their strides. A few passes, within a second unless one alone
    takes longer.
    """
    networks = list(networks)
    formats: tuple[Format, ...] = ("contiguous", "channels_last")
    kept = [[(key, tensor.data, tensor.detach().clone()) for key, tensor in _tensors(net)] for net in networks]
    best = dict.fromkeys(formats, float("inf"))
    began = time.perf_counter()
    for attempt in range(ROUNDS + 1):
        for name in formats:
            set_format(networks, name)
            seconds = _seconds(trial, name, device)
            if attempt > 0 or seconds > SLOW_SECONDS:
                best[name] = min(best[name], seconds)
        if time.perf_counter() - began > ENOUGH_SECONDS and all(seconds < float("inf") for seconds in best.values()):
            break
    for network, tensors in zip(networks, kept, strict=True):
        now = dict(_tensors(network))
        for key, data, copy in tensors:
            now[key].data = data
            data.copy_(copy)
    return "channels_last" if best["contiguous"] >= GAIN * best["channels_last"] else "contiguous"


def _tensors(network: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    return [*network.named_parameters(), *network.named_buffers()]


def _seconds(trial: Callable[[Format], None], name: Format, device: torch.device) -> float:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    trial(name)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began
