"""The training split as `fit` sees it: HR images, and the protocol's way of making LR from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.pictures import Image, Scale, Values, to_tensor

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class TrainingSet:
    """HR images with their LR, read one at a time."""

    items: Sequence[Item]
    protocol: Protocol

    @property
    def scale(self) -> Scale:
        """HR side / LR side."""
        return self.protocol.scale

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, sorted; empty where no image has one."""
        return tuple(sorted({item.label for item in self.items if item.label is not None}))

    def __len__(self) -> int:
        return len(self.items)

    def images(self) -> Iterator[tuple[Image, Image | None, Values]]:
        """HR, the LR that came with it (or None: to be made by `degrade`), and their values; in native depth.

        HR is cut to a multiple of the scale; an LR that came with it matches it.
        """
        for item in self.items:
            hr, native = item.read_hr()
            shipped = self.protocol.shipped_lr(item)
            reference, values = self.protocol.reference(hr, native)
            yield reference, None if shipped is None else self.protocol.lr(hr, native, item.id, shipped), values

    def pairs(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """LR `(C, h, w)` and HR `(C, h * scale, w * scale)`, float32 with white at 1."""
        for item in self.items:
            hr, native = item.read_hr()
            lr = self.protocol.lr(hr, native, item.id, self.protocol.shipped_lr(item))
            reference, values = self.protocol.reference(hr, native)
            yield to_tensor(lr, values), to_tensor(reference, values)
