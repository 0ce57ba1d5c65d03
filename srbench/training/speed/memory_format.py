"""How images lie in memory while training: channel by channel, or pixel by pixel (`channels_last`).

Pixel by pixel makes the convolutions of some networks faster by a half and those of others slower. The last bits of
their results differ, so the format belongs to a method's code, and nothing that is measured decides it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

Format = Literal["contiguous", "channels_last"]


def torch_format(name: Format) -> torch.memory_format:
    """The format as torch names it."""
    import torch

    return torch.channels_last if name == "channels_last" else torch.contiguous_format


def set_format(networks: Iterable[torch.nn.Module], name: Format) -> None:
    """Lay the weights of convolutions out in this format."""
    network: Any  # torch 2.13 says nothing of memory formats in its types
    for network in networks:
        network.to(memory_format=torch_format(name))
