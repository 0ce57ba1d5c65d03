"""Upscaling in tiles that overlap, when the whole image does not fit into memory."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from srbench.pictures import Scale, enlarged

if TYPE_CHECKING:
    import torch

    from srbench.contract.method import Method

PROBES = (48, 128)
"""Sides, in LR pixels, of the two tiles on which memory is measured."""
MARGIN = 0.8
"""The share of the memory that is planned for: libraries take some that no tensor shows."""
SMALLEST = 16
"""The least side of a tile, in LR pixels."""


@dataclass(frozen=True)
class Tiling:
    """How an LR image is divided: rows and columns of tiles of the same size, to one pixel.

    halo: LR pixels that a tile sees beyond its own on each side, where the image goes on. step: of what all sides of
    tiles and the image's are multiples: the denominator of the scale.
    """

    rows: int
    columns: int
    halo: int
    step: int = 1

    def spans(self, height: int, width: int) -> Iterator[tuple[Span, Span]]:
        """The rows and the columns of each tile of an image of this size."""
        for vertical in _spans(height, self.rows, self.halo, self.step):
            for horizontal in _spans(width, self.columns, self.halo, self.step):
                yield vertical, horizontal

    def seen(self, height: int, width: int) -> int:
        """LR pixels that all tiles of an image see together, those in the halos of several counted several times."""
        return sum(vertical.seen * horizontal.seen for vertical, horizontal in self.spans(height, width))


@dataclass(frozen=True)
class Span:
    """One tile along one axis: it makes `start` to `end`, and sees `first` to `last`."""

    start: int
    end: int
    first: int
    last: int

    @property
    def seen(self) -> int:
        """How many pixels it sees along the axis."""
        return self.last - self.first


def _spans(length: int, count: int, halo: int, step: int) -> Iterator[Span]:
    steps, halo = length // step, -(-halo // step) * step
    for index in range(count):
        start, end = (steps * place // count * step for place in (index, index + 1))
        yield Span(start, end, max(0, start - halo), min(length, end + halo))


def upscale_tiled(
    upscale: Callable[[torch.Tensor], torch.Tensor],
    lr: torch.Tensor,
    scale: Scale,
    tiling: Tiling,
    progress: Callable[[float], None] = lambda done: None,
) -> torch.Tensor:
    """SR of LR `(N, C, H, W)`, on the CPU, put together from tiles that `upscale` makes wherever LR lies.

    Equal to upscaling the whole, up to rounding, where the halo holds everything that can influence a tile. progress:
    told the share of the work that is done after each tile.
    """
    import torch

    batch, channels, height, width = lr.shape
    sr = torch.empty((batch, channels, enlarged(height, scale), enlarged(width, scale)))
    total, seen = tiling.seen(height, width), 0
    for rows, columns in tiling.spans(height, width):
        tile = upscale(lr[..., rows.first : rows.last, columns.first : columns.last])
        down, across = _in_sr(rows.start, rows.end, scale), _in_sr(columns.start, columns.end, scale)
        sr[..., down, across] = tile[
            ...,
            _in_sr(rows.start - rows.first, rows.end - rows.first, scale),
            _in_sr(columns.start - columns.first, columns.end - columns.first, scale),
        ]
        del tile  # before the next one is made
        seen += rows.seen * columns.seen
        progress(seen / total)
    return sr


def _in_sr(start: int, end: int, scale: Scale) -> slice:
    return slice(enlarged(start, scale), enlarged(end, scale))


def tiling_for(method: Method, lr: torch.Tensor, scale: Scale, memory_bytes: float) -> Tiling | None:
    """The tiling of LR `(N, C, H, W)` that wastes least on halos within `memory_bytes`; None when the whole fits.

    The limit is for LR, the tile at work and, on the CPU, the whole SR. A method without a halo is never tiled. Where
    even the smallest sensible tile does not fit, that is taken.
    """
    if method.halo is None:
        return None
    estimate = _estimate(method, lr, scale)
    batch, channels, height, width = lr.shape
    if estimate.at(height * width) <= MARGIN * (memory_bytes - lr.nbytes):
        return None
    sr_bytes = 4 * batch * channels * enlarged(height, scale) * enlarged(width, scale)
    whole_sr = sr_bytes if lr.device.type == "cpu" else 0
    affordable = estimate.pixels(MARGIN * (memory_bytes - lr.nbytes - whole_sr))
    # A halo wider than the tile would have nearly all work done for pixels that are thrown away.
    step = scale.denominator
    smallest = max(SMALLEST, method.halo, step)
    rows, columns = (max(1, side // smallest) for side in (height, width))
    candidates = [
        tiling
        for across in range(1, columns + 1)
        if (tiling := _fewest_rows(height, width, across, method.halo, affordable, step)) is not None
        and tiling.rows <= rows
    ]
    if not candidates:
        return Tiling(rows, columns, method.halo, step)
    return min(candidates, key=lambda tiling: (tiling.seen(height, width), tiling.rows * tiling.columns))


def _fewest_rows(height: int, width: int, columns: int, halo: int, affordable: float, step: int) -> Tiling | None:
    """The tiling with so many columns and as few rows as the memory allows; None when no number of rows will do."""
    widest = max(span.seen for span in _spans(width, columns, halo, step))
    tallest = int(affordable / widest)
    if tallest >= height:
        return Tiling(1, columns, halo, step)
    if tallest <= 2 * halo:
        return None
    return Tiling(math.ceil(height / (tallest - 2 * halo)), columns, halo, step)


@dataclass(frozen=True)
class _Estimate:
    """Bytes that upscaling takes as a function of the LR's pixels: a straight line. measured: up to so many pixels."""

    fixed: float
    a_pixel: float
    measured: int

    def at(self, pixels: int) -> float:
        return self.fixed + self.a_pixel * pixels

    def pixels(self, memory_bytes: float) -> float:
        return max(0.0, memory_bytes - self.fixed) / self.a_pixel


