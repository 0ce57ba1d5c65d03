"""What a generator is: a method that makes images from noise instead of from LR."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from srbench.contract.method import Method
from srbench.contract.names import GENERATION

if TYPE_CHECKING:
    import torch

    from srbench.pictures import Scale


@dataclass(frozen=True)
class SampleContext:
    """Which samples are asked for.

    seed: of all of them. first: the place of the first one in the whole set. size: side in pixels, channels: 1 or 3,
    both those of the images learned from. labels: the class that each should be of, where the generator is `labelled`.
    """

    seed: int
    first: int
    size: int
    channels: int
    labels: tuple[str, ...] | None = None


class Generator(Method):
    """Makes images from noise, for the task `generation`.

    It is trained as every method is: the training set's images are squares of one size, their LR (at scale 1) is
    themselves, and each has its label where the dataset has labels. `supports` is asked with scale 1.

    labelled: whether it is asked for images of a class, one by one; may be set in `__init__`. Where it is, its samples
    have the labels of the training split in the same proportions.
    """

    samples = True
    labelled: bool = False

    @classmethod
    def tasks(cls) -> frozenset[str]:
        """The names of the tasks that it can do."""
        return frozenset({GENERATION})

    @abstractmethod
    def sample(self, count: int, context: SampleContext) -> torch.Tensor:
        """Images `(count, C, size, size)`; float32, white at 1, on `self.device`.

        An image depends on the seed, its place (`context.first` for the first of the call) and its label alone: not on
        how many are made in one call, nor on torch's global generator. Values outside [0, 1] are clamped when written.
        """

    def upscale(self, lr: torch.Tensor, scale: Scale) -> torch.Tensor:
        """Not what generators do."""
        raise TypeError(f"{type(self).__name__} makes images from noise; it does not upscale")
