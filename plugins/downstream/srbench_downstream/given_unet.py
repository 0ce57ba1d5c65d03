"""The U-Net of `unet-encoder` with weights from a file: it has learned elsewhere."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from srbench_fid.trained.extractors import Side

import srbench
from srbench.errors import SrbenchError
from srbench.types import Count
from srbench.weights import load_state

if TYPE_CHECKING:
    import torch
    from srbench_fid.trained.networks import SegmentationUNet


class GivenUNet(srbench.Extractor):
    """A segmentation U-Net as `unet-encoder` trains it, with weights from a file; as features its bottleneck."""

    def __init__(self, weights: Path, side: Side = 128, width: Count = 16) -> None:
        """Take a network of this size with weights from a file.

        weights: a safetensors file, such as the `weights.safetensors` that a training of `unet-encoder` left. side,
        width: as that training had them.
        """
        self.files = (weights,)
        self.side, self._width = side, width
        self.dim = 16 * width

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """The bottleneck, averaged over its pixels: `(N, dim)`."""
        from srbench_fid.trained.pictures import fitted

        return self._network.features(fitted(images, self.side).contiguous())

    def foreground(self, images: torch.Tensor) -> torch.Tensor:
        """How probably each pixel is foreground: `(N, 1, H, W)` in [0, 1]."""
        return self._network.foreground(images, self.side)

    @cached_property
    def _network(self) -> SegmentationUNet:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
        from srbench_fid.trained.networks import SegmentationUNet

        (path,) = self.files
        try:
            tensors = load_file(path)
        except (OSError, SafetensorError) as error:
            raise SrbenchError(f"{path} cannot be read as weights: {error}; give a safetensors file") from error
        network = SegmentationUNet(self._width)
        load_state(network, tensors, str(path))
        return network.eval().requires_grad_(False).to(self.device)

    def to(self, device: str) -> None:
        """Move to a torch device."""
        super().to(device)
        if "_network" in vars(self):
            self._network.to(device)
