"""NIQE: how far the statistics of an image's blocks are from those of good photographs."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

import srbench
from srbench.weights import WeightsDamaged, WeightsMissing, weights_path

from .scene_statistics import Array, asymmetric_shape, grey_levels, halved, neighbours, normalised

if TYPE_CHECKING:
    import torch

BLOCK = 96
"""The side of a block in pixels."""
LUMA, BLACK = (65.481 / 255, 128.553 / 255, 24.966 / 255), 16 / 255
"""BT.601 in limited range: what red, green and blue add to luma, and the luma of black."""
_BLOCKS = 2
"""How many blocks a covariance needs."""


class Niqe(srbench.NoReferenceMetric):
    """Natural image quality evaluator: 0 for an image whose statistics are those of undistorted photographs.

    Mittal, Soundararajan, Bovik, "Making a completely blind image quality analyzer", 2013, as BasicSR computes it with
    the parameters that its authors published: luma of BT.601 in limited range, rounded to 8 bits; blocks of 96 pixels
    from the top left, what is left over at the right and at the bottom being left out. The whole image is judged,
    whatever the protocol's channel and border. Skipped where fewer than two blocks can be measured, and without the
    weights `niqe`.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Mittal", "Soundararajan", "Bovik"),
            "Making a completely blind image quality analyzer",
            2013,
            journal="IEEE Signal Processing Letters",
        ),
    )
    shown_as = "NIQE"
    higher_is_better = False
    range = (0.0, math.inf)
    sees = "image"
    weights = ("niqe",)

    def judge(self, sr: torch.Tensor) -> float | srbench.Skip:
        """NIQE of `(C, H, W)`."""
        height, width = sr.shape[-2:]
        if (height // BLOCK) * (width // BLOCK) < _BLOCKS:
            return srbench.Skip(f"NIQE needs {_BLOCKS} blocks of {BLOCK} pixels; this image has {width} x {height}")
        try:
            pristine = self._pristine
        except WeightsMissing as missing:
            return srbench.Skip(str(missing))
        levels = np.round(grey_levels(sr, LUMA, BLACK))
        features = _features(levels[: height - height % BLOCK, : width - width % BLOCK], pristine.window)
        whole = features[~np.isnan(features).any(axis=1)]
        if len(whole) < _BLOCKS:
            return srbench.Skip(f"NIQE needs {_BLOCKS} blocks that are not flat")
        away = pristine.mean - np.nanmean(features, axis=0)
        spread = (pristine.covariance + np.cov(whole, rowvar=False)) / 2
        return math.sqrt(away @ np.linalg.pinv(spread) @ away)

    @cached_property
    def _pristine(self) -> _Pristine:
        return _Pristine.read()


class _Pristine(NamedTuple):
    """The features of good photographs: their mean (36), their covariance, and the window they were taken under."""

    mean: Array
    covariance: Array
    window: Array

    @classmethod
    def read(cls) -> _Pristine:
        path = weights_path("niqe")
        try:
            with np.load(path, allow_pickle=False) as held:
                return cls(held["mu_pris_param"].ravel(), held["cov_pris_param"], held["gaussian_window"])
        except (OSError, ValueError, KeyError) as error:
            raise WeightsDamaged(f"{path} is no file of NIQE's parameters: {error}") from None


def _features(levels: Array, window: Array) -> Array:
    """The 36 features of each block: 18 at full size, 18 at half."""
    scales = []
    for side, grey in ((BLOCK, levels), (BLOCK // 2, halved(levels))):
        contrast = normalised(grey, window, borders="nearest")
        rows, columns = (length // side for length in contrast.shape)
        blocks = contrast.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(-1, side, side)
        scales.append([_of_block(block) for block in blocks])
    return np.concatenate(scales, axis=1)


def _of_block(block: Array) -> list[float]:
    from scipy.special import gamma

    shape, left, right = _widths(block)
    features = [shape, (left + right) / 2]
    for product in neighbours(block):
        shape, left, right = _widths(product)
        features += [shape, (right - left) * float(gamma(2 / shape) / gamma(1 / shape)), left, right]
    return features


def _widths(values: Array) -> tuple[float, float, float]:
    """The shape of an asymmetric generalised Gaussian and its two scales, which are not its deviations."""
    from scipy.special import gamma

    shape, left, right = asymmetric_shape(values.ravel())
    scale = math.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * scale, right * scale
