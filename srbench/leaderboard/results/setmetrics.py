"""What belongs beside the one number of a set metric: its spread, on how many images it rests, what to know of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from srbench.leaderboard.words.numerals import significant
from srbench.store.records import MetricResult

THIN = (
    "n < d: there are fewer images than numbers in a feature vector, so the value is mostly bias; compare it only with "
    "values of equal n, d and extractor"
)


def set_aside(told: Sequence[MetricResult]) -> str:
    """What belongs beside a set metric's value: its spread, how many images, how long the features are.

    told: of every cell that the value is the mean of. Their spreads are pooled (the root of the mean square).
    """
    spreads = [facts.extra["spread"] for facts in told if "spread" in facts.extra]
    words = [f"± {significant(math.hypot(*spreads) / math.sqrt(len(spreads)))}"] if spreads else []
    for name in ("n", "d"):
        numbers = sorted({facts.extra[name] for facts in told if name in facts.extra})
        words += [f"{name} {' to '.join(f'{number:.0f}' for number in numbers)}"] if numbers else []
    return ", ".join([*words, "n < d"] if any(map(_is_thin, told)) else words)


def set_remarks(facts: MetricResult) -> list[str]:
    """What to know of a set metric's value before believing it."""
    return [*facts.notes, THIN] if _is_thin(facts) else list(facts.notes)


def _is_thin(facts: MetricResult) -> bool:
    return "n" in facts.extra and "d" in facts.extra and facts.extra["n"] < facts.extra["d"]
