"""How an RRDBNet upscales a picture of any size, how far it sees, and what lies between two of them."""

from __future__ import annotations

import torch
from torch.nn.functional import pad

CONVOLUTIONS_A_BLOCK = 15
"""Three dense blocks of five convolutions, one after the other."""


def reach(blocks: int) -> int:
    """How many pixels of features around an output pixel can influence it; exact. At x4 these are pixels of LR.

    One convolution before the blocks, those in the blocks, and the one behind them see a pixel each; the four after
    them see two together: 1 at twice the size and 3 at four times the size reach no farther than the second pixel on
    the nearer side.
    """
    return CONVOLUTIONS_A_BLOCK * blocks + 4


def enlarge(network: torch.nn.Module, lr: torch.Tensor, scale: int) -> torch.Tensor:
    """SR of LR `(N, C, H, W)`; where the network takes two pixels as one (x2), odd sides are continued by a pixel."""
    height, width = lr.shape[-2:]
    if scale == 2 and (height % 2 or width % 2):
        lr = pad(lr, [0, width % 2, 0, height % 2], mode="replicate")
    sr: torch.Tensor = network(lr)
    return sr[..., : height * scale, : width * scale]


def interpolate(start: torch.nn.Module, end: torch.nn.Module, alpha: float, into: torch.nn.Module) -> None:
    """Give `into` the weights (1 - alpha) * start + alpha * end (Wang et al. 2018, section 3.4)."""
    first, last = start.state_dict(), end.state_dict()
    into.load_state_dict({name: torch.lerp(value, last[name], alpha) for name, value in first.items()})
