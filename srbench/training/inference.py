"""How a trained model is asked: in which number format, compiled or not, and for SR once or in eight orientations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from srbench.contract.fit import Precision
from srbench.devices.kinds import kind_of
from srbench.evaluate.output import NotFinite, finite
from srbench.training.speed.compilation import compile_errors, compile_networks, is_compiled
from srbench.training.speed.numerics import Numerics, numerics
from srbench.training.speed.precision import PrecisionError, autocast

if TYPE_CHECKING:
    import torch

ORIENTATIONS = 8
"""An image and its mirror image, each in four quarter turns."""
_OVERFLOW = "fp16 has no number above 65,504: use precision: bf16, or 32"


@dataclass(frozen=True)
class Inference:
    """How a trained model computes when it is used, of which its training knows nothing.

    precision: the number format of its networks: 32 bits; tf32, bf16 or fp16, in which they differ a little and may be
    faster. What they give is brought to 32 bits again. compile: whether networks are compiled by torch.compile, which
    takes a while for each new shape of image, before it is faster.
    """

    precision: Literal[32, "tf32", "bf16", "fp16"] = 32
    compile: bool = False
    sampling: ClassVar = frozenset({"precision", "compile"})

    @property
    def number_format(self) -> Precision:
        """The precision, as trainings name it."""
        return "32" if self.precision == 32 else self.precision

    @contextmanager
    def computing(self, networks: Collection[torch.nn.Module], device: str) -> Iterator[None]:
        """Inside, these networks compute so. Raises `PrecisionError` and `CompileError` where they cannot.

        Raises `NotFinite` where one ran over in fp16, though SR may not show it: a sampler clamps what it is told.
        """
        if told := kind_of(device).lacks(self.number_format, device):
            raise PrecisionError(told)
        if self.compile:
            # A network that meets ever new sizes would otherwise be compiled for each of the first ones.
            compile_networks((one for one in networks if not is_compiled(one)), dynamic=True)
        rounded = numerics(Numerics(tf32=True)) if self.precision == "tf32" else nullcontext()
        watched = _overflows_told(networks) if self.precision == "fp16" else nullcontext()
        with watched, rounded, autocast(self.number_format, device), compile_errors("the model", "`compile: true`"):
            yield

    def through(self, make: Callable[[torch.Tensor], torch.Tensor], image: torch.Tensor) -> torch.Tensor:
        """What `make` gives for an image `(N, C, H, W)`, in 32 bits.

        Raises `NotFinite` where fp16 ran over; of other formats whoever uses them looks.
        """
        made = make(image).float()
        return finite("the model", made, _OVERFLOW) if self.precision == "fp16" else made


@contextmanager
def _overflows_told(networks: Collection[torch.nn.Module]) -> Iterator[None]:
    """Look at what networks give, on the device; raise `NotFinite` at the end where it is not finite."""
    import torch

    fine: list[torch.Tensor] = []

    def look(network: torch.nn.Module, given: object, made: object) -> None:
        if isinstance(made, torch.Tensor):
            fine.append(made.isfinite().all())

    hooks = [network.register_forward_hook(look) for network in networks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
    if fine and not torch.stack(fine).all():
        raise NotFinite("a network returned values that are not finite", _OVERFLOW)


@dataclass(frozen=True)
class Upscaling(Inference):
    """How a trained model is used for SR, of which its training knows nothing.

    ensemble: 8 gives the mean of what is made of an image in eight orientations, turned back: the geometric
    self-ensemble of Timofte, Rothe, Van Gool, "Seven ways to improve example-based single image super resolution",
    2016. The other parameters are those of every model.
    """

    ensemble: Literal[1, 8] = 1
    sampling: ClassVar = Inference.sampling | {"ensemble"}

    def through(self, make: Callable[[torch.Tensor], torch.Tensor], image: torch.Tensor) -> torch.Tensor:
        """What `make` gives for an image `(N, C, H, W)`, or the mean over its orientations; in 32 bits.

        One orientation after the other, so that eight need little more memory than one.
        """
        made = super().through(make, image)
        for turn in range(1, self.ensemble):
            made = made + turned_back(super().through(make, turned(image, turn)), turn)
        return made if self.ensemble == 1 else made / self.ensemble


def turned(image: torch.Tensor, turn: int) -> torch.Tensor:
    """An image `(..., H, W)` in one of eight orientations: `turn` % 4 quarter turns, from 4 on of its mirror image."""
    image = image.flip(-1) if turn >= 4 else image
    # In the order of memory that every image has: another would have a network compiled once more.
    return image.rot90(turn % 4, (-2, -1)).contiguous()


def turned_back(image: torch.Tensor, turn: int) -> torch.Tensor:
    """The image of which `turned` made this one."""
    image = image.rot90(-(turn % 4), (-2, -1))
    return image.flip(-1) if turn >= 4 else image
