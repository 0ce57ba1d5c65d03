"""The discriminator: which of two images was made by the generator?"""

from __future__ import annotations

import torch
from torch import nn

from .generator import SLOPE


class Discriminator(nn.Module):
    """Ledig et al. 2017, figure 4: eight convolutions, every second with stride 2, then two dense layers.

    planes: of an image, 1 or 3. side: of the square patches it judges, in pixels; the first dense layer has an input
    for every place that is left of them after four halvings. width: channels of the first convolution, doubled with
    every second one. dropout: of the features between the dense layers.
    """

    def __init__(self, planes: int, side: int, width: int = 64, dense: int = 1024, dropout: float = 0.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inside = planes
        for index, outside in enumerate(width * factor for factor in (1, 1, 2, 2, 4, 4, 8, 8)):
            layers.append(nn.Conv2d(inside, outside, 3, stride=1 + index % 2, padding=1))
            if index > 0:
                layers.append(nn.BatchNorm2d(outside))
            layers.append(nn.LeakyReLU(SLOPE))
            inside = outside
        self.features = nn.Sequential(*layers)
        self.judgement = nn.Sequential(
            nn.Flatten(),
            nn.Linear(inside * final_side(side) ** 2, dense),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(dropout),
            nn.Linear(dense, 1),
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits `(N, 1)` of `(N, planes, side, side)` with white at 1: high for HR, low for SR."""
        logits: torch.Tensor = self.judgement(self.features(2 * image - 1))
        return logits


def final_side(side: int) -> int:
    """The side of the last features of a patch: halved four times, and rounded up each time."""
    return -(-side // 16)
