"""Which part of each image a metric scores: all of it, or what the item's mask says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from srbench.contract.dataset import Item
from srbench.pictures import ImageError
from srbench.types import Natural

Region = Literal["mask", "outside"] | Natural | None
"""`mask`: where the mask is not 0; `outside`: where it is 0; a number: where the mask holds it; None: everywhere."""


@dataclass(frozen=True)
class Masked:
    """The part of each image that counts.

    region: `mask` is where the item's mask is not 0, `outside` where it is 0, and a number where the mask holds it.
    """

    region: Region = None

    def inside(self, item: Item, height: int, width: int) -> npt.NDArray[np.bool_] | None:
        """Where the region is in an HR of `height` x `width` pixels, `(H, W)`; None where that is everywhere.

        Raises `ImageError` for a mask that is missing or of another size.
        """
        if self.region is None:
            return None
        mask = item.read_mask()
        if mask is None:
            raise ImageError(f"image {item.id!r} has no mask; leave out `region`, or give it one")
        if mask.shape[:2] != (height, width):
            raise ImageError(
                f"the mask of image {item.id!r} is {mask.shape[1]} x {mask.shape[0]}; it should be the size of HR, "
                f"{width} x {height}"
            )
        labels = mask[..., 0]
        part = 0 if isinstance(self.region, str) else self.region
        found: npt.NDArray[np.bool_] = (labels != part) if self.region == "mask" else (labels == part)
        return found
