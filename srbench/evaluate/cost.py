"""What a method costs, apart from any test set: multiply-adds of one output size, latency of one LR size."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from srbench.contract.method import Method
from srbench.devices.kinds import kind_of
from srbench.evaluate.tiles import as_written, tiling_for, upscale_tiled
from srbench.pictures import Scale, enlarged

if TYPE_CHECKING:
    import torch

OUTPUT = (720, 1280)
"""Height and width of the SR for which multiply-adds are given, as the literature does."""
SMALL = 64
"""Side of the LR on which multiply-adds are counted for a method that cannot be run without computing."""
LATENCY_SIDE = 128
"""Height and width of the LR whose latency is measured, where a test image is as large."""
LATENCY_REPEATS = 20
LATENCY_SECONDS = 0.25
"""Repeats end when this time is spent. With the warm-up a fast method takes less than half a second in all."""


@dataclass(frozen=True)
class MultiplyAdds:
    """value: for an output of 1280 x 720. counted_pixels: the SR pixels of the image on which they were counted."""

    value: float
    counted_pixels: int

    def cost(self) -> dict[str, float | None]:
        """The cost as a record has it: `macs`, and `macs_scaled_from_pixels` where a smaller image was counted."""
        scaled = self.counted_pixels < OUTPUT[0] * OUTPUT[1]
        return {"macs": self.value, **({"macs_scaled_from_pixels": self.counted_pixels} if scaled else {})}


@dataclass(frozen=True)
class Latency:
    """Milliseconds from LR to SR of one image, on the device: quartiles over repeats. height, width: of the LR."""

    median: float
    first_quartile: float
    third_quartile: float
    repeats: int
    height: int
    width: int

    def cost(self) -> dict[str, float | None]:
        """The cost as a record has it."""
        return {
            "latency_ms": round(self.median, 4),
            "latency_ms_q1": round(self.first_quartile, 4),
            "latency_ms_q3": round(self.third_quartile, 4),
            "latency_repeats": self.repeats,
            "latency_lr_height": self.height,
            "latency_lr_width": self.width,
        }


def count_multiply_adds(
    make: Callable[[], Method], channels: int, scale: Scale, seconds: float = 10
) -> MultiplyAdds | None:
    """Multiply-adds of convolutions, matrix products and attention for an SR of 1280 x 720; None where there are none.

    make: a method that is ready to upscale, on the CPU, anew at each call. channels: of the LR. The method is run on
    torch's `meta` device, which knows shapes and computes nothing. One that cannot be is run on an LR of 64 x 64
    on the CPU (at a fraction, of the next larger sides that will do), and the count scaled by the area. A scale that
    does not divide 1280 and 720 takes the next larger LR, scaled likewise. None, too, when a count fails or takes more
    than `seconds`; the log says why.
    """
    method = make()
    if not method.parameters_count():
        # Nothing would be counted, and torch's counter takes seconds to import where no optimiser has done so.
        return None
    height, width = (-(-side // scale.numerator) * scale.denominator for side in OUTPUT)
    small = SMALL + -SMALL % scale.denominator
    for device, size in (("meta", (height, width)), ("cpu", (small, small))):
        try:
            # The weights do not come back from the meta device.
            again = method if device == "meta" else make()
            counted = _counted(again, device, (1, channels, *size), scale, seconds)
        except _TooLong:
            print(f"multiply-adds: not counted within {seconds:.0f} s", file=sys.stderr)
            return None
        except Exception as error:  # what a plugin's method does there is not the cell's business
            print(f"multiply-adds: not counted on {device}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        pixels = enlarged(size[0], scale) * enlarged(size[1], scale)
        return MultiplyAdds(counted * OUTPUT[0] * OUTPUT[1] / pixels, pixels) if counted else None
    return None


def _counted(method: Method, device: str, shape: tuple[int, ...], scale: Scale, seconds: float) -> int:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    method.to(device)
    lr = torch.zeros(shape, device=device)
    counter = FlopCounterMode(display=False)
    # Torch's own, which tells counts by module, fails where a learned tensor is handed to a module without gradients.
    counter.mod_tracker = cast("Any", _OneModule())
    # The fused forms of attention that torch has for inference are not counted; the plain ones are, and do the same.
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with as_written(method), torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter, _deadline(seconds):
            method.upscale(lr, scale)
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    return int(counter.get_total_flops()) // 2


class _OneModule:
    """All is counted as of one module."""

    parents: ClassVar = ("Global",)

    def __enter__(self) -> None:
        """Begin, with nothing to track."""

    def __exit__(self, *_: object) -> None:
        """End, with nothing to undo."""


class _TooLong(Exception):
    """Counting took more time than it is worth."""


def _deadline(seconds: float) -> Any:
    """A context in which any torch operation after so many seconds raises `_TooLong`."""
    from torch.utils._python_dispatch import TorchDispatchMode

    end = time.monotonic() + seconds

    class Deadline(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if time.monotonic() > end:
                raise _TooLong
            return func(*args, **(kwargs or {}))

    return Deadline()  # type: ignore[no-untyped-call]


def measure_latency(
    method: Method, lr: torch.Tensor, scale: Scale, memory_bytes: float | None = None
) -> Latency | None:
    """How long one image takes, alone, from LR `(C, H, W)` on the method's device to SR there.

    The first call is a warm-up, unless it alone takes more than `LATENCY_SECONDS`: then it is the measurement. A method
    that `warms_up` has one more before it.
    memory_bytes: above it, upscaling goes in tiles, as that of the test set does. None when the method raises.
    """
    import torch

    batch = lr[None].to(method.device)
    try:
        with torch.inference_mode():
            tiling = None if memory_bytes is None else tiling_for(method, batch, scale, memory_bytes)

            def once() -> float:
                started = time.perf_counter()
                if tiling is None:
                    method.upscale(batch, scale)
                else:
                    upscale_tiled(lambda seen: method.upscale(seen, scale), batch, scale, tiling)
                kind_of(method.device).synchronise(method.device)
                return time.perf_counter() - started

            if method.warms_up:
                once()
            times = _repeated(once)
    except Exception as error:  # it has upscaled the test set; a size that it refuses does not fail the cell
        print(f"latency: not measured: {type(error).__name__}: {error}", file=sys.stderr)
        return None
    milliseconds = [1000 * seconds for seconds in times]
    quartiles = statistics.quantiles(milliseconds, n=4, method="inclusive") if len(times) > 1 else milliseconds * 3
    return Latency(quartiles[1], quartiles[0], quartiles[2], len(times), lr.shape[-2], lr.shape[-1])


def _repeated(once: Callable[[], float]) -> list[float]:
    first = once()
    if first > LATENCY_SECONDS:
        return [first]
    times: list[float] = []
    while len(times) < LATENCY_REPEATS and sum(times) < LATENCY_SECONDS:
        times.append(once())
    return times
