"""Architectures whose networks are defined by spandrel."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from srbench.errors import SrbenchError

from .architecture import Architecture

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SpandrelArchitecture(Architecture):
    """An architecture whose fields are called as spandrel calls the arguments of the network.

    home: the name of the architecture in spandrel. network: that of the class, where it is another. channels_as: the
    arguments that say how many channels images have. scale_as: the argument that says by what it upscales.
    """

    home: ClassVar[str]
    network: ClassVar[str] = ""
    channels_as: ClassVar[tuple[str, ...]] = ("in_chans",)
    scale_as: ClassVar[str] = "upscale"

    def further(self, channels: int, patch: int) -> dict[str, Any]:
        """Arguments of the network that are no parameters: they hang on the images that it will learn from."""
        return {}

    def build(self, channels: int, scale: int, patch: int) -> torch.nn.Module:
        """Make the network, with the initial weights that its authors gave it."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
        seen = channels if self.grey else 3
        given |= dict.fromkeys(self.channels_as, seen) | {self.scale_as: scale} | self.further(seen, patch)
        try:
            with warnings.catch_warnings(category=UserWarning, action="ignore"):  # torch's, of what spandrel calls
                network: torch.nn.Module = network_class(self.home, self.network or self.home)(**given)
        except (AssertionError, ArithmeticError, IndexError, RuntimeError, ValueError) as error:
            raise SrbenchError(f"{self.home} cannot be made with these parameters: {error}") from error
        for name, parameter in network.named_parameters():
            if not parameter.numel():
                raise SrbenchError(f"{self.home} has too few channels with these parameters: none are left for {name}")
        return network


def network_class(home: str, name: str) -> Any:
    """A network's class as spandrel defines it."""
    from srbench.weights import import_torchvision

    import_torchvision()
    return getattr(importlib.import_module(f"spandrel.architectures.{home}"), name)
