"""Images in the values of their dataset: HU, electrons, levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import srbench

from .overlap import Mask
from .task_metric import Array

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class OwnValues:
    """How the numbers of a dataset's images are got back from [0, 1].

    unit: of the numbers; `levels` of whole ones whose unit nobody says. known: where HR was measured `(H, W)`.
    """

    values: srbench.Values
    unit: str
    known: Mask

    @classmethod
    def of(cls, item: srbench.Item, protocol: srbench.Protocol) -> OwnValues:
        """Those of an item under a protocol."""
        hr, native, known = item.read_measured()
        reference, values = protocol.reference(hr, native)
        height, width = reference.shape[:2]
        everywhere = np.ones((height, width), bool)
        unit = values.unit or ("" if reference.dtype == np.float32 else "levels")
        return cls(values, unit, everywhere if known is None else known[:height, :width])

    def image(self, image: torch.Tensor) -> Array:
        """An image `(C, H, W)` in [0, 1] in its own values."""
        return self.values.from_unit(image.numpy())


class Units:
    """The units of the images taken in, of which a mean can be taken where there is only one."""

    def __init__(self) -> None:
        self._found: set[str] = set()

    def add(self, unit: str) -> None:
        """Take in that of one image."""
        self._found.add(unit)

    @property
    def one(self) -> str:
        """The unit; empty where there are none, or where there is none of them."""
        return next(iter(self._found), "")

    @property
    def mixed(self) -> srbench.Skip | None:
        """Why there is no mean: the units are several."""
        if len(self._found) < 2:
            return None
        named = (unit or "no unit" for unit in sorted(self._found))
        return srbench.Skip(f"the images are in {' and in '.join(named)}, of which there is no mean")
