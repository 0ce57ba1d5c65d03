"""What a plan needs to know of a picture."""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np

from srbench.pictures import Image, filled, measured
from srbench.pictures.thumbnail import thumbnail


class PictureFacts(msgspec.Struct, frozen=True):
    """What a plan needs to know of a picture: the sha256 of its pixels, its shape (H, W, C) and its type; its values.

    zero_bits: how many of the lowest bits are 0 in every value of a picture of integers. missing: pixels that were not
    measured; low, high and mean are of the others. thumbnail: what `srbench.pictures.likeness` compares.
    """

    sha256: str
    shape: tuple[int, int, int]
    depth: str
    low: float
    high: float
    mean: float
    zero_bits: int
    missing: int
    thumbnail: bytes


def pixels_sha256(image: Image) -> str:
    """The sha256 of a picture's shape, type and pixels, in hexadecimal: equal only where pictures are the same."""
    hashed = hashlib.sha256(f"{image.shape}{image.dtype.name}".encode())
    hashed.update(np.ascontiguousarray(image).data)
    return hashed.hexdigest()


def facts_of(image: Image) -> PictureFacts:
    """What there is to know of a picture that was read."""
    height, width, channels = image.shape
    known = measured(image)
    counted = image if known is None else image[known]
    low, high = float(counted.min()), float(counted.max())
    mean = float(counted.mean(dtype=np.float64))
    used = 0 if image.dtype == np.float32 else np.bitwise_or.reduce(image, axis=None, keepdims=True).item()
    zero_bits = (used & -used).bit_length() - 1 if used else 0
    missing = 0 if known is None else int((~known).sum())
    return PictureFacts(
        pixels_sha256(image),
        (height, width, channels),
        image.dtype.name,
        low,
        high,
        mean,
        zero_bits,
        missing,
        thumbnail(filled(image)),
    )
