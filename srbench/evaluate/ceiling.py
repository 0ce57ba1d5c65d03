"""HR in, a method's ceiling on disk: the only step in which a method sees HR, long after its SR was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from srbench.contract.dataset import Item
from srbench.contract.method import Method
from srbench.contract.protocol import Protocol
from srbench.evaluate.output import checked
from srbench.pictures import suffix_for, to_image, to_tensor, write_image


def reconstruct_split(
    method: Method,
    items: Iterable[Item],
    protocol: Protocol,
    folder: Path,
    *,
    seed: int | None = None,
    progress: Callable[[str], None] = lambda image: None,
) -> dict[str, str]:
    """Write what the method makes of each HR into `folder`, as SR is written; file names by image id.

    It is given what the protocol compares SR with, whole. seed: for methods that sample, as in `upscale_split`. Raises
    `BadOutput` when what it returns is no image of HR's size.
    """
    import torch

    images: dict[str, str] = {}
    for item in items:
        reference, values = protocol.reference(*item.read_hr())
        hr = to_tensor(reference, values)[None].to(method.device)
        shape = tuple(hr.shape)
        if seed is not None:
            torch.manual_seed(seed)
        with torch.inference_mode():
            made = checked(method.reconstruct(hr), shape, "reconstruct", f"from {shape} it should be")[0].cpu()
        images[item.id] = item.id + suffix_for(reference)
        write_image(folder / images[item.id], to_image(made, reference, values))
        progress(item.id)
    return images
