"""Precision and recall of one set of feature vectors against another, each seen as the balls around its vectors.

Kynkaanniemi et al., "Improved precision and recall metric for assessing generative models", 2019.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .kernels import BLOCK, squared_distances
from .moments import FeatureError, Floats, as_features


def covered(points: NDArray[np.floating], manifold: NDArray[np.floating], neighbours: int = 3) -> float:
    """The share of `points` `(n, d)` that lie on the manifold of `(m, d)`.

    That is, no farther from one of its vectors than that vector is from its k-th nearest neighbour there. Precision is
    `covered(generated, real)`, recall `covered(real, generated)`. Raises `FeatureError` unless m is above k.
    """
    centres = as_features(manifold)
    asked = as_features(points, centres.shape[1])
    if len(centres) <= neighbours or not len(asked):
        raise FeatureError(
            f"a manifold of {neighbours} nearest neighbours needs at least {neighbours + 1} images; there are "
            f"{len(centres)}"
        )
    radii = _squared_radii(centres, neighbours)
    inside = 0
    for start in range(0, len(asked), BLOCK):
        inside += int((squared_distances(asked[start : start + BLOCK], centres) <= radii).any(axis=1).sum())
    return inside / len(asked)


def _squared_radii(centres: Floats, neighbours: int) -> Floats:
    radii = []
    for start in range(0, len(centres), BLOCK):
        squares = squared_distances(centres[start : start + BLOCK], centres)
        # The nearest is the vector itself, at distance 0.
        radii.append(np.partition(squares, neighbours, axis=1)[:, neighbours])
    return np.concatenate(radii)
