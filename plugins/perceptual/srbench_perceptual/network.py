"""The network of DISTS: VGG16 with pooling that keeps energy, and what of its features is compared.

The package DISTS-pytorch downloads the trunk where it is missing, and looks for its own weights in the folder of the
Python installation. Here every tensor comes from a verified file, or from the file inside the package.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import torch
from torch.nn import functional

from srbench.weights import WeightsDamaged, import_torchvision, load_state, load_weights

_STAGES = ((0, 4), (5, 9), (10, 16), (17, 23), (24, 30))
"""VGG16's layers before and between its poolings."""
_STABILISER = 1e-6
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Network:
    """DISTS in float32 on VGG16.

    trunk: the name of its weights. Raises `WeightsMissing` and `WeightsDamaged`.
    """

    def __init__(self, trunk: str, device: str = "cpu") -> None:
        state = load_weights(trunk)
        with torch.device("meta"):
            layers = import_torchvision().models.vgg16(weights=None).features
        load_state(
            layers,
            {name.removeprefix("features."): one for name, one in state.items() if name.startswith("features.")},
            trunk,
        )
        self._stages = [layers[first:last].to(device).eval().requires_grad_(False) for first, last in _STAGES]
        self._mean, self._std = (torch.tensor(three, device=device).view(1, 3, 1, 1) for three in (_MEAN, _STD))
        self._alpha, self._beta = (weights.to(device) for weights in _fitted())
        self._device = device

    def features(self, images: torch.Tensor) -> list[torch.Tensor]:
        """What is compared of `(N, 3, H, W)` in [0, 1]: the image, and five layers, each `(N, channels, h, w)`."""
        images = images.to(self._device)
        found, hidden = [images], (images - self._mean) / self._std
        # The reference is float32; a GPU would round the factors of its products to 10 bits.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            for number, stage in enumerate(self._stages):
                hidden = stage(_pooled(hidden) if number else hidden)
                found.append(hidden)
        return found

    def distance(self, sr: list[torch.Tensor], hr: list[torch.Tensor]) -> float:
        """1 less the weighted sum of how alike the features' means (texture) and their variations (structure) are."""
        texture, structure = (torch.cat(parts, dim=1) for parts in zip(*map(_similarities, sr, hr), strict=True))
        weighed = (self._alpha * texture + self._beta * structure).sum()
        return 1 - float(weighed / (self._alpha.sum() + self._beta.sum()))


def _pooled(features: torch.Tensor) -> torch.Tensor:
    """The root of the mean square under a 3 x 3 Hann window, at every second pixel."""
    taps = torch.tensor([0.25, 0.5, 0.25], device=features.device)
    window = torch.outer(taps, taps).expand(features.shape[1], 1, 3, 3)
    return (functional.conv2d(features**2, window, stride=2, padding=1, groups=features.shape[1]) + 1e-12).sqrt()


def _similarities(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """How alike two maps of features are in their means and in their variations, each `(N, channels)`."""
    mean_x, mean_y = x.mean((2, 3)), y.mean((2, 3))
    variance_x, variance_y = x.var((2, 3), correction=0), y.var((2, 3), correction=0)
    covariance = ((x - mean_x[..., None, None]) * (y - mean_y[..., None, None])).mean((2, 3))
    means = (2 * mean_x * mean_y + _STABILISER) / (mean_x**2 + mean_y**2 + _STABILISER)
    return means, (2 * covariance + _STABILISER) / (variance_x + variance_y + _STABILISER)


def _fitted() -> tuple[torch.Tensor, torch.Tensor]:
    """The weights of means and of variations, `(1, channels)` of all layers, from the package's own file."""
    path = Path(str(distribution("DISTS-pytorch").locate_file("DISTS_pytorch/weights.pt")))
    if not path.is_file():
        raise WeightsDamaged(f"{path} is not there: install the package DISTS-pytorch 0.1 again")
    state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return state["alpha"].detach().flatten(1), state["beta"].detach().flatten(1)
