"""How far SR is from HR as VGG19 sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from srbench.training.adversarial.vgg import VGGConvolution, vgg_layers

if TYPE_CHECKING:
    import torch

Distance = Literal["l1", "mse"]
"""The mean absolute, or the mean squared difference."""


def feature_loss(
    layers: Mapping[VGGConvolution, float],
    device: str,
    *,
    activated: bool = False,
    distance: Distance = "l1",
    factor: float = 1.0,
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """What compares SR with HR, `(N, 1 or 3, H, W)` with white at 1, by features of VGG19; in 32 bits.

    The sum over the layers of weight x distance, which is a mean over places and channels. activated: features are
    taken behind the layers' ReLU, not before it. factor: what features are multiplied by. Grey is given to VGG19 three
    times over. Sides of at least `vgg_smallest(layers)`. Raises `WeightsMissing` and `WeightsDamaged`.
    """
    import torch
    from torch.nn.functional import l1_loss, mse_loss

    compare = l1_loss if distance == "l1" else mse_loss
    parts = vgg_layers(layers, activated=activated, device=device)

    def features(image: torch.Tensor) -> dict[VGGConvolution, torch.Tensor]:
        found: dict[VGGConvolution, torch.Tensor] = {}
        seen = image.expand(-1, 3, -1, -1)
        for layer, part in parts.items():
            seen = part(seen)
            found[layer] = seen.float() * factor
        return found

    def loss(sr: torch.Tensor, hr: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            expected = features(hr)
        found = features(sr)
        return torch.stack([weight * compare(found[layer], expected[layer]) for layer, weight in layers.items()]).sum()

    return loss


def note_without_vgg19(notes: list[str], instead: str) -> None:
    """Say once in a method's notes what it learned from, since the weights of VGG19 were not there."""
    note = f"{instead}: the weights of VGG19 were not on the machine that trained; `srbench fetch vgg19` gets them."
    if note not in notes:
        notes.append(note)
