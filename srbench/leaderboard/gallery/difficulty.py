"""How hard an image is: the mean of what the methods reach on it, by the metric that ranks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from srbench.leaderboard.results.results import Result


@dataclass(frozen=True)
class Difficulty:
    """An image with the mean score of the methods on it; None where no method has one."""

    image: str
    mean: float | None


def hardest_first(images: Iterable[str], shown: Sequence[Result], metric: str | None) -> list[Difficulty]:
    """The images from the hardest to the easiest; those without a score last, in the order given.

    shown: a result of each method, all on one dataset under one protocol.
    """
    known = [result for result in shown if metric is not None and metric in result.scores]
    found = [Difficulty(image, _mean(image, known, metric or "")) for image in images]
    record = next((result.record for result in known if result.record and metric in result.record.metrics), None)
    higher = record is None or record.metrics[metric or ""].higher_is_better

    def place(one: Difficulty) -> tuple[bool, float]:
        return one.mean is None, 0.0 if one.mean is None else one.mean if higher else -one.mean

    return sorted(found, key=place)


def _mean(image: str, shown: Sequence[Result], metric: str) -> float | None:
    scores = [result.scores[metric][image] for result in shown if image in result.scores[metric]]
    return float(np.mean(scores)) if scores else None
