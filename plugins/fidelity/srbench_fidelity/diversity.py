"""How alike the images of a set are to each other: what shows a generator that makes one image again and again."""

from __future__ import annotations

import hashlib
import heapq
import math
import statistics
from abc import abstractmethod
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar

import srbench

from .structural import WINDOW, fitting_scales, ms_ssim, ssim_of_pairs

if TYPE_CHECKING:
    import torch

    from srbench import Source


class _Sample:
    """At most `size` images of a set, those chosen by the smallest sha256: a draw without regard to order or method."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        # The largest digest first, so that a smaller one takes its place; the count settles equal images.
        self._held: list[tuple[int, int, int, torch.Tensor]] = []

    def add(self, image: torch.Tensor, chosen_by: torch.Tensor) -> None:
        held = (-_digest(chosen_by), -_digest(image), self._taken, image)
        self._taken += 1
        place = heapq.heappush if len(self._held) < self._size else heapq.heappushpop
        place(self._held, held)

    def clear(self) -> None:
        self._held.clear()

    def images(self) -> list[torch.Tensor]:
        return [image.double() for *_, image in self._held]


class _Samples:
    """A sample of a whole set, and one of each of its classes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.whole = _Sample(size)
        self.by_class: dict[str, _Sample] = {}

    def add(self, image: torch.Tensor, chosen_by: torch.Tensor, label: str | None) -> None:
        # Half the memory; what is lost lies far below the rounding of 16-bit pixels. Always a copy.
        kept = image.float().clone()
        self.whole.add(kept, chosen_by)
        if label is not None:
            self.by_class.setdefault(label, _Sample(self._size)).add(kept, chosen_by)

    def clear(self) -> None:
        for sample in (self.whole, *self.by_class.values()):
            sample.clear()


