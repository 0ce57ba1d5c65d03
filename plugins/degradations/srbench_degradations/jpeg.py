"""The artefacts of JPEG on bicubic LR."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
import numpy.typing as npt

from srbench import Degradation, Image, Scale, Values
from srbench.pictures import resize_picture

from .pixels import Array, as_picture


@dataclass(frozen=True)
class Jpeg(Degradation):
    """Bicubic LR, written as a JPEG file and read again.

    A JPEG has 8 bits: pictures of other types are rounded to the 256 levels from black to white on their way. Colour
    is stored at half the resolution (4:2:0), as is usual.

    quality: from 1 to 100, as libjpeg counts.
    """

    name: ClassVar[str] = "jpeg"
    quality: Annotated[int, msgspec.Meta(ge=1, le=100)]

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """LR as `bicubic` makes it, after the file."""
        lr = values.to_unit(resize_picture(hr, 1 / scale, values))
        return as_picture(values.from_unit(compressed(lr, self.quality)), hr, values)


def compressed(unit: npt.NDArray[Any], quality: int) -> Array:
    """A picture `(H, W, C)` of [0, 1] after a round trip through a JPEG file of 8 bits."""
    from PIL import Image as Pillow

    levels = np.floor(255 * unit.clip(0, 1) + 0.5).astype(np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels).save(
        file, "JPEG", quality=quality, subsampling="4:2:0"
    )
    with Pillow.open(file) as opened:
        return np.asarray(opened, np.float64).reshape(levels.shape) / 255
