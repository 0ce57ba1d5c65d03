"""LR in, SR on disk: the only step that runs a method."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.contract.dataset import Item
from srbench.contract.method import Method
from srbench.contract.protocol import Protocol
from srbench.evaluate.cost import LATENCY_SIDE
from srbench.evaluate.journal import Journal, Note
from srbench.evaluate.output import BadOutput, NotFinite, checked
from srbench.evaluate.tiles import tiling_for, upscale_tiled
from srbench.pictures import Scale, enlarged, suffix_for, to_image, to_tensor, write_image

if TYPE_CHECKING:
    import torch


OVERSHOOT = 0.1
"""How far SR may lie outside black and white, with white at 1, and not count as clamped: interpolation overshoots at
edges. Of bicubic and lanczos less than one value in 100,000 lies farther outside on Set5 and on the built-in sets."""

_NAMED = 5
"""Images whose SR is not finite are named up to so many."""


@dataclass
class Upscaled:
    """What upscaling a split left: a note of each image by its id. resumed: whether some were there before.

    sample: the corner of the largest LR on which latency is measured, `(C, h, w)`; None before the first image.
    """

    made: dict[str, Note] = field(default_factory=dict)
    resumed: bool = False
    sample: torch.Tensor | None = None

    @property
    def images(self) -> dict[str, str]:
        """The names of the files, by image id."""
        return {image: note.file for image, note in self.made.items()}

    @property
    def clamped_share(self) -> float:
        """The share of SR values farther outside black and white than `OVERSHOOT`, in [0, 1]."""
        values = sum(note.values for note in self.made.values())
        return sum(note.clamped for note in self.made.values()) / values if values else 0.0

    @property
    def seconds(self) -> float:
        """The method's time for all images."""
        return sum(note.seconds for note in self.made.values())

    @property
    def ms_per_megapixel(self) -> float:
        """The median over images: one image that had to wait for the machine does not change it."""
        return 1000 * statistics.median(note.seconds / note.megapixels for note in self.made.values())

    @property
    def lr(self) -> str:
        """`made`, `shipped`, or `mixed`."""
        shipped = sum(note.shipped for note in self.made.values())
        return "made" if shipped == 0 else "shipped" if shipped == len(self.made) else "mixed"


def upscale_split(
    method: Method,
    items: Iterable[Item],
    protocol: Protocol,
    folder: Path,
    *,
    split: str = "",
    seed: int | None = None,
    memory_bytes: float | None = None,
    progress: Callable[[str], None] = lambda image: None,
    confirm: Callable[[], None] = lambda: None,
) -> Upscaled:
    """Upscale every image and write it into `folder`, losslessly and in its native depth.

    Images that an earlier attempt noted beside the folder (`srbench.evaluate.journal`) are not made again. split: which
    it is, where the folder may have held another one's. seed: for methods that sample; each image starts from it, so
    that the order of images changes nothing. memory_bytes: above it, images are upscaled in tiles. The seconds are the
    method's alone. confirm: raises where something that was read is no longer what it was; called before an image is
    noted. Raises `BadOutput` for SR that is none; where values are not finite, only after all other images are there.
    """
    import torch

    journal = Journal(folder, split)
    done = Upscaled(resumed=bool(journal.known))
    warm: set[torch.Size] = set()
    broken: dict[str, NotFinite] = {}
    for item in items:
        known = journal.known.get(item.id)
        largest = 0 if done.sample is None else done.sample.numel()
        if known is not None and known.corner <= largest:
            done.made[item.id] = known
            progress(item.id)
            continue
        given, values, shipped = protocol.given(item)
        lr = to_tensor(given, values)
        side = LATENCY_SIDE - LATENCY_SIDE % protocol.scale.denominator
        corner = lr[:, :side, :side]
        if done.sample is None or corner.numel() > largest:
            done.sample = corner.clone()
        if known is None:
            if not warm:
                _warm_up(method, lr, protocol.scale, memory_bytes)
            if method.warms_up and lr.shape not in warm:
                with contextlib.suppress(Exception):  # the image itself tells what is wrong
                    upscale_image(method, lr, protocol.scale, memory_bytes)
            warm.add(lr.shape)
            if seed is not None:
                torch.manual_seed(seed)
            started = time.perf_counter()
            try:
                sr = upscale_image(method, lr, protocol.scale, memory_bytes)
            except NotFinite as error:
                broken[item.id] = error
                progress(item.id)
                continue
            seconds = time.perf_counter() - started
            name = item.id + suffix_for(given)
            write_image(folder / name, to_image(sr, given, values))
            confirm()
            known = journal.add(
                item.id,
                name,
                seconds=seconds,
                megapixels=sr.shape[-2] * sr.shape[-1] / 1e6,
                values=sr.numel(),
                clamped=int(((sr < -OVERSHOOT) | (sr > 1 + OVERSHOOT)).sum()),
                corner=corner.numel(),
                shipped=shipped,
            )
        done.made[item.id] = known
        progress(item.id)
    if broken:
        raise BadOutput(_in_words(broken, len(broken) + len(done.made)))
    return done


def _in_words(broken: Mapping[str, NotFinite], count: int) -> str:
    """What is wrong with the SR of some of `count` images."""
    names = ", ".join([*broken][:_NAMED]) + (", ..." if len(broken) > _NAMED else "")
    image, first = next(iter(broken.items()))
    return f"SR of {len(broken)} of {count} images is not finite ({names}). Of {image}: {first}"


def upscale_image(
    method: Method,
    lr: torch.Tensor,
    scale: Scale,
    memory_bytes: float | None = None,
    progress: Callable[[float], None] = lambda done: None,
    *,
    sample: bool = False,
) -> torch.Tensor:
    """SR `(C, H * scale, W * scale)` on the CPU from LR `(C, H, W)`, checked; float32, white at 1.

    At a fraction n/d, LR is continued to multiples of d by its last row and column, and SR cut, its sides rounded down.
    progress: told now and then the share of the image that is done. sample: draw a sample in place of SR.
    """
    import torch

    name = "sample_sr" if sample else "upscale"

    def upscale(batch: torch.Tensor) -> torch.Tensor:
        expected = (*batch.shape[:2], *(enlarged(side, scale) for side in batch.shape[2:]))
        return checked(getattr(method, name)(batch, scale), expected, name, f"from {tuple(batch.shape)} it should be")

    height, width = lr.shape[1:]
    beyond = [-side % scale.denominator for side in (height, width)]
    batch = lr[None].to(method.device)
    if any(beyond):
        batch = torch.nn.functional.pad(batch, (0, beyond[1], 0, beyond[0]), mode="replicate")
    with torch.inference_mode():
        tiling = None if memory_bytes is None else tiling_for(method, batch, scale, memory_bytes)
        sr = upscale(batch) if tiling is None else upscale_tiled(upscale, batch, scale, tiling, progress)
    progress(1.0)
    return sr[0, :, : enlarged(height, scale), : enlarged(width, scale)].cpu()


def _warm_up(method: Method, lr: torch.Tensor, scale: Scale, memory_bytes: float | None) -> None:
    """The first call pays for starting threads and kernels, and for measuring memory; keep that out of the times.

    What a method makes of a corner says nothing about the image: it may refuse one so small.
    """
    import torch

    with contextlib.suppress(Exception):
        upscale_image(method, lr[:, :16, :16], scale)
    if memory_bytes is not None:
        with contextlib.suppress(Exception), torch.inference_mode():
            tiling_for(method, lr[None].to(method.device), scale, memory_bytes)
