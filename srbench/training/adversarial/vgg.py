"""Features of VGG19 for content losses: how far two images are apart as a classifier sees them.

The trunk is built here, from the layout of Simonyan and Zisserman, "Very deep convolutional networks for large-scale
image recognition", 2015, table 1, column E, so that a training needs the weights but not torchvision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

from srbench.weights.lookup import load_state, load_weights, place, weights_file

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "vgg19"
"""The name of the weights: torchvision's, whose trunk is `features.N.weight` and `features.N.bias`."""

VGGConvolution = Literal[
    "conv1_1",
    "conv1_2",
    "conv2_1",
    "conv2_2",
    "conv3_1",
    "conv3_2",
    "conv3_3",
    "conv3_4",
    "conv4_1",
    "conv4_2",
    "conv4_3",
    "conv4_4",
    "conv5_1",
    "conv5_2",
    "conv5_3",
    "conv5_4",
]
"""A convolution by the number of poolings before it, from 1, and its place after the last of them."""
VGGLayer = Literal["vgg22", "vgg54", "conv54"]
"""`vgg22`, `vgg54`: the second convolution before the second pooling and the fourth before the fifth, after their
activation (Ledig et al. 2017, phi_2,2 and phi_5,4). `conv54`: the latter before its activation (Wang et al. 2018)."""

VGG_SMALLEST: dict[VGGLayer, int] = {"vgg22": 2, "vgg54": 16, "conv54": 16}
"""The shortest side, in pixels, of an image that still has such features: each pooling before them halves it."""

_DEPTH: dict[VGGLayer, int] = {"vgg22": 9, "vgg54": 36, "conv54": 35}
"""How many of the trunk's layers, as torchvision counts them."""
_BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and number of the convolutions before each pooling."""
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
"""Means and deviations of ImageNet's red, green and blue with white at 1: what the weights were trained on."""


def vgg_weights() -> tuple[str, ...]:
    """What a method that can do without VGG19 puts into its `weights`: its name where the file is, otherwise nothing.

    So the model's key tells one that learned with VGG19 from one that had to do without.
    """
    return (WEIGHTS,) if place(weights_file(WEIGHTS)).is_file() else ()


def vgg_smallest(layers: Iterable[VGGConvolution]) -> int:
    """The shortest side, in pixels, of an image that has the features of all these convolutions."""
    return 1 << max(int(layer[len("conv")]) - 1 for layer in layers)


def vgg_features(layer: VGGLayer, device: str = "cpu") -> nn.Module:
    """VGG19 up to `layer`: `(N, 3, H, W)` RGB with white at 1 to `(N, channels, h, w)`, unscaled.

    Frozen and in evaluation mode: gradients run through it, to the image, and change nothing in it. Sides of at least
    `VGG_SMALLEST[layer]`; grey images are given three times over. Raises `WeightsMissing` where the weights are not on
    this machine, `WeightsDamaged` where they are not those of a VGG19.
    """
    (network,) = _parts([_DEPTH[layer]], device)
    return network


def vgg_layers(
    layers: Iterable[VGGConvolution], *, activated: bool = False, device: str = "cpu"
) -> dict[VGGConvolution, nn.Module]:
    """VGG19 in parts, each of which goes on with what the one before gave: the features of one of these convolutions.

    In their order in the network, as `vgg_features` otherwise. activated: each part ends behind its ReLU.
    """
    depths = _depths()
    ordered = sorted(layers, key=depths.__getitem__)
    return dict(zip(ordered, _parts([depths[layer] + activated for layer in ordered], device), strict=True))


def _depths() -> dict[VGGConvolution, int]:
    """How many of the trunk's layers each convolution ends: a ReLU behind each, a pooling behind each block."""
    depths: dict[VGGConvolution, int] = {}
    convolutions = iter(get_args(VGGConvolution))
    for block, (_, count) in enumerate(_BLOCKS):
        for _ in range(count):
            depths[next(convolutions)] = 2 * len(depths) + block + 1
    return depths


def _parts(ends: Sequence[int], device: str) -> list[nn.Module]:
    """The trunk with its published weights, cut behind so many of its layers each, what is behind the last left out."""
    import torch
    from torch import nn

    held = load_weights(WEIGHTS)
    with torch.device("meta"):  # no tensor has a value until it comes from the file
        trunk = _trunk()
    # The classifier after the trunk is no part of the features.
    convolutions = {key: tensor for key, tensor in held.items() if not key.startswith("classifier.")}
    load_state(nn.ModuleDict({"features": trunk}), convolutions, WEIGHTS)
    # Fixed statistics, so this is no more than (image - mean) / std.
    normalisation = nn.BatchNorm2d(3, eps=0.0, affine=False)
    normalisation.running_mean = torch.tensor(_MEAN)
    normalisation.running_var = torch.tensor(_STD).square()
    parts = [nn.Sequential(*list(trunk)[start:end]) for start, end in pairwise([0, *ends])]
    for later in parts[1:]:
        if isinstance(later[0], nn.ReLU):
            later[0].inplace = False  # it would overwrite the features before it, which are compared
    parts[0].insert(0, normalisation)
    return [part.to(device).eval().requires_grad_(False) for part in parts]


def _trunk() -> nn.Sequential:
    """The convolutional part, numbered as in the file."""
    from torch import nn

    layers: list[nn.Module] = []
    inside = 3
    for channels, convolutions in _BLOCKS:
        for _ in range(convolutions):
            layers += [nn.Conv2d(inside, channels, 3, padding=1), nn.ReLU(inplace=True)]
            inside = channels
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)
