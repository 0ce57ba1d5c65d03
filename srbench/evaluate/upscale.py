"""LR in, SR on disk: the only step that runs a method."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.contract.dataset import Item
from srbench.contract.method import Method
from srbench.contract.protocol import Protocol
from srbench.evaluate.cost import LATENCY_SIDE
from srbench.evaluate.output import checked
from srbench.evaluate.tiles import tiling_for, upscale_tiled
from srbench.pictures import suffix_for, to_image, to_tensor, write_image

if TYPE_CHECKING:
    import torch


OVERSHOOT = 0.1
"""How far SR may lie outside black and white, with white at 1, and not count as clamped: interpolation overshoots at
edges. Of bicubic and lanczos less than one value in 100,000 lies farther outside on Set5 and on the built-in sets."""


@dataclass
class Upscaled:
    """What upscaling a split left: file names by image id, where the LR came from, and the time it took.

    times: of each image, the seconds it took and the megapixels of its SR. values: of all SR; clamped: how many of them
    lie farther outside black and white than `OVERSHOOT`. sample: the corner of the largest LR on
    which latency is measured, `(C, h, w)`; None before the first image.
    """

    images: dict[str, str] = field(default_factory=dict)
    shipped: int = 0
    times: list[tuple[float, float]] = field(default_factory=list)
    values: int = 0
    clamped: int = 0
    sample: torch.Tensor | None = None

    @property
    def clamped_share(self) -> float:
        """The share of values that were clamped, in [0, 1]."""
        return self.clamped / self.values if self.values else 0.0

    @property
    def seconds(self) -> float:
        """The method's time for all images."""
        return sum(seconds for seconds, _ in self.times)

    @property
    def ms_per_megapixel(self) -> float:
        """The median over images: one image that had to wait for the machine does not change it."""
        return 1000 * statistics.median(seconds / megapixels for seconds, megapixels in self.times)

    @property
    def lr(self) -> str:
        """`made`, `shipped`, or `mixed`."""
        return "made" if self.shipped == 0 else "shipped" if self.shipped == len(self.images) else "mixed"


def upscale_split(
    method: Method,
    items: Iterable[Item],
    protocol: Protocol,
    folder: Path,
    *,
    seed: int | None = None,
    memory_bytes: float | None = None,
    progress: Callable[[str], None] = lambda image: None,
) -> Upscaled:
    """Upscale every image and write it into `folder`, losslessly and in its native depth.

    seed: for methods that sample; each image starts from it, so that the order of images changes nothing.
    memory_bytes: above it, images are upscaled in tiles. The seconds are the method's alone.
    """
    import torch

    done = Upscaled()
    for item in items:
        hr, native = item.read_hr()
        shipped = protocol.shipped_lr(item)
        reference, values = protocol.reference(hr, native)
        lr = to_tensor(protocol.lr(hr, native, item.id, shipped), values)
        if not done.images:
            _warm_up(method, lr, protocol.scale, memory_bytes)
        if seed is not None:
            torch.manual_seed(seed)
        started = time.perf_counter()
        sr = upscale_image(method, lr, protocol.scale, memory_bytes)
        done.times.append((time.perf_counter() - started, sr.shape[-2] * sr.shape[-1] / 1e6))
        done.shipped += shipped is not None
        done.values += sr.numel()
        done.clamped += int(((sr < -OVERSHOOT) | (sr > 1 + OVERSHOOT)).sum())
        corner = lr[:, :LATENCY_SIDE, :LATENCY_SIDE]
        if done.sample is None or corner.numel() > done.sample.numel():
            done.sample = corner.clone()
        name = item.id + suffix_for(reference)
        write_image(folder / name, to_image(sr, reference, values))
        done.images[item.id] = name
        progress(item.id)
    return done


def upscale_image(
    method: Method,
    lr: torch.Tensor,
    scale: int,
    memory_bytes: float | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> torch.Tensor:
    """SR `(C, H * scale, W * scale)` on the CPU from LR `(C, H, W)`, checked; float32, white at 1.

    progress: told now and then the share of the image that is done.
    """
    import torch

    def upscale(batch: torch.Tensor) -> torch.Tensor:
        expected = (*batch.shape[:2], batch.shape[2] * scale, batch.shape[3] * scale)
        return checked(method.upscale(batch, scale), expected, "upscale", f"from {tuple(batch.shape)} it should be")

    batch = lr[None].to(method.device)
    with torch.inference_mode():
        tiling = None if memory_bytes is None else tiling_for(method, batch, scale, memory_bytes)
        sr = upscale(batch) if tiling is None else upscale_tiled(upscale, batch, scale, tiling, progress)
    progress(1.0)
    return sr[0].cpu()


def _warm_up(method: Method, lr: torch.Tensor, scale: int, memory_bytes: float | None) -> None:
    """The first call pays for starting threads and kernels, and for measuring memory; keep that out of the times.

    What a method makes of a corner says nothing about the image: it may refuse one so small.
    """
    import torch

    with contextlib.suppress(Exception):
        upscale_image(method, lr[:, :16, :16], scale)
    if memory_bytes is not None:
        with contextlib.suppress(Exception), torch.inference_mode():
            tiling_for(method, lr[None].to(method.device), scale, memory_bytes)
