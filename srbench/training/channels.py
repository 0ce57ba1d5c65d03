"""Weights for images of one channel made of those for three, and the reverse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Tensors = Mapping[str, "torch.Tensor"]


class Conversion:
    """Makes tensors of a network of those of the same network for the other number of channels.

    So that both give the same, up to rounding, for pictures whose channels are equal, where all that lies beyond the
    outermost layers is alike: what a layer sees of the channels is summed, or divided by 3 and repeated; what it makes
    of them is averaged, or repeated. A network may take a mean colour away, multiply by a range, and undo both at its
    end, and keep these as `mean` and `img_range`, as basicsr's and spandrel's do. Where they differ, first and last
    layers make up for it: exactly, but for the outermost pixels, beside which a convolution sees zeros.

    network: that the tensors are for. other: for the other channels; only its shapes, its mean and its range count.
    """

    def __init__(self, network: torch.nn.Module, other: torch.nn.Module) -> None:
        import torch

        self._network = network
        self._own = {key: one.shape for key, one in network.state_dict().items()}
        self._other = {key: one.shape for key, one in other.state_dict().items()}
        ours, theirs = (getattr(one, "mean", None) for one in (network, other))
        self._means: tuple[torch.Tensor, torch.Tensor] | None = None
        if isinstance(ours, torch.Tensor) and isinstance(theirs, torch.Tensor) and ours.numel() != theirs.numel():
            self._means = (ours.detach().flatten(), theirs.detach().flatten())
        self._range = float(getattr(network, "img_range", 1.0))
        self._rates = self._range / float(getattr(other, "img_range", 1.0))

    def concerns(self, key: str) -> bool:
        """Whether a tensor is of a layer that sees or makes the channels of images."""
        place = key.removesuffix(key.rpartition(".")[2])
        names = (key, f"{place}weight", f"{place}bias")
        return any(self._own.get(name) != self._other.get(name) for name in names)

    def made(self, key: str, given: Tensors) -> torch.Tensor | None:
        """The network's tensor of this name, of those of the other one; None where what it means is not known."""
        from torch import nn

        place, _, kind = key.rpartition(".")
        layer = self._network.get_submodule(place)
        weight = given.get(key.removesuffix(kind) + "weight")
        if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) or kind not in ("weight", "bias"):
            return None
        if weight is None or weight.shape != self._other.get(key.removesuffix(kind) + "weight"):
            return None
        seen = 0 if isinstance(layer, nn.ConvTranspose2d) else 1
        own, weight = layer.weight, weight.to(layer.weight.dtype)
        sees, makes = (weight.shape[axis] != own.shape[axis] for axis in (seen, 1 - seen))
        ours = for_channels(weight, own.shape, seen)
        if sees:
            ours = ours / self._rates
        if kind == "weight":
            return ours * self._rates if makes else ours
        bias = for_channels(given[key].to(own.dtype), own.shape[1 - seen : 2 - seen], None)
        bias = bias * self._rates if makes else bias
        if self._means is None:
            return bias
        mean, theirs = (one.to(own.dtype) for one in self._means)
        if sees:
            bias = bias + self._range * (_mixed(ours, mean, seen) - _mixed(weight, theirs, seen) / self._rates)
        if makes:
            colour = for_channels(_each(theirs, len(given[key])), bias.shape, None)
            bias = bias + self._range * (colour - _each(mean, len(bias)))
        return bias


def for_channels(given: torch.Tensor, shape: torch.Size, seen: int | None) -> torch.Tensor:
    """A tensor in a shape with a third, or three times, the channels along an axis.

    Channel by channel, each with as many as a shuffle of pixels takes or makes. seen: the axis of what a layer sees.
    """
    for axis, (now, wanted) in enumerate(zip(given.shape, shape, strict=True)):
        if now == 3 * wanted:
            parts = given.reshape(*given.shape[:axis], 3, wanted, *given.shape[axis + 1 :])
            given = parts.sum(axis) if axis == seen else parts.mean(axis)
        elif wanted == 3 * now:
            given = given / 3 if axis == seen else given
            given = given.repeat([3 if one == axis else 1 for one in range(given.dim())])
    return given


def _mixed(weight: torch.Tensor, mean: torch.Tensor, seen: int) -> torch.Tensor:
    """What a layer makes of a picture that is the mean colour everywhere."""
    matrix = weight.flatten(2).sum(2) if weight.dim() > 2 else weight
    return (matrix if seen == 1 else matrix.T) @ _each(mean, weight.shape[seen])


def _each(mean: torch.Tensor, count: int) -> torch.Tensor:
    """The mean of each of so many channels, of which a shuffle of pixels takes several from one of the image."""
    return mean.repeat_interleave(count // mean.numel())
