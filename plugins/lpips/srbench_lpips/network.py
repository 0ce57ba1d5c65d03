"""The parts of the package lpips, put together so that the features of an image can be kept.

The package's own class downloads the trunk where it is missing, and keeps random weights for whatever a file lacks.
Here every tensor of trunk and heads comes from a verified file, or nothing is computed.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.weights import WeightsDamaged, import_torchvision, load_state, load_weights, weights_file

if TYPE_CHECKING:
    import torch

VERSION = "0.1"
_BUILDERS = {"alex": "alexnet", "vgg": "vgg16", "squeeze": "squeezenet"}
"""What lpips.pretrained_networks calls the trunks."""
_LAYER = re.compile(r"features\.(\d+)\.(.+)")


class Network:
    """LPIPS v0.1 on one trunk, in float32.

    net: `alex`, `vgg` or `squeeze`. trunk: the name of the trunk's weights. Raises `WeightsMissing` and
    `WeightsDamaged`. identity: equal where features are.
    """

    def __init__(self, net: str, trunk: str, device: str = "cpu") -> None:
        state = load_weights(trunk)
        import_torchvision()
        import lpips
        import torch
        from lpips import pretrained_networks

        with warnings.catch_warnings(), torch.device("meta"):  # no tensor has a value until it comes from a file
            warnings.simplefilter("ignore", UserWarning)  # the package uses names that torchvision has replaced
            self._trunk = getattr(pretrained_networks, _BUILDERS[net])(pretrained=False)
        load_state(self._trunk, _of_slices(self._trunk, state, trunk), trunk)
        self._heads = _heads(net)
        self._scaling = lpips.ScalingLayer()  # type: ignore[no-untyped-call]
        self._normalised = lpips.normalize_tensor
        for module in (self._trunk, self._heads, self._scaling):
            module.to(device).eval().requires_grad_(False)
        self._device = device
        self.identity = (net, weights_file(trunk).sha256, device)

    @staticmethod
    def prepared(image: torch.Tensor) -> torch.Tensor:
        """`(1, 3, H, W)` float32 in [-1, 1] from `(C, H, W)` in [0, 1]; grey is repeated over the channels."""
        return (2 * image.float() - 1).expand(3, -1, -1)[None]

    def features(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The unit-length features of `(N, 3, H, W)` in [-1, 1], layer by layer, each `(N, channels, h, w)`."""
        import torch

        # The reference is float32; a GPU would round the factors of its products to 10 bits.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            layers = self._trunk(self._scaling(images.to(self._device)))
        return tuple(self._normalised(layer) for layer in layers)  # type: ignore[no-untyped-call]

    def distance(self, sr: tuple[torch.Tensor, ...], hr: tuple[torch.Tensor, ...]) -> float:
        """The weighted squared difference of the features of two images, averaged over pixels, summed over layers."""
        layers = zip(self._heads, sr, hr, strict=True)
        return sum(float(head((made - kept) ** 2).mean()) for head, made, kept in layers)

    def distances(
        self, sr: tuple[torch.Tensor, ...], hr: tuple[torch.Tensor, ...], size: tuple[int, int]
    ) -> torch.Tensor:
        """The same at each pixel, `(height, width)`: of every layer, brought to that size bilinearly, added up."""
        import torch

        maps = [head((made - kept) ** 2) for head, made, kept in zip(self._heads, sr, hr, strict=True)]
        larger = [torch.nn.functional.interpolate(one, size, mode="bilinear", align_corners=False) for one in maps]
        return torch.stack(larger).sum(0)[0, 0]


def _of_slices(trunk: torch.nn.Module, state: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    """The convolutions of a classifier's weights, under the names they have in the package's slices of it.

    Its last layers (`classifier.*`) are no part of LPIPS. A slice numbers its layers as the classifier does.
    """
    homes = {
        layer: f"{slice_name}.{layer}"
        for slice_name, slice_ in trunk.named_children()
        for layer, _ in slice_.named_children()
    }
    found = {}
    for key, tensor in state.items():
        layer = _LAYER.fullmatch(key)
        if layer and layer[1] in homes:
            found[f"{homes[layer[1]]}.{layer[2]}"] = tensor
        elif not key.startswith("classifier."):
            raise WeightsDamaged(f"the weights {name!r} hold {key}, which the trunk of LPIPS does not have")
    return found


def _heads(net: str) -> torch.nn.ModuleList:
    """The linear layers fitted to people's judgements, from the package's own file."""
    import lpips
    import torch

    name = f"lpips v{VERSION} heads for {net}"
    path = Path(lpips.__file__).parent / "weights" / f"v{VERSION}" / f"{net}.pth"
    if not path.is_file():
        raise WeightsDamaged(f"{path} is not there: install the package lpips 0.1.4 again")
    state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    with torch.device("meta"):
        widths = [state[key].shape[1] for key in sorted(state)]
        heads = torch.nn.ModuleList(lpips.NetLinLayer(width, use_dropout=True) for width in widths)  # type: ignore[no-untyped-call]
    load_state(heads, {re.sub(r"^lin(\d)\.", r"\1.", key): tensor for key, tensor in state.items()}, name)
    return heads
