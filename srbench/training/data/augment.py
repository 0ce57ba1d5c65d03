"""Augmentations by name: in which orientations patches are learned from, and what is changed in a batch of them.

What changes a batch draws from torch's global generator, which a checkpoint holds, on the CPU: the numbers are the same
on every device.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction as Ratio
from typing import TYPE_CHECKING

from srbench.pictures.resize import resize, resize_to
from srbench.training.data.batch import Batch
from srbench.types import Fraction, OpenFraction, Positive

if TYPE_CHECKING:
    import torch

_JITTER = 0.01
"""Standard deviation of the side of CutBlur's rectangle, around `alpha`."""


@dataclass(frozen=True)
class Flips:
    """Mirror images, left to right and upside down, as far as wanted."""

    horizontal: bool = True
    vertical: bool = True


@dataclass(frozen=True)
class Turns:
    """Quarter turns."""


@dataclass(frozen=True)
class Brightness:
    """Each image's values times a factor within `by` of 1; LR and HR alike."""

    by: OpenFraction = 0.2

    def __call__(self, batch: Batch) -> Batch:
        """The batch, brighter or darker."""
        factor = 1 + self.by * _evenly(batch, -1.0)
        return replace(batch, lr=(batch.lr * factor).clamp(0, 1), hr=(batch.hr * factor).clamp(0, 1))


@dataclass(frozen=True)
class Contrast:
    """The distance of each image's values to the mean of its HR times a factor within `by` of 1; LR and HR alike."""

    by: OpenFraction = 0.2

    def __call__(self, batch: Batch) -> Batch:
        """The batch with more contrast or less."""
        factor, mean = 1 + self.by * _evenly(batch, -1.0), batch.hr.mean((1, 2, 3), keepdim=True)
        lr, hr = (((image - mean) * factor + mean).clamp(0, 1) for image in (batch.lr, batch.hr))
        return replace(batch, lr=lr, hr=hr)


@dataclass(frozen=True)
class Inversion:
    """Black is white and white is black, with this probability for each image; LR and HR alike."""

    probability: Fraction = 0.5

    def __call__(self, batch: Batch) -> Batch:
        """The batch, some of it inverted."""
        import torch

        inverted = _evenly(batch) < self.probability
        lr, hr = (torch.where(inverted, 1 - image, image) for image in (batch.lr, batch.hr))
        return replace(batch, lr=lr, hr=hr)


