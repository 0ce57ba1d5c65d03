"""LR in, several samples of SR on disk, for metrics that ask how much a method says to leave open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from srbench.contract.dataset import Item
from srbench.contract.method import Method
from srbench.contract.protocol import Protocol
from srbench.evaluate.journal import Journal
from srbench.evaluate.upscale import upscale_image
from srbench.pictures import suffix_for, to_image, to_tensor, write_image
from srbench.store.cell import digest


def sample_name(image: str, place: int) -> str:
    """The file of a sample, the first being 1, of the image whose SR is this file: `baby.png` has `baby.001.png`."""
    path = PurePosixPath(image)
    return f"{path.stem}.{place:03}{path.suffix}"


def draw_samples(
    method: Method,
    items: Iterable[Item],
    protocol: Protocol,
    folder: Path,
    count: int,
    seed: int,
    *,
    memory_bytes: float | None = None,
    progress: Callable[[str], None] = lambda image: None,
    confirm: Callable[[], None] = lambda: None,
) -> list[str]:
    """Draw so many samples of each SR and write them into `folder` as SR is written; the names of the files.

    Those that are there are not drawn again (`srbench.evaluate.journal`), so that more can be added. seed: the cell's;
    a sample hangs on it, on its place and on nothing else: neither on the order of images, nor on how many there are.
    memory_bytes, confirm: as of `upscale_split`. Raises `BadOutput`.
    """
    import torch

    journal = Journal(folder)
    names = []
    for item in items:
        hr, native = item.read_hr()
        reference, values = protocol.reference(hr, native)
        lr = to_tensor(protocol.lr(hr, native, item.id, protocol.shipped_lr(item)), values)
        for place in range(1, count + 1):
            name = sample_name(item.id + suffix_for(reference), place)
            names.append(name)
            if name not in journal.known:
                torch.manual_seed(int(digest(["sample", seed, place]), 16) % 2**63)
                sample = upscale_image(method, lr, protocol.scale, memory_bytes, sample=True)
                write_image(folder / name, to_image(sample, reference, values))
                confirm()
                journal.add(name, name)
            progress(item.id)
    return names
