"""Which images are shown: of each method the worst and the best, and others over the range of difficulty.

How hard an image is, the mean of what the methods reach on it says, by the metric that ranks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from srbench.leaderboard.results.results import Entrant, Result

MOST_IMAGES = 10


@dataclass(frozen=True)
class Difficulty:
    """An image with the mean of the methods' scores on it, infinite ones apart; None where no method has one."""

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


def extremes_of(shown: Sequence[Result], metric: str | None) -> dict[Entrant, tuple[str, str]]:
    """Each entrant's worst and best image by the metric."""
    found = {}
    for result in shown:
        scores = _by_image(result, metric)
        if len(scores) > 1:
            assert result.record is not None and metric is not None
            ordered = sorted(scores, key=lambda image: (scores[image], image))
            if not result.record.metrics[metric].higher_is_better:
                ordered.reverse()
            found[result.entrant] = (ordered[0], ordered[-1])
    return found


def _by_image(result: Result, metric: str | None) -> dict[str, float]:
    return {image: value for image, value in result.scores.get(metric or "", {}).items() if image is not None}


def choose_images(
    shown: Sequence[Result], metric: str | None, extremes: Mapping[Entrant, tuple[str, str]], most: int = MOST_IMAGES
) -> list[str]:
    """Which images to show: every worst one, every best one, then others evenly over the range of difficulty."""
    wanted = list(dict.fromkeys([worst for worst, _ in extremes.values()] + [best for _, best in extremes.values()]))
    scores = _by_image(shown[0], metric)
    every = list(dict.fromkeys(image for result in shown if result.record for image in result.record.images))
    by_difficulty = sorted(every, key=lambda image: (scores.get(image, 0.0), image))
    spread = np.linspace(0, len(by_difficulty) - 1, num=min(most, len(by_difficulty))).round().astype(int)
    wanted.extend(by_difficulty[place] for place in spread)
    kept = set(list(dict.fromkeys(wanted))[:most])
    return [image for image in every if image in kept]


def _mean(image: str, shown: Sequence[Result], metric: str) -> float | None:
    scores = [result.scores[metric][image] for result in shown if image in result.scores[metric]]
    finite = [score for score in scores if np.isfinite(score)]
    return float(np.mean(finite or scores)) if scores else None
