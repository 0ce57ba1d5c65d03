"""How far two images are apart as a classifier sees them, which an autoencoder makes small."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch.nn import functional

from srbench.training import vgg_features
from srbench.weights import import_torchvision, load_state, load_weights, read_tensors

from .parameters import PERCEPTUAL_LAYER, PerceptualNetwork

Compare = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""The distance of images `(N, 1 or 3, H, W)` with white at 1 to real ones: the mean over the batch, in 32 bits."""

_Features = Callable[[torch.Tensor], Sequence[torch.Tensor]]
_Weights = Sequence[torch.Tensor | float]
_EPSILON = 1e-10


def perceptual_loss(network: PerceptualNetwork, device: str) -> Compare:
    """Features of unit length at each place, their squared distance, weighted by channel, summed over layers.

    That is the distance of Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric",
    2018, equation 1. `alexnet`: with all of theirs, the five layers and the weights that they fitted to people's
    judgements, which come with the package lpips (version 0.1). `vgg19`: one layer of it, all channels counting the
    same. Raises `WeightsMissing` and `WeightsDamaged`.
    """
    features, weights = _alexnet(device) if network == "alexnet" else _vgg19(device)

    def directions(image: torch.Tensor) -> list[torch.Tensor]:
        # Not lpips' own normalisation, whose gradient is not a number where no channel answers.
        layers = features(image.expand(-1, 3, -1, -1))
        return [functional.normalize(layer.float(), dim=1, eps=_EPSILON) for layer in layers]

    def compare(image: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            expected = directions(real)
        layers = zip(weights, directions(image), expected, strict=True)
        distances = [(weight * (found - wanted).square()).sum(1).mean() for weight, found, wanted in layers]
        return torch.stack(distances).sum()

    return compare


def _vgg19(device: str) -> tuple[_Features, _Weights]:
    network = vgg_features(PERCEPTUAL_LAYER, device)
    return lambda image: [network(image)], [1.0]


def _alexnet(device: str) -> tuple[_Features, _Weights]:
    """The parts of the package's network, all from verified files: by itself it would download, or stay random."""
    held = load_weights("alexnet")
    import_torchvision()
    import lpips
    from lpips.pretrained_networks import alexnet

    with warnings.catch_warnings(), torch.device("meta"):  # no tensor has a value until it comes from a file
        warnings.simplefilter("ignore", UserWarning)  # the package uses names that torchvision has replaced
        trunk = alexnet(pretrained=False)  # type: ignore[no-untyped-call]
    places = {layer: part for part, layers in trunk.named_children() for layer, _ in layers.named_children()}
    # The classifier after the trunk is no part of the features.
    convolutions = {_moved(key, places): held[key] for key in held if not key.startswith("classifier.")}
    load_state(trunk, convolutions, "alexnet")
    heads = read_tensors(Path(lpips.__file__).parent / "weights" / "v0.1" / "alex.pth")
    scaling = lpips.ScalingLayer()  # type: ignore[no-untyped-call]
    for module in (trunk, scaling):
        module.to(device).eval().requires_grad_(False)
    return lambda image: trunk(scaling(2 * image - 1)), [heads[layer].to(device) for layer in sorted(heads)]


def _moved(key: str, places: Mapping[str, str]) -> str:
    """The name of torchvision's `features.N.weight` in the package, whose layers are in parts, by their numbers."""
    _, layer, name = key.split(".")
    return f"{places.get(layer, 'features')}.{layer}.{name}"
