"""The features of HR, kept in memory: every method of a process is compared with the same HR images."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    Features = tuple[torch.Tensor, ...]

MEMORY_BYTES = 256 * 2**20
"""What all kept features may fill together. Those used longest ago go first."""


class FeatureCache:
    """Features by the network and the content of the image they are of."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._limit = memory_bytes
        self._held: OrderedDict[tuple[object, str], Features] = OrderedDict()

    @property
    def memory_bytes(self) -> int:
        """How much is held."""
        return sum(_size(features) for features in self._held.values())

    def get(self, network: object, image: torch.Tensor, compute: Callable[[], Features]) -> Features:
        """The features of `image` `(C, H, W)`, computed unless held. network: whatever tells networks apart."""
        key = (network, _content(image))
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        features = compute()
        if _size(features) <= self._limit:
            self._held[key] = features
            while self.memory_bytes > self._limit:
                self._held.popitem(last=False)
        return features


def _content(image: torch.Tensor) -> str:
    digest = hashlib.sha256(f"{tuple(image.shape)} {image.dtype} ".encode())
    digest.update(image.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()


def _size(features: Features) -> int:
    return sum(feature.nbytes for feature in features)


kept_features = FeatureCache().get
"""One cache a process, so that it serves whichever instance of the metric asks."""
