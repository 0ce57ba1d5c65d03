"""How alike the images of a set are to each other: what shows a generator that makes one image again and again."""

from __future__ import annotations

import hashlib
import heapq
import math
from itertools import combinations
from typing import TYPE_CHECKING

import srbench

from .structural import MsSsim, Ssim

if TYPE_CHECKING:
    import torch


class _Pairwise(srbench.SetMetric):
    """The mean of a similarity over the pairs of images of a set.

    Of a set of more than `images` images, that many are compared: those whose HR has the smallest sha256, which is a
    sample drawn without regard to order or method; so every method is judged by the same images, and only they are
    held in memory.
    """

    higher_is_better = False
    similarity: srbench.ImageMetric

    def __init__(self, images: int = 20) -> None:
        if images < 2:
            raise srbench.SrbenchError(f"images: {images} make no pair; compare at least 2")
        self.images = images
        self._shapes: set[tuple[int, ...]] = set()
        self._taken = 0
        # The largest digest first, so that a smaller one takes its place; the count settles equal images.
        self._held: list[tuple[int, int, int, torch.Tensor, torch.Tensor]] = []

    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        """Take in one image and its HR, both float64 `(C, H, W)` in [0, 1]."""
        self._shapes |= {tuple(sr.shape), tuple(hr.shape)}
        if len(self._shapes) > 1:
            self._held.clear()
            return
        # Half the memory; what is lost lies far below the rounding of 16-bit pixels. Always a copy.
        held = (-_digest(hr), -_digest(sr), self._taken, sr.float().clone(), hr.float().clone())
        self._taken += 1
        place = heapq.heappush if len(self._held) < self.images else heapq.heappushpop
        place(self._held, held)

    def compute(self) -> float | srbench.Skip:
        """The mean similarity of the SR images to each other."""
        if len(self._shapes) > 1:
            first, second = sorted(self._shapes)[:2]
            return srbench.Skip(
                "the images are of different sizes or channels, which cannot be compared pixel by pixel: "
                f"{_words(first)} and {_words(second)}, for example"
            )
        if len(self._held) < 2:
            return srbench.Skip(f"pairs need two images; the set has {len(self._held)}")
        return self._mean([sr for *_, sr, _ in self._held])

    def extra(self) -> dict[str, float]:
        """The ceiling: the mean similarity of the same HR images, to judge the value by; and how many pairs there are.

        Empty where the metric is skipped.
        """
        if len(self._held) < 2:
            return {}
        real = self._mean([hr for *_, hr in self._held])
        if isinstance(real, srbench.Skip):
            return {}
        return {"ceiling": real, "pairs": float(math.comb(len(self._held), 2))}

    def _mean(self, images: list[torch.Tensor]) -> float | srbench.Skip:
        scores = []
        for one, other in combinations(images, 2):
            score = self.similarity.score(one.double(), other.double())
            if isinstance(score, srbench.Skip):
                return score
            scores.append(score)
        return math.fsum(scores) / len(scores)


class PairwiseSsim(_Pairwise):
    """Mean SSIM over the pairs of images of a set: lower is more diverse. Its ceiling is that of HR.

    SSIM is that of the metric `ssim`. All pairs of the set, or of `images` of its images when there are more (chosen by
    the sha256 of their HR). Skipped where sizes differ, with fewer than two images, and where SSIM would be.
    """

    range = (-1.0, 1.0)
    similarity = Ssim()


class PairwiseMsSsim(_Pairwise):
    """Mean MS-SSIM over the pairs of images of a set: lower is more diverse. Its ceiling is that of HR.

    Odena, Olah, Shlens, "Conditional image synthesis with auxiliary classifier GANs", 2017, who take 100 random pairs
    of a class. Here: all pairs of the set, or of `images` of its images when there are more (190 pairs of the default
    20; chosen by the sha256 of their HR). Skipped where sizes differ, with fewer than two images, and where MS-SSIM
    would be (160 pixels or less on a side).
    """

    range = (0.0, 1.0)
    similarity = MsSsim()


def _digest(image: torch.Tensor) -> int:
    return int.from_bytes(hashlib.sha256(image.contiguous().numpy().tobytes()).digest())


def _words(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{width} x {height} x {channels}"
