"""What one step of a training learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Batch:
    """What a step learns from.

    lr `(N, C, p, p)`, hr `(N, C, p * scale, p * scale)`: float32 with white at 1, on the device of the training.
    progress: how much of the stage is done, in [0, 1), for what begins late or fades out.
    labels: `(N,)`, int64: the class of each image, as its place among the sorted names of classes
    (`TrainingSet.labels`); -1 where an image has none, and everywhere when they are left out. Where masks are learned,
    these: `(N, 1, p, p)`.
    """

    lr: torch.Tensor
    hr: torch.Tensor
    progress: float
    labels: torch.Tensor = None  # type: ignore[assignment]  # a tensor as soon as it is made

    def __post_init__(self) -> None:
        if cast("torch.Tensor | None", self.labels) is None:
            import torch

            object.__setattr__(self, "labels", torch.full((len(self.lr),), -1, device=self.lr.device))

    def part(self, images: slice) -> Batch:
        """These images of it alone."""
        return replace(self, lr=self.lr[images], hr=self.hr[images], labels=self.labels[images])
