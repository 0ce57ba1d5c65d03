"""Distances in feature space, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from srbench_lpips.features import kept_features
from srbench_lpips.network import Network

if TYPE_CHECKING:
    import torch


class Features:
    """LPIPS on AlexNet at each pixel: the distances of every layer, brought to the picture's size and added up.

    trunk: the name of its weights. Raises `WeightsMissing` and `WeightsDamaged`.
    """

    def __init__(self, trunk: str, device: str) -> None:
        self._network = Network("alex", trunk, device)

    def distances(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """The distance of `(C, H, W)` in [0, 1] at each pixel, `(H, W)`, float64 on the CPU."""
        import torch

        with torch.inference_mode():
            kept = self._of(first), self._of(second)
            return self._network.distances(*kept, size=(first.shape[-2], first.shape[-1])).double().cpu()

    def _of(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The features of an image, which each of two distances asks for."""
        return kept_features(
            self._network.identity, image, lambda: self._network.features(self._network.prepared(image))
        )
