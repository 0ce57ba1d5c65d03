"""How far the pixels of an unknown network see, found out by experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    Network = Callable[[torch.Tensor], torch.Tensor]

FARTHEST = 64
"""LR pixels; tiles with a wider halo would waste more than they save."""
_BREADTH = 17
"""LR pixels across a strip; an odd number that is no multiple of the windows of any transformer."""
_TOLERANCE = 1e-5


def measured_halo(network: Network, channels: int, scale: int, device: str = "cpu") -> int | None:
    """How many LR pixels around an output pixel can influence it; None where that is unknown or beyond `FARTHEST`.

    One pixel of a strip is made NaN: what it reaches is NaN too, whatever the weights. That would be enough for
    convolutions; a network that looks at fixed windows, or pads to a multiple, treats equal pixels differently by
    where they stand. So a piece is cut out of a strip, at an odd place and with this halo, and compared.
    """
    import torch

    with torch.inference_mode():
        for side in (FARTHEST // 4, FARTHEST):
            reaches = [_reach(network, channels, scale, side, turned, device) for turned in (False, True)]
            known = [reach for reach in reaches if reach is not None]
            if len(known) == len(reaches):
                halo = max(known)
                same = all(_is_enough(network, channels, scale, halo, turned, device) for turned in (False, True))
                return halo if same else None
    return None


def _reach(network: Network, channels: int, scale: int, farthest: int, turned: bool, device: str) -> int | None:
    """How far a NaN comes along a strip; None when it comes to the strip's end."""
    import torch

    centre = farthest + 1
    strip = torch.full((1, channels, _BREADTH, 2 * centre + 1), 0.5, device=device)
    strip[..., _BREADTH // 2, centre] = torch.nan
    spoilt = _along(network, strip, turned).isnan().any(dim=1).any(dim=1)[0].nonzero()
    if not len(spoilt):
        return None  # the network mends NaN, so nothing is known
    first, last = int(spoilt.min()) // scale, int(spoilt.max()) // scale
    reach = max(centre - first, last - centre)
    return reach if reach <= farthest else None


def _is_enough(network: Network, channels: int, scale: int, halo: int, turned: bool, device: str) -> bool:
    import torch

    length, start, tile = 2 * halo + 37, halo + 7, 11
    generator = torch.Generator().manual_seed(0)
    strip = torch.rand((1, channels, _BREADTH, length), generator=generator).to(device)
    whole = _along(network, strip, turned)[..., start * scale : (start + tile) * scale]
    cut = _along(network, strip[..., start - halo : start + tile + halo], turned)
    cut = cut[..., halo * scale : (halo + tile) * scale]
    return bool((whole - cut).abs().max() <= _TOLERANCE)


def _along(network: Network, strip: torch.Tensor, turned: bool) -> torch.Tensor:
    return network(strip.mT).mT if turned else network(strip)