@dataclass(frozen=True)
class Zoom:
    """A square of each image, the same one in LR and HR, enlarged to the whole by up to 1 + `by` (bicubic)."""

    by: Positive = 0.2

    def __call__(self, batch: Batch) -> Batch:
        """The batch, each image nearer by a factor of its own; its squares are whole pixels of LR and HR."""
        import torch

        length, enlarged = batch.lr.shape[-1], batch.hr.shape[-1]
        step = Ratio(enlarged, length).denominator
        least = math.ceil(length / (1 + self.by) / step)
        zoomed: list[tuple[torch.Tensor, torch.Tensor]] = []
        for lr, hr in zip(batch.lr, batch.hr, strict=True):
            side = step * int(torch.randint(least, length // step + 1, ()))
            top, left = (step * int(torch.randint((length - side) // step + 1, ())) for _ in range(2))
            zoomed.append((_square(lr, top, left, side, length), _square(hr, top, left, side, length)))
        lr, hr = (torch.stack(images).clamp(0, 1) for images in zip(*zoomed, strict=True))
        return replace(batch, lr=lr, hr=hr)


@dataclass(frozen=True)
class Noise:
    """Normal noise in LR alone, for each image of a standard deviation of up to `sigma`, white being 1."""

    sigma: Positive = 0.02

    def __call__(self, batch: Batch) -> Batch:
        """The batch with noisy LR."""
        import torch

        sigma, noise = self.sigma * _evenly(batch), torch.randn(batch.lr.shape).to(batch.lr.device)
        return replace(batch, lr=(batch.lr + sigma * noise).clamp(0, 1))


@dataclass(frozen=True)
class CutBlur:
    """A rectangle of the input is HR where the rest is LR, or LR where the rest is HR; the target stays HR.

    Yoo, Ahn, Sohn, "Rethinking data augmentation for image super-resolution: a comprehensive analysis and a new
    strategy", 2020 (arXiv 2004.00448). The network learns where, and how much, to sharpen. One rectangle
    serves the whole batch, at the same place in each image.

    Input and target have to be of one size, so `lr` of the batch is first enlarged to HR's by bicubic interpolation:
    this is for methods that take such LR (`TorchMethod.takes_enlarged`). The authors give others another first layer,
    which undoes the enlargement by shuffling pixels into channels.

    probability: of a batch to be changed; 1 in the paper's best setting for RRDBNet. alpha: the side of the rectangle,
    relative to the image's; 0.7 in the paper.
    """

    probability: Fraction = 1.0
    alpha: OpenFraction = 0.7

    def __call__(self, batch: Batch) -> Batch:
        """A batch whose `lr` has the size of its `hr`."""
        import torch

        blurred = resize(batch.lr, Ratio(batch.hr.shape[-1], batch.lr.shape[-1]))
        if float(torch.rand(())) >= self.probability:
            return replace(batch, lr=blurred)
        top, bottom, left, right = self._rectangle(*batch.hr.shape[-2:])
        outside, inside = (blurred, batch.hr) if float(torch.rand(())) < 0.5 else (batch.hr, blurred)
        mixed = outside.clone()
        mixed[..., top:bottom, left:right] = inside[..., top:bottom, left:right]
        return replace(batch, lr=mixed)

    def _rectangle(self, height: int, width: int) -> tuple[int, int, int, int]:
        import torch

        part = min(max(self.alpha + _JITTER * float(torch.randn(())), 0.0), 1.0)
        rows, columns = int(height * part), int(width * part)
        top = int(torch.randint(height - rows + 1, ()))
        left = int(torch.randint(width - columns + 1, ()))
        return top, top + rows, left, left + columns


@dataclass(frozen=True)
class MixUp:
    """Each image blended with another of its batch, LR with LR and HR with HR, by a share from Beta(`alpha`, `alpha`).

    Zhang, Cissé, Dauphin, Lopez-Paz, "mixup: beyond empirical risk minimization", 2018 (arXiv 1710.09412); for
    super-resolution, with 1.2, in the paper of CutBlur. probability: of a batch to be changed.
    """

    probability: Fraction = 0.5
    alpha: Positive = 1.2

    def __call__(self, batch: Batch) -> Batch:
        """The batch, blended."""
        import torch

        if float(torch.rand(())) >= self.probability:
            return batch
        count = len(batch.hr)
        others = torch.randperm(count).to(batch.hr.device)
        share = torch.distributions.Beta(self.alpha, self.alpha).sample(torch.Size([count, 1, 1, 1]))
        share = share.to(batch.hr.device)
        lr, hr = (image.lerp(image[others], share) for image in (batch.lr, batch.hr))
        return replace(batch, lr=lr, hr=hr)


AUGMENTATIONS: Mapping[str, type] = {
    "flips": Flips,
    "turns": Turns,
    "brightness": Brightness,
    "contrast": Contrast,
    "inversion": Inversion,
    "zoom": Zoom,
    "noise": Noise,
    "cutblur": CutBlur,
    "mixup": MixUp,
}
"""By the names that a matrix calls them."""


def orientations(asked: Sequence[object]) -> tuple[int, ...]:
    """Which of the eight orientations, as `pairs.turned` numbers them, the flips and turns among augmentations make."""
    flips = [one for one in asked if isinstance(one, Flips)]
    across, down = any(one.horizontal for one in flips), any(one.vertical for one in flips)
    if any(isinstance(one, Turns) for one in asked):
        return tuple(range(8)) if across or down else (0, 1, 2, 3)
    # Mirrored from left to right is 4, and that turned twice is upside down; both together are two turns.
    found = {(False, False): (0,), (True, False): (0, 4), (False, True): (0, 6), (True, True): (0, 2, 4, 6)}
    return found[across, down]


def in_turn(asked: Sequence[object]) -> Callable[[Batch], Batch] | None:
    """What changes a batch, one augmentation after the other; None where none of them does."""
    changes = [one for one in asked if callable(one)]

    def changed(batch: Batch) -> Batch:
        for change in changes:
            batch = change(batch)
        return batch

    return changed if changes else None


def _square(image: torch.Tensor, top: int, left: int, side: int, length: int) -> torch.Tensor:
    """A square of an image `(C, H, H)`, enlarged to its size; place and side are counted as if H were `length`."""
    height = image.shape[-1]
    top, left, side = (place * height // length for place in (top, left, side))
    square = image[..., top : top + side, left : left + side]
    return image if side == height else resize_to(square, height, height)


def _evenly(batch: Batch, least: float = 0.0) -> torch.Tensor:
    """A number for each image of a batch, `(N, 1, 1, 1)` on its device, evenly from `least` up to 1."""
    import torch

    return (least + (1 - least) * torch.rand(len(batch.hr), 1, 1, 1)).to(batch.hr.device)