class _Pairwise(srbench.SetMetric):
    """The mean of a similarity over the pairs of images of a set, and its standard deviation; the same of each class.

    Of a set or class of more than `images` images, that many are compared: those whose HR has the smallest sha256, a
    sample drawn without regard to order or method; so every method is judged by the same images, and only they are
    held in memory. Generated images, which have no HR, are chosen by their own sha256.
    """

    higher_is_better = False

    def __init__(self, images: int = 20) -> None:
        if images < 2:
            raise srbench.SrbenchError(f"images: {images} make no pair; compare at least 2")
        self._shapes: set[tuple[int, int, int]] = set()
        self._made, self._real = _Samples(images), _Samples(images)

    @abstractmethod
    def similarities(self, images: list[torch.Tensor]) -> list[float] | srbench.Skip:
        """How alike the images of each pair of at least two are, all `(C, H, W)`, float64 in [0, 1]."""

    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        """Take in one image and its HR without a label, both float64 `(C, H, W)` in [0, 1]."""
        self._see(self._made, sr, hr, None)
        self._see(self._real, hr, hr, None)

    def update_item(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
        """Take in one image and its HR."""
        self._see(self._made, sr, hr, item.label)
        self._see(self._real, hr, hr, item.label)

    def update_unpaired(self, image: torch.Tensor, source: Source, item: srbench.Item) -> None:
        """Take in one image of the two sets; those of the training split are left out."""
        if source != "training":
            self._see(self._made if source == "generated" else self._real, image, image, item.label)

    def _see(self, samples: _Samples, image: torch.Tensor, chosen_by: torch.Tensor, label: str | None) -> None:
        channels, height, width = image.shape
        self._shapes.add((channels, height, width))
        if len(self._shapes) == 1:
            samples.add(image, chosen_by, label)
        else:
            self._made.clear()
            self._real.clear()

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The mean similarity of the generated images to each other.

        Beside it its standard deviation over pairs, the ceiling, that of the real images, to judge both by, and how
        many pairs there are; of labelled images the same within each class, where that has two.
        """
        if len(self._shapes) > 1:
            first, second = sorted(self._shapes)[:2]
            return srbench.Skip(
                "the images are of different sizes or channels, which cannot be compared pixel by pixel: "
                f"{_words(first)} and {_words(second)}, for example"
            )
        made, real = self._estimate(self._made.whole), self._estimate(self._real.whole)
        if isinstance(made, srbench.Skip):
            return made
        details = srbench.Details(
            spread=made.spread,
            ceiling=None if isinstance(real, srbench.Skip) else real,
            by_class=self._estimates(self._made),
            ceiling_by_class=self._estimates(self._real),
            further={"pairs": math.comb(made.n or 0, 2), **self._further(*next(iter(self._shapes)))},
        )
        return made.value, details

    def _further(self, channels: int, height: int, width: int) -> dict[str, int]:
        """Further numbers beside the value of images of this shape."""
        return {}

    def _estimates(self, samples: _Samples) -> dict[str, srbench.Estimate]:
        """The mean similarity of each class with a pair, by label; none where all images are of one class."""
        found = {label: self._estimate(sample) for label, sample in sorted(samples.by_class.items())}
        known = {label: one for label, one in found.items() if isinstance(one, srbench.Estimate)}
        return known if len(found) > 1 else {}

    def _estimate(self, sample: _Sample) -> srbench.Estimate | srbench.Skip:
        """Mean and standard deviation over the pairs of a sample."""
        images = sample.images()
        if len(images) < 2:
            return srbench.Skip(f"pairs need two images; the set has {len(images)}")
        scores = self.similarities(images)
        if isinstance(scores, srbench.Skip):
            return scores
        return srbench.Estimate(
            math.fsum(scores) / len(scores), statistics.stdev(scores) if len(scores) > 1 else None, len(images)
        )


class PairwiseSsim(_Pairwise):
    """Mean SSIM over the pairs of images of a set: lower is more diverse. Its ceiling is that of real images.

    SSIM is that of the metric `ssim`. All pairs of the set, or of `images` of its images when there are more (chosen by
    the sha256 of their HR; generated ones by their own). Skipped where sizes differ, with fewer than two images, and
    where SSIM would be.
    """

    shown_as = "pairwise-SSIM"
    papers: ClassVar = (
        srbench.Paper(
            ("Wang", "Bovik", "Sheikh", "Simoncelli"),
            "Image quality assessment: From error visibility to structural similarity",
            2004,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    range = (-1.0, 1.0)

    def similarities(self, images: list[torch.Tensor]) -> list[float] | srbench.Skip:
        """SSIM."""
        height, width = images[0].shape[-2:]
        if min(height, width) < WINDOW:
            return srbench.Skip(f"SSIM needs {WINDOW} pixels on each side; here are {width} x {height}")
        return ssim_of_pairs(images)


class PairwiseMsSsim(_Pairwise):
    """Mean MS-SSIM over the pairs of images of a set: lower is more diverse. Its ceiling is that of real images.

    Odena, Olah, Shlens, "Conditional image synthesis with auxiliary classifier GANs", 2017, who take 100 random pairs
    of a class. Here: all pairs of the set, or of `images` of its images when there are more (190 pairs of the default
    20; chosen by the sha256 of their HR, generated ones by their own).

    The five scales of MS-SSIM need more than 160 pixels on each side. Smaller images are compared over the scales whose
    11 x 11 window fits (at 64 pixels the three finest, at 32 two), with the weights of these scales divided by their
    sum; `scales` beside the value says over how many. Values over different numbers of scales cannot be compared.
    Skipped where sizes differ, with fewer than two images, and under 11 pixels.
    """

    shown_as = "pairwise-MS-SSIM"
    papers: ClassVar = (
        srbench.Paper(
            ("Odena", "Olah", "Shlens"),
            "Conditional image synthesis with auxiliary classifier GANs",
            2017,
            conference="ICML",
            arxiv="1610.09585",
        ),
    )
    range = (0.0, 1.0)

    def similarities(self, images: list[torch.Tensor]) -> list[float] | srbench.Skip:
        """MS-SSIM over the scales that fit."""
        height, width = images[0].shape[-2:]
        scales = fitting_scales(height, width)
        if not scales:
            return srbench.Skip(
                f"MS-SSIM needs {WINDOW} pixels on each side even for one scale; here are {width} x {height}"
            )
        return [ms_ssim(one, other, scales) for one, other in combinations(images, 2)]

    def _further(self, channels: int, height: int, width: int) -> dict[str, int]:
        return {"scales": fitting_scales(height, width)}


def _digest(image: torch.Tensor) -> int:
    return int.from_bytes(hashlib.sha256(image.contiguous().numpy().tobytes()).digest())


def _words(shape: tuple[int, int, int]) -> str:
    channels, height, width = shape
    return f"{width} x {height} x {channels}"
