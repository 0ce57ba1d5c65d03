"""Features of images, extracted once however many metrics, and methods with the same HR, ask for them."""

from __future__ import annotations

import hashlib
import io
import weakref
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import srbench

from .moments import FeatureError

if TYPE_CHECKING:
    import torch

Vector = NDArray[np.float32]

_remembered: dict[int, dict[str, Vector]] = {}
"""For each living extractor, the features of an image by the sha256 of its pixels."""


class Features:
    """The features that one extractor sees in images, one image at a time.

    One at a time, since a network's rounding depends on how many images share a call, and a score must not. What was
    extracted is remembered for as long as the extractor lives; that of a dataset's images also on disk, since every
    method of a leaderboard is compared with the same ones. A file there is named by everything that its content depends
    on: extractor, pixels, kind of device, version of torch.
    """

    def __init__(self, extractor: srbench.Extractor, key: str = "") -> None:
        """key: of the extractor, without which nothing is kept on disk."""
        self._extractor = extractor
        self._memory = _memory_of(extractor)
        self._key = key

    def of_generated(self, image: torch.Tensor) -> Vector:
        """The features `(d,)` of `(C, H, W)` in [0, 1]. Raises `FeatureError` when they are no finite vector."""
        name = _fingerprint(image)
        if name not in self._memory:
            self._memory[name] = self._extract(image)
        return self._memory[name]

    def of_real(self, image: torch.Tensor) -> Vector:
        """The features of a real image, kept on disk."""
        name = _fingerprint(image)
        if name not in self._memory:
            self._memory[name] = self._kept(name, image) if self._key else self._extract(image)
        return self._memory[name]

    def _kept(self, name: str, image: torch.Tensor) -> Vector:
        import torch

        device = self._extractor.device.partition(":")[0]
        facts = {"extractor": self._key, "image": name, "device": device, "torch": torch.__version__}
        return srbench.Cache("features").get(srbench.digest(facts), lambda: self._extract(image), _written, _read)

    def _extract(self, image: torch.Tensor) -> Vector:
        import torch

        with torch.inference_mode():
            batch = image[None].to(device=self._extractor.device, dtype=torch.float32)
            vectors = self._extractor.extract(batch).float().cpu().numpy()
        if vectors.ndim != 2 or len(vectors) != 1:
            raise FeatureError(f"the extractor gave an array of shape {vectors.shape} for one image, not (1, d)")
        if not np.isfinite(vectors).all():
            raise FeatureError("the extractor gave features that are not finite")
        vector: Vector = vectors[0]
        return vector


def _memory_of(extractor: srbench.Extractor) -> dict[str, Vector]:
    number = id(extractor)
    if number not in _remembered:
        _remembered[number] = {}
        weakref.finalize(extractor, _remembered.pop, number, None)
    return _remembered[number]


def _fingerprint(image: torch.Tensor) -> str:
    pixels = image.contiguous().cpu().numpy()
    return hashlib.sha256(f"{pixels.dtype.str}{pixels.shape}".encode() + pixels.tobytes()).hexdigest()


def _written(vector: Vector) -> bytes:
    sink = io.BytesIO()
    np.save(sink, vector, allow_pickle=False)
    return sink.getvalue()


def _read(data: bytes) -> Vector | None:
    """What an earlier process left; None when it is nothing usable (of a full disk, an old file)."""
    try:
        vector = np.load(io.BytesIO(data), allow_pickle=False)
    except EOFError:
        return None
    usable = vector.ndim == 1 and vector.dtype == np.float32 and bool(np.isfinite(vector).all())
    return vector if usable else None
