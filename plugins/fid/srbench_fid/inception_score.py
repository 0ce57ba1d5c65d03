"""The Inception Score: how certain a classifier is of each image, and how different its answers are.

Salimans et al., "Improved techniques for training GANs", 2016.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .moments import FeatureError, as_features


@dataclass(frozen=True)
class InceptionScore:
    """The mean over splits, and the standard deviation over them."""

    value: float
    spread: float


def inception_score(logits: NDArray[np.floating], splits: int = 10, seed: int = 2020) -> InceptionScore:
    """exp of the mean Kullback-Leibler divergence of p(y | x) from p(y); from logits `(n, classes)`.

    1 when the classifier answers the same for every image, at most the number of classes. Images are shuffled and cut
    into `splits` parts as torch-fidelity does it, each part with its own p(y). Raises `FeatureError` for fewer images
    than parts.
    """
    from scipy.special import log_softmax

    array = as_features(logits)
    if len(array) < splits:
        raise FeatureError(f"the Inception Score over {splits} splits needs as many images; there are {len(array)}")
    array = array[np.random.RandomState(seed).permutation(len(array))]
    scores = []
    for index in range(splits):
        part = array[index * len(array) // splits : (index + 1) * len(array) // splits]
        log_p = log_softmax(part, axis=1)
        p = np.exp(log_p)
        q = p.mean(axis=0)
        # A class that no image of the part is given at all adds nothing: 0 log 0 = 0.
        log_q = np.log(q, where=q > 0, out=np.zeros_like(q))
        scores.append(np.exp((p * (log_p - log_q)).sum(axis=1).mean()))
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))
