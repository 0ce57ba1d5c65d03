"""Coverage by samples: whether they differ from each other as much as HR differs from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from msgspec import Meta

import srbench

if TYPE_CHECKING:
    import torch

Samples = Annotated[int, Meta(ge=3)]
Counts = npt.NDArray[np.float64]


class Coverage(srbench.SetMetric):
    """The expected calibration error of a method's samples: 0 where their spread says how wrong they are.

    Where n samples and HR are drawn from one distribution, every place of HR among the sorted samples of its pixel is
    as likely as any other. The interval between the kth smallest and the kth largest sample then holds HR with the
    probability (n + 1 - 2 k) / (n + 1), whatever the distribution, and however few the samples. The score is the mean
    over k of the difference, without its sign, between that and the share of the pixels of all images that lie inside.

    Ranks: Hamill, "Interpretation of rank histograms for verifying ensemble forecasts", 2001; a value that is equal to
    some samples has each place among them alike. Calibration curves: Kuleshov, Fenner, Ermon, "Accurate uncertainties
    for deep learning using calibrated regression", 2018.

    samples: drawn of each SR, 3 or more; 19 have the intervals of 10 %, 20 % and so on to 90 %, 39 those of 5 % to
    95 %. More of them tell finer, and cost as much again.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Kuleshov", "Fenner", "Ermon"),
            "Accurate uncertainties for deep learning using calibrated regression",
            2018,
            conference="ICML",
        ),
    )
    higher_is_better = False
    range = (0.0, 1.0)
    needs = frozenset({"samples"})

    def __init__(self, samples: Samples = 19) -> None:
        self.samples = samples
        self._ranks: Counts = np.zeros(samples + 1)

    def update_samples(self, samples: Iterable[torch.Tensor], hr: torch.Tensor, measured: torch.Tensor | None) -> None:
        """Take in the samples of one image and its HR, `(C, H, W)`."""
        below, equal = np.zeros(tuple(hr.shape), np.int64), np.zeros(tuple(hr.shape), np.int64)
        truth = hr.numpy()
        for sample in samples:
            value = sample.numpy()
            below += value < truth
            equal += value == truth
        if measured is not None:
            below, equal = below[:, measured.numpy()], equal[:, measured.numpy()]
        self._ranks += rank_histogram(below.ravel(), equal.ravel(), self.samples)

    def compute(self) -> float | tuple[float, srbench.Details] | srbench.Skip:
        """The error, beside it the calibration curve, and by how much intervals hold less than they should."""
        if not self._ranks.any():
            return srbench.Skip("no pixel of HR was measured")
        nominal, covered = coverage(self._ranks)
        curve = tuple(zip(nominal.tolist(), covered.tolist(), strict=True))
        further = {"overconfidence": float(np.mean(nominal - covered))}
        return float(np.abs(covered - nominal).mean()), srbench.Details(coverage=curve, further=further)


def rank_histogram(below: npt.NDArray[np.int64], equal: npt.NDArray[np.int64], samples: int) -> Counts:
    """How many values have each place, 0 to `samples`, among the samples of their pixel.

    below, equal: how many samples each is larger than, and equal to, `(N,)`. A value that is equal to some is as much
    in each of the places that it may have among them.
    """
    shares = 1 / (equal + 1)
    length = samples + 2
    begun = np.bincount(below, shares, minlength=length)
    ended = np.bincount(below + equal + 1, shares, minlength=length)
    histogram: Counts = np.cumsum(begun - ended)[: samples + 1]
    return histogram


def coverage(ranks: Counts) -> tuple[Counts, Counts]:
    """The probability of each central interval and the share of values in it, from narrow to wide, in [0, 1]."""
    samples = len(ranks) - 1
    depths = range(samples // 2, 0, -1)
    nominal = np.array([(samples + 1 - 2 * depth) / (samples + 1) for depth in depths])
    inside = np.array([ranks[depth : samples + 1 - depth].sum() for depth in depths])
    return nominal, inside / ranks.sum()
