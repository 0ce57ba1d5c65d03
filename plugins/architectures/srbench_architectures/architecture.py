"""What is known of a network before it is made: its parameters, and what it asks for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from srbench import Paper
from srbench.errors import SrbenchError
from srbench.training import Channels, Format

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Architecture(ABC):
    """A network that makes SR of LR. Its parameters are the fields of its class, as published unless given otherwise.

    scales: what it upscales by. trains_on, memory_format: as of `srbench.TorchMethod`. grey: whether it can be made for
    one channel; one that cannot is given grey three times over, and the three images that it makes are averaged.
    alone: whether it upscales one image at a time. fewest: how many images it learns from at once, at least. presets:
    by name, parameters of it and of its training. papers: what is to be cited for it.
    """

    scales: ClassVar[tuple[int, ...]] = (2, 3, 4, 8)
    trains_on: ClassVar[Channels] = "all"
    memory_format: ClassVar[Format] = "contiguous"
    grey: ClassVar[bool] = True
    alone: ClassVar[bool] = False
    fewest: ClassVar[int] = 1
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    papers: ClassVar[tuple[Paper, ...]] = ()

    @abstractmethod
    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """The network with initial weights, for images with `channels` (3, or 1 where it is made for grey).

        patch: the side of LR patches that it will learn from. Raises `SrbenchError` where the parameters do not go
        together.
        """

    @property
    def least(self) -> int:
        """The smallest side of LR that it takes."""
        return 1

    @property
    def multiple(self) -> int:
        """A number of pixels; the sides of LR that it takes are multiples of it."""
        return 1

    def sides(self, height: int, width: int, scale: int) -> tuple[int, int]:
        """The height and width to which LR of this size is continued for it, where it upscales by `scale`."""
        return up_to(max(self.least, height), self.multiple), up_to(max(self.least, width), self.multiple)

    def reach(self, scale: int) -> int | None:
        """How many LR pixels around an output pixel can influence it; None: any, or more than is known."""
        return None

    def sr(self, network: torch.nn.Module, lr: torch.Tensor, scale: int) -> torch.Tensor:
        """SR `(N, C, H * scale, W * scale)` of LR `(N, C, H, W)` of any size, by a network that `build` made."""
        import torch

        height, width = lr.shape[-2:]
        seen = continued(lr, *self.sides(height, width, scale))
        in_colour = lr.shape[1] == 1 and not self.grey
        if in_colour:
            seen = seen.expand(-1, 3, -1, -1).contiguous()
        apart = torch.split(seen, 1) if self.alone and not network.training else (seen,)
        sr = torch.cat([network(images) for images in apart])
        if in_colour:
            sr = sr.mean(1, keepdim=True)
        return sr[..., : height * scale, : width * scale]

    def learns_from(
        self, network: torch.nn.Module, lr: torch.Tensor, scale: int, progress: float
    ) -> Sequence[tuple[float, torch.Tensor]]:
        """What is compared with HR in a step at this progress of the training, each with its weight in the loss."""
        return [(1.0, self.sr(network, lr, scale))]

    def parameters_count(self, network: torch.nn.Module) -> int:
        """How many of the network's numbers are learned, and needed to upscale."""
        return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def up_to(side: int, multiple: int) -> int:
    """The next multiple, at least `side`."""
    return side + -side % multiple


def continued(lr: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """A copy of LR `(N, C, H, W)`, continued at the bottom and the right to this height and width.

    By its mirror image, and where that is too small by its outermost pixels. A copy, since some networks write into
    what they are given.
    """
    from torch.nn.functional import pad

    down, across = height - lr.shape[-2], width - lr.shape[-1]
    if not down and not across:
        return lr.clone()
    mirrored_down, mirrored_across = min(down, lr.shape[-2] - 1), min(across, lr.shape[-1] - 1)
    lr = pad(lr, [0, mirrored_across, 0, mirrored_down], mode="reflect")
    return pad(lr, [0, across - mirrored_across, 0, down - mirrored_down], mode="replicate")


def check(holds: bool, what: str) -> None:
    """Raise `SrbenchError` that says what is wrong, unless it `holds`."""
    if not holds:
        raise SrbenchError(what)


def check_heads(embed_dim: int, depths: Sequence[int], num_heads: Sequence[int], depths_name: str = "depths") -> None:
    """Raise `SrbenchError` unless there are heads for each group of layers, which divide the channels."""
    check(
        len(depths) == len(num_heads) > 0,
        f"{depths_name} has {len(depths)} groups of layers, num_heads is for {len(num_heads)}; give one each",
    )
    for heads in num_heads:
        check(embed_dim % heads == 0, f"embed_dim {embed_dim} is no multiple of its {heads} heads (num_heads)")
