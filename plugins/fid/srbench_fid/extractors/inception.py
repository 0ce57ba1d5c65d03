"""The Inception v3 of the first FID: torch-fidelity's network, its weights, and its way to prepare an image."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import srbench

from .preparing import three_channels

if TYPE_CHECKING:
    import torch

WEIGHTS = "inception"


class Inception(srbench.Extractor):
    """Inception v3 with the weights of the first FID (Heusel et al. 2017), as torch-fidelity has it; 2048 features.

    Input is rounded to 8 bits and resized to 299 x 299 by TensorFlow 1's bilinear interpolation, which does not
    antialias: that belongs to FID as everybody computes it. Grey is repeated in three channels.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Heusel", "Ramsauer", "Unterthiner", "Nessler", "Hochreiter"),
            "GANs trained by a two time-scale update rule converge to a local Nash equilibrium",
            2017,
            conference="NeurIPS",
            arxiv="1706.08500",
        ),
    )
    weights = (WEIGHTS,)
    dim = 2048

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """The pooled features."""
        import torch

        levels = (three_channels(images) * 255).round().clamp(0, 255).to(torch.uint8)
        features: torch.Tensor = self._network(levels)[0]
        return features

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Logits `(N, 1008)` without the bias, from which the Inception Score is computed."""
        weight: torch.Tensor = self._network.fc.weight
        return features @ weight.T

    def to(self, device: str) -> None:
        """Move to a torch device."""
        super().to(device)
        if "_network" in vars(self):
            self._network.to(device)

    @cached_property
    def _network(self) -> Any:
        from srbench.weights import load_state, load_weights

        state = load_weights(WEIGHTS)
        network = empty_network()
        load_state(network, state, WEIGHTS)
        return network.requires_grad_(False).eval().to(self.device)


def empty_network() -> Any:
    """torch-fidelity's network on the `meta` device: the layers, but no numbers."""
    import torch

    from srbench.weights import import_torchvision

    import_torchvision()
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class WithoutWeights(FeatureExtractorInceptionV3):  # type: ignore[misc]
        """Takes no weights while it is made.

        The constructor would fetch them, or unpickle whatever a file holds; verified ones are fitted in afterwards.
        """

        def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
            return super().load_state_dict(state_dict, strict=strict and bool(state_dict), assign=assign)

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    with torch.device("meta"):
        return WithoutWeights("inception", ["2048"], feature_extractor_weights_path=nothing)