_estimates: dict[int, dict[tuple[Any, ...], _Estimate]] = {}
"""Measurements of methods, by identity, while they live: one is asked for with every image of a split."""


def _estimate(method: Method, lr: torch.Tensor, scale: Scale) -> _Estimate:
    """Measured on two tiles; a method that pads takes less for a large image than the line through them says."""
    if id(method) not in _estimates:
        weakref.finalize(method, _estimates.pop, id(method), None)
    known = _estimates.setdefault(id(method), {})
    key = (*lr.shape[:2], scale, lr.device)
    step = scale.denominator
    sides = [[min(max(step, side - side % step), length) for length in lr.shape[-2:]] for side in PROBES]
    fewer, more = (height * width for height, width in sides)
    if key not in known or known[key].measured < more:
        small, large = (_peak(method, lr[..., :height, :width], scale) for height, width in sides)
        # Of an image that is hardly larger than the smaller probe, the line would be drawn through noise.
        steep = (large - small) / (more - fewer) if more >= 2 * fewer else 0.0
        a_pixel = steep if steep > 0 else large / more
        known[key] = _Estimate(max(0.0, large - a_pixel * more), a_pixel, more)
    return known[key]


def _peak(method: Method, lr: torch.Tensor, scale: Scale) -> float:
    with as_written(method), PeakBytes() as peak:
        method.upscale(lr, scale)
    return peak.bytes


def as_written(method: Method) -> AbstractContextManager[object]:
    """A context in which networks run as they are written, where a method compiles them: counters see no others.

    Of other methods nothing is asked: torch's compiler takes seconds to import.
    """
    if not method.warms_up:
        return nullcontext()
    import torch

    stance: AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return stance


class PeakBytes:
    """How many bytes of tensors were alive at once inside a `with` block, on any device.

    A convolution on the CPU is taken to hold, while it runs, one more copy of the larger of its input and output: the
    library underneath brings them into its own order, unless they are in `channels_last` order already.
    """

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

        count, note, seen = self._count, self._note, weakref.WeakSet[Any]()

        class Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]
            def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                result = func(*args, **(kwargs or {}))
                for tensor in result if isinstance(result, (tuple, list)) else (result,):
                    if isinstance(tensor, torch.Tensor):
                        storage = tensor.untyped_storage()
                        if storage not in seen:
                            seen.add(storage)
                            count(storage)
                if "conv" in func.__name__ and _is_reordered(result):
                    note(max(tensor.nbytes for tensor in (args[0], result)))
                return result

        return Counting()  # type: ignore[no-untyped-call]

    def _count(self, storage: torch.UntypedStorage) -> None:
        size = storage.nbytes()
        self._alive += size
        self._note(0)
        weakref.finalize(storage, self._release, size)

    def _note(self, further: int) -> None:
        self.bytes = max(self.bytes, self._alive + further)

    def _release(self, size: int) -> None:
        self._alive -= size


def _is_reordered(result: torch.Tensor) -> bool:
    import torch

    if result.device.type != "cpu" or result.dim() != 4:
        return False
    return not result.is_contiguous(memory_format=torch.channels_last)
