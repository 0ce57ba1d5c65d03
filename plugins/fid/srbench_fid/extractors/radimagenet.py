"""ResNet50 trained on radiological images.

Mei et al., "RadImageNet: an open radiologic deep learning research dataset for effective transfer learning", 2022.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import srbench

from .preparing import resized, three_channels

if TYPE_CHECKING:
    import torch

    from .keras_resnet import KerasResNet

WEIGHTS = "radimagenet-resnet50"
SIDE = 224
MEANS = (0.406, 0.456, 0.485)
"""Means of blue, green, red: the order in which the network was given its channels. There is no division."""


class RadImageNet(srbench.Extractor):
    """ResNet50 trained on 1.35 million CT, MR and ultrasound images; the spatial mean of 2048 x 7 x 7.

    Input is resized to 224 x 224 (bilinear, antialiased); channels go in as blue, green, red, less their means. Grey is
    repeated in three channels. Agrees with radiologists no better than `inception` does (Woodland et al. 2024).
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Mei", "others"),
            "RadImageNet: An open radiologic deep learning research dataset for effective transfer learning",
            2022,
            journal="Radiology: Artificial Intelligence",
            doi="10.1148/ryai.210315",
        ),
    )

    weights = (WEIGHTS,)
    dim = 2048

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """The spatial mean of the last feature maps."""
        maps: torch.Tensor = self._network(prepared(images))
        return maps.mean(dim=(2, 3))

    def to(self, device: str) -> None:
        """Move to a torch device."""
        super().to(device)
        if "_network" in vars(self):
            self._network.to(device)

    @cached_property
    def _network(self) -> KerasResNet:
        import torch

        from srbench.weights import load_state, load_weights

        from .keras_resnet import KerasResNet

        state = load_weights(WEIGHTS)
        with torch.device("meta"):
            network = KerasResNet()
        load_state(network, state, WEIGHTS)
        return network.requires_grad_(False).eval().to(self.device)


def prepared(images: torch.Tensor) -> torch.Tensor:
    """What the network is given, `(N, 3, 224, 224)`, for `(N, C, H, W)` in [0, 1]."""
    blue_first = resized(three_channels(images), (SIDE, SIDE), "bilinear").flip(1)
    return blue_first - blue_first.new_tensor(MEANS).view(1, 3, 1, 1)
