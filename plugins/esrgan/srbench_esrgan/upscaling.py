"""How an RRDBNet upscales a picture of any size, how far it sees, and what lies between two of them."""

from __future__ import annotations

import torch
from torch.nn.functional import pad

from .generator import FOLDS

CONVOLUTIONS_A_BLOCK = 15
"""Three dense blocks of five convolutions, one after the other."""


def reach(blocks: int, scale: int) -> int | None:
    """How many pixels of LR around an output pixel can influence it; exact.

    One convolution before the blocks, those in the blocks, and the one behind them see a pixel each; the ones after
    them see two together: at x4 1 at twice the size and 3 at four times the size reach no farther than the second pixel
    on the nearer side, and so it is at x8. At x3 they are 3 at three times the size, and see one. None where several
    pixels are taken as one (x1, x2): SR then depends on where a tile begins.
    """
    if scale in FOLDS:
        return None
    return CONVOLUTIONS_A_BLOCK * blocks + (3 if scale == 3 else 4)


def enlarge(network: torch.nn.Module, lr: torch.Tensor, scale: int) -> torch.Tensor:
    """SR of LR `(N, C, H, W)`; where the network takes several pixels as one, sides are continued to whole ones."""
    height, width = lr.shape[-2:]
    fold = FOLDS.get(scale, 1)
    if height % fold or width % fold:
        lr = pad(lr, [0, -width % fold, 0, -height % fold], mode="replicate")
    sr: torch.Tensor = network(lr)
    return sr[..., : height * scale, : width * scale]


def interpolate(start: torch.nn.Module, end: torch.nn.Module, alpha: float, into: torch.nn.Module) -> None:
    """Give `into` the weights (1 - alpha) * start + alpha * end (Wang et al. 2018, section 3.4)."""
    first, last = start.state_dict(), end.state_dict()
    into.load_state_dict({name: torch.lerp(value, last[name], alpha) for name, value in first.items()})
