"""The networks, each split into `features` and what is learned on top of them. Inputs are `(N, 3, H, W)` in [0, 1]."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from srbench.pictures import resize_to

from .pictures import fitted


class SkinLesNet(nn.Module):
    """A small classifier of skin lesions (Azeem et al., "SkinLesNet", 2023) for pictures of 224 x 224 pixels.

    Four 3 x 3 convolutions without padding (32, 64, 64, 128), each with ReLU and 2 x 2 max pooling; dropout .5, 64
    hidden units with ReLU, dropout .3, one output a class. 1,310,083 parameters at 3 classes.
    """

    side = 224
    dim = 64

    def __init__(self, classes: int) -> None:
        super().__init__()
        filters = (3, 32, 64, 64, 128)
        layers: list[nn.Module] = []
        side = self.side
        for before, after in pairwise(filters):
            # ReLU and the maximum commute; this way round there is a quarter as much to compute and to keep.
            layers += [nn.Conv2d(before, after, 3), nn.MaxPool2d(2), nn.ReLU()]
            side = (side - 2) // 2
        self.convolutions = nn.Sequential(*layers)
        self.hidden = nn.Linear(filters[-1] * side**2, self.dim)
        self.output = nn.Linear(self.dim, classes)

    def unnormalised(self) -> list[nn.Module]:
        """Its layers, none of which has a normalisation behind it."""
        return [layer for layer in self.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]

    def maps(self, images: torch.Tensor) -> torch.Tensor:
        """The maps of the last convolution, one after the other: `(N, 18432)`."""
        maps: torch.Tensor = self.convolutions(images).flatten(1)
        return maps

    def units(self, maps: torch.Tensor) -> torch.Tensor:
        """The hidden units `(N, 64)` of maps, after ReLU."""
        return functional.relu(self.hidden(functional.dropout(maps, 0.5, self.training)))

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The hidden units `(N, 64)` after ReLU."""
        return self.units(self.maps(images))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits `(N, classes)`."""
        logits: torch.Tensor = self.output(functional.dropout(self.features(images), 0.3, self.training))
        return logits


class ResNetClassifier(nn.Module):
    """timm's ResNet50 (He et al. 2016) with the head 1024-512-256-128-64-classes.

    dim: the 64 units before the output, after ReLU. frozen: the backbone learns nothing, and its batch normalisation
    goes by the statistics that it has. Inputs are normalised with ImageNet's mean and deviation.
    """

    dim = 64

    def __init__(self, classes: int, *, frozen: bool = False) -> None:
        super().__init__()
        self.frozen = frozen
        self.backbone = timm_model("resnet50", 0)
        widths = (2048, 1024, 512, 256, 128, self.dim)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.head = nn.Sequential(*layers)
        self.output = nn.Linear(self.dim, classes)
        self.backbone.requires_grad_(not frozen)

    def train(self, mode: bool = True) -> ResNetClassifier:
        """Set the mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        self.backbone.train(mode and not self.frozen)
        return self

    def unnormalised(self) -> list[nn.Module]:
        """The layers of the head; those of the backbone have normalisation behind them."""
        return [*(layer for layer in self.head if isinstance(layer, nn.Linear)), self.output]

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The last hidden units `(N, 64)`."""
        features: torch.Tensor = self.head(self.backbone(images))
        return features

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits `(N, classes)`."""
        logits: torch.Tensor = self.output(self.features(images))
        return logits


class Normalised(nn.Module):
    """A network behind the mean and deviation of the pictures that it expects."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, network: nn.Module, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """What the network makes of the normalised images."""
        output: torch.Tensor = self.network((images - self.mean) / self.deviation)
        return output


def timm_model(name: str, classes: int) -> Normalised:
    """A timm model with initial weights, `classes` outputs (0: its pooled features), behind its own normalisation.

    Raises `RuntimeError` when timm has no model of that name.
    """
    from srbench.weights import import_torchvision

    import_torchvision()
    import timm

    network = timm.create_model(name, pretrained=False, num_classes=classes)
    settings: Any = network.pretrained_cfg
    return Normalised(network, tuple(settings["mean"]), tuple(settings["std"]))


class SegmentationUNet(nn.Module):
    """A U-Net (Ronneberger et al. 2015): four halvings, each doubling the maps, two convolutions a level.

    width: the maps of the first level; 64 gives the sizes of the paper, 64 to 1024. dim: the maps at the bottleneck.
    Convolutions are 3 x 3, padded, each with batch normalisation and ReLU. Sides must be multiples of 16.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        widths = tuple(width * 2**level for level in range(5))
        self.dim = widths[-1]
        self.contracting = nn.ModuleList(_level(before, after) for before, after in pairwise((3, *widths)))
        self.enlarging = nn.ModuleList(
            nn.ConvTranspose2d(below, above, 2, stride=2) for above, below in pairwise(widths)
        )
        self.expanding = nn.ModuleList(_level(2 * width, width) for width in widths[:-1])
        self.output = nn.Conv2d(widths[0], 1, 1)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The bottleneck, averaged over its pixels: `(N, dim)`."""
        return self._contract(images)[-1].mean((-2, -1))

    def foreground(self, pictures: torch.Tensor, side: int) -> torch.Tensor:
        """How probably each pixel of pictures `(N, C, H, W)` of any size is foreground: `(N, 1, H, W)` in [0, 1].

        side: what they are resized to, in pixels.
        """
        logits = self(fitted(pictures, side).contiguous())
        return resize_to(logits, pictures.shape[-2], pictures.shape[-1], "bilinear").sigmoid()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of the mask `(N, 1, H, W)`."""
        *levels, maps = self._contract(images)
        for level in reversed(range(len(levels))):
            maps = self.expanding[level](torch.cat([levels[level], self.enlarging[level](maps)], 1))
        logits: torch.Tensor = self.output(maps)
        return logits

    def _contract(self, images: torch.Tensor) -> list[torch.Tensor]:
        levels = [self.contracting[0](images)]
        for level in list(self.contracting)[1:]:
            levels.append(level(functional.max_pool2d(levels[-1], 2)))
        return levels


def _level(before: int, after: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (before, after):
        layers += [nn.Conv2d(width, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)
