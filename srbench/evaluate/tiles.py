"""Upscaling in tiles that overlap, when the whole image does not fit into memory."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from srbench.method import Method

PROBE = 48
"""Side, in LR pixels, of the tile on which memory is measured."""
MARGIN = 0.8
"""The share of the memory that a tile is cut for: peaks do not grow quite with the area."""


def upscale_tiled(method: Method, lr: torch.Tensor, scale: int, tile: int) -> torch.Tensor:
    """SR of `(N, C, H, W)` from tiles of `tile` LR pixels a side, each seen with the method's halo around it.

    Equal to upscaling the whole, up to rounding: the halo is everything that can influence the tile.
    """
    if method.halo is None:
        raise ValueError(f"{type(method).__name__} does not say how far its pixels see, so it cannot be tiled")
    batch, channels, height, width = lr.shape
    sr = lr.new_empty((batch, channels, height * scale, width * scale))
    for top, bottom in _spans(height, tile):
        for left, right in _spans(width, tile):
            above, before = max(0, top - method.halo), max(0, left - method.halo)
            seen = lr[..., above : bottom + method.halo, before : right + method.halo]
            out = method.upscale(seen, scale)
            sr[..., top * scale : bottom * scale, left * scale : right * scale] = out[
                ...,
                (top - above) * scale : (bottom - above) * scale,
                (left - before) * scale : (right - before) * scale,
            ]
    return sr


def _spans(length: int, tile: int) -> Iterator[tuple[int, int]]:
    for start in range(0, length, tile):
        yield start, min(start + tile, length)


def tile_for(method: Method, lr: torch.Tensor, scale: int, memory_bytes: float) -> int | None:
    """The largest tile whose upscaling stays within `memory_bytes`; None when the whole image does.

    Measured: the peak of a small tile, taken to grow with the area. A method without a halo is never tiled.
    """
    if method.halo is None:
        return None
    probe = lr[..., :PROBE, :PROBE]
    with PeakBytes() as peak:
        method.upscale(probe, scale)
    a_pixel = peak.bytes / (probe.shape[-2] * probe.shape[-1])
    affordable = MARGIN * memory_bytes / a_pixel
    if affordable >= lr.shape[-2] * lr.shape[-1]:
        return None
    return max(16, int(affordable**0.5) - 2 * method.halo)


class PeakBytes:
    """How many bytes of tensors were alive at once inside a `with` block, on any device."""

    def __init__(self) -> None:
        self.bytes = 0
        self._alive = 0
        self._mode = self._counting_mode()

    def __enter__(self) -> PeakBytes:
        self._mode.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._mode.__exit__(*error)

    def _counting_mode(self) -> Any:
        import torch
        from torch.utils._python_dispatch import TorchDispatchMode

        count, seen = self._count, weakref.WeakSet[Any]()

        class Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]
            def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                result = func(*args, **(kwargs or {}))
                for tensor in result if isinstance(result, (tuple, list)) else (result,):
                    if isinstance(tensor, torch.Tensor):
                        storage = tensor.untyped_storage()
                        if storage not in seen:
                            seen.add(storage)
                            count(storage)
                return result

        return Counting()  # type: ignore[no-untyped-call]

    def _count(self, storage: torch.UntypedStorage) -> None:
        size = storage.nbytes()
        self._alive += size
        self.bytes = max(self.bytes, self._alive)
        weakref.finalize(storage, self._release, size)

    def _release(self, size: int) -> None:
        self._alive -= size
