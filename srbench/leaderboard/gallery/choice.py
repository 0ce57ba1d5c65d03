"""Which images are shown: of each method the worst and the best, and others over the range of difficulty; whose SR.

How hard an image is, the median of what the methods reach on it says, by the metric that ranks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

import numpy as np

from srbench.leaderboard.results.results import Entrant, Result

MOST_IMAGES = 10


@dataclass(frozen=True)
class Difficulty:
    """An image with the median of the methods' scores on it, of two in the middle the lower; None where it has none."""

    image: str
    median: float | None


def hardest_first(
    images: Iterable[str], scored: Collection[Mapping[str, float]], higher_is_better: bool
) -> list[Difficulty]:
    """The images by the median score over the methods, worst first: one method that fails does not decide.

    scored: of each method, the scores of all images. Methods that lack one say nothing, unless all do. Of equal medians
    the ids decide; images without a score come last, in the order given.
    """
    every = {image for scores in scored for image in scores}
    whole = [scores for scores in scored if len(scores) == len(every)] or scored

    def difficulty(image: str) -> Difficulty:
        found = [scores[image] for scores in whole if image in scores]
        return Difficulty(image, median_low(found) if found else None)

    def place(one: Difficulty) -> tuple[bool, float, str]:
        if one.median is None:
            return True, 0.0, ""
        return False, one.median if higher_is_better else -one.median, one.image

    return sorted(map(difficulty, images), key=place)


def difficulties(images: Iterable[str], shown: Sequence[Result], metric: str | None) -> list[Difficulty]:
    """The images, hardest first. shown: a result of each method, all on one dataset under one protocol."""
    scored = [scores for result in shown if (scores := _by_image(result, metric))]
    facts = (result.record.metrics.get(metric or "") for result in shown if result.record is not None)
    higher = next((known.higher_is_better for known in facts if known is not None), True)
    return hardest_first(images, scored, higher)


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
    every = list(dict.fromkeys(image for result in shown if result.record for image in result.record.images))
    by_difficulty = [one.image for one in difficulties(every, shown, metric)]
    spread = np.linspace(0, len(by_difficulty) - 1, num=min(most, len(by_difficulty))).round().astype(int)
    wanted.extend(by_difficulty[place] for place in spread)
    kept = set(list(dict.fromkeys(wanted))[:most])
    return [image for image in every if image in kept]


def first_seeds(results: Sequence[Result]) -> list[Result]:
    """One result an entrant: that of the first seed which went well."""
    chosen: dict[Entrant, Result] = {}
    for result in results:
        if result.ok and result.record and result.record.images:
            chosen.setdefault(result.entrant, result)
    return list(chosen.values())
