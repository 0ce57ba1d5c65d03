"""Pixels that were not measured: NaN in pictures of floats (a detector's gap, what lies beyond a mosaic)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from srbench.pictures.array import Image


def measured(image: Image) -> npt.NDArray[np.bool_] | None:
    """Where all channels of a picture `(H, W, C)` hold a number, `(H, W)`; None where that is everywhere."""
    if image.dtype != np.float32:
        return None
    known: npt.NDArray[np.bool_] = np.logical_not(np.isnan(image).any(axis=-1))
    return None if known.all() else known


def with_gaps(image: Image, known: npt.NDArray[np.bool_] | None) -> Image:
    """A picture of floats with NaN where it was not measured, `known` being where it was; None: everywhere."""
    if known is None:
        return image
    return np.where(known[: image.shape[0], : image.shape[1], None], image, np.float32("nan"))


def filled(image: Image) -> Image:
    """The picture with the median of what was measured, channel by channel, where nothing was; the same if all was."""
    known = measured(image)
    if known is None:
        return image
    return np.where(known[..., None], image, np.median(image[known], axis=0).astype(np.float32))
