"""The score by which the NTIRE challenges rank SR that is to please the eye: six metrics in one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import srbench
from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch

Part = Literal["lpips", "dists", "clip-iqa", "maniqa", "musiq", "niqe"]
PARTS: Mapping[Part, Callable[[float], float]] = {
    "lpips": lambda mean: 1 - mean,
    "dists": lambda mean: 1 - mean,
    "clip-iqa": lambda mean: mean,
    "maniqa": lambda mean: mean,
    "musiq": lambda mean: mean / 100,
    "niqe": lambda mean: max(0.0, (10 - mean) / 10),
}
"""What each metric adds to the score, of its mean over the images."""
HOMES: Mapping[str, str] = {
    "lpips": "srbench_lpips.metric:Lpips",
    "dists": "srbench_perceptual.dists:Dists",
    "clip-iqa": "srbench_no_reference.clip_iqa:ClipIqa",
    "niqe": "srbench_no_reference.niqe:Niqe",
}
"""Where those are that srbench has. All of them see whole images in colour, as the challenge's do."""


class Ntire(srbench.SetMetric):
    """The perceptual score of the NTIRE challenges: the sum of six metrics' means, each brought to about 0 to 1.

    (1 - LPIPS) + (1 - DISTS) + CLIP-IQA + MANIQA + MUSIQ / 100 + max(0, (10 - NIQE) / 10), of the means over the images
    (Chen et al., "NTIRE 2025 challenge on image super-resolution (x4)", and its repository
    zhengchen1999/NTIRE2025_ImageSR_x4). Each is srbench's metric of that name with its own defaults. Where srbench does
    not have one of them, there is no score, and the reason names it. Beside the value stand the means, and how many
    there are.
    """

    judges = "perception"
    shown_as = "NTIRE"
    higher_is_better = True
    sees = "image"

    def __init__(self, without: tuple[Part, ...] = ()) -> None:
        """Which metrics are added up.

        without: those that are left out: another score, which cannot be compared with that of all six. Give it another
        name with `as`.
        """
        if set(without) >= PARTS.keys():
            raise SrbenchError("without: leaves nothing to add up")
        self._wanted = [part for part in PARTS if part not in without]
        self._absent = [name for name in self._wanted if name not in HOMES]
        self._parts = {name: _part(name) for name in self._wanted if name not in self._absent}
        # Where a metric is absent, fetching the others' weights would help nobody.
        parts = () if self._absent else self._parts.values()
        self.weights = tuple(dict.fromkeys(file for part in parts for file in part.weights))
        self._scores: dict[str, list[float]] = {name: [] for name in self._parts}
        self._skipped: dict[str, str] = {}

    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        """Take in one image and its HR, both float64 `(C, H, W)` in [0, 1]."""
        if self._why:
            return
        for name, part in self._parts.items():
            part.device = self.device
            score = part.score(sr, hr)
            if isinstance(score, srbench.Skip):
                self._skipped[name] = f"{name}: {score.reason}"
            else:
                self._scores[name].append(score[0] if isinstance(score, tuple) else score)

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The score, and beside it the mean of each metric."""
        if why := self._why:
            return srbench.Skip(why)
        counts = {len(scores) for scores in self._scores.values()}
        if counts == {0}:
            return srbench.Skip("there is no image")
        means = {name: sum(scores) / len(scores) for name, scores in self._scores.items()}
        further: dict[str, float] = {**means, "metrics": len(means)}
        return sum(PARTS[name](means[name]) for name in self._parts), srbench.Details(n=max(counts), further=further)

    @property
    def _why(self) -> str:
        """Why there is no score, in words."""
        if self._absent:
            names = ", ".join(self._absent)
            return f"srbench does not have {names}; `without: [{names}]` adds up the others, under another name (`as`)"
        return next(iter(self._skipped.values()), "")


def _part(name: str) -> srbench.ImageMetric:
    module, _, kind = HOMES[name].partition(":")
    metric: srbench.ImageMetric = getattr(import_module(module), kind)()
    return metric
