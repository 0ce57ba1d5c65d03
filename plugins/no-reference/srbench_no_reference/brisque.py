"""BRISQUE: the distortion of an image, as a support vector regression tells it from the statistics of its pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

import srbench
from srbench.weights import WeightsDamaged, WeightsMissing, weights_path

from .scene_statistics import (
    WINDOW,
    Array,
    asymmetric_shape,
    gaussian_window,
    grey_levels,
    halved,
    neighbours,
    normalised,
    symmetric_shape,
)

if TYPE_CHECKING:
    import torch

SHORT_SIDE = 2 * WINDOW
"""At half the size, this leaves a whole window."""
_FEATURES = 36


class Brisque(srbench.NoReferenceMetric):
    """Blind/referenceless image spatial quality evaluator: about 0 for the best images, 100 for the worst.

    Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", 2012, with the regression
    that its authors published; few images lie beyond 0 and 100. The luma of colours is rounded to 8 bits. The whole
    image is judged, whatever the protocol's channel and border. Skipped for a side under 14 pixels, for an image
    without contrast, and without the weights `brisque-model` and `brisque-range`.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Mittal", "Moorthy", "Bovik"),
            "No-reference image quality assessment in the spatial domain",
            2012,
            journal="IEEE Transactions on Image Processing",
        ),
    )
    shown_as = "BRISQUE"
    higher_is_better = False
    sees = "image"
    weights = ("brisque-model", "brisque-range")

    def judge(self, sr: torch.Tensor) -> float | srbench.Skip:
        """BRISQUE of `(C, H, W)`."""
        height, width = sr.shape[-2:]
        if min(height, width) < SHORT_SIDE:
            return srbench.Skip(f"BRISQUE needs {SHORT_SIDE} pixels on each side; this image has {width} x {height}")
        try:
            regression = self._regression
        except WeightsMissing as missing:
            return srbench.Skip(str(missing))
        features = brisque_features(grey_levels(sr))
        if not np.isfinite(features).all():
            return srbench.Skip("BRISQUE needs an image with contrast")
        return regression.predict(features)

    @cached_property
    def _regression(self) -> Regression:
        return Regression.read(*map(weights_path, self.weights))


def brisque_features(levels: Array) -> Array:
    """The 36 features of brightness `(H, W)` in levels of 8 bits: 18 at full size, 18 at half; NaN without contrast."""
    from scipy.special import gamma

    window, features = gaussian_window(), list[float]()
    for grey in (levels, halved(levels)):
        contrast = normalised(grey, window, borders="constant")
        features += symmetric_shape(contrast.ravel())
        for product in neighbours(contrast):
            shape, left, right = asymmetric_shape(product.ravel())
            mean = (right - left) * float(gamma(2 / shape) / np.sqrt(gamma(1 / shape) * gamma(3 / shape)))
            features += [shape, mean, left**2, right**2]
    return np.array(features)


class Regression(NamedTuple):
    """A support vector regression with a Gaussian kernel, and the range that each feature is scaled from.

    vectors: `(n, 36)`. weights: `(n,)`. ranges: `(36, 2)`, the features that become -1 and 1.
    """

    vectors: Array
    weights: Array
    gamma: float
    rho: float
    ranges: Array

    def predict(self, features: Array) -> float:
        """The number that the regression has for the features of one image."""
        low, high = self.ranges.T
        scaled = 2 * (features - low) / (high - low) - 1
        distances = ((self.vectors - scaled) ** 2).sum(axis=1)
        return float(self.weights @ np.exp(-self.gamma * distances)) - self.rho

    @classmethod
    def read(cls, model: Path, ranges: Path) -> Regression:
        """Read the files that LIBSVM's `svm-train` and `svm-scale` write. Raises `WeightsDamaged`."""
        try:
            facts, rows = _parted(model.read_text("ascii"))
            if (facts["svm_type"], facts["kernel_type"]) != ("epsilon_svr", "rbf"):
                raise ValueError("it is no regression with a Gaussian kernel")
            weights, vectors = zip(*map(_vector, rows), strict=True)
            scaled = [row.split() for row in ranges.read_text("ascii").splitlines()[2:]]
            if [row[0] for row in scaled] != [str(place) for place in range(1, _FEATURES + 1)]:
                raise ValueError(f"{ranges.name} has no range for each of {_FEATURES} features")
            scales = np.array(scaled, float)[:, 1:]
            found = cls(np.array(vectors), np.array(weights), float(facts["gamma"]), float(facts["rho"]), scales)
        except (OSError, ValueError, LookupError) as error:
            raise WeightsDamaged(f"{model} and {ranges} are no files of BRISQUE's regression: {error}") from None
        if not all(map(math.isfinite, (found.gamma, found.rho, found.vectors.sum(), found.weights.sum()))):
            raise WeightsDamaged(f"{model} holds values that are not finite")
        return found


def _parted(text: str) -> tuple[dict[str, str], Iterator[str]]:
    """What a model of LIBSVM says of itself, and its support vectors, a line each."""
    head, _, body = text.partition("\nSV\n")
    facts = dict(line.split(" ", 1) for line in head.splitlines())
    return facts, (line for line in body.splitlines() if line.strip())


def _vector(line: str) -> tuple[float, list[float]]:
    """A weight and its support vector: `-1024 1:-0.5 3:0.2`; what is not named is 0."""
    weight, *parts = line.split()
    vector = [0.0] * _FEATURES
    for part in parts:
        place, value = part.split(":")
        if not 1 <= int(place) <= _FEATURES:
            raise ValueError(f"there is no feature {place}")
        vector[int(place) - 1] = float(value)
    return float(weight), vector
