"""What belongs beside the one number of a set metric: its spread, on how many images it rests, what to know of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from srbench.leaderboard.words.numerals import significant
from srbench.store.record import MetricResult

THIN = (
    "n < d: there are fewer images than numbers in a feature vector, so the value is mostly bias; compare it only with "
    "values of equal n, d and extractor"
)


def beside_value(told: Sequence[MetricResult]) -> str:
    """What belongs beside a set metric's value: its spread, interval, how many images, how long the features are.

    told: of every cell that the value is the mean of. Their spreads are pooled (the root of the mean square); a mean
    over several has no interval.
    """
    details = [facts.details for facts in told]
    spreads = [one.spread for one in details if one.spread is not None]
    words = [f"± {significant(math.hypot(*spreads) / math.sqrt(len(spreads)))}"] if spreads else []
    words += interval_words(details[0].interval) if len(details) == 1 else []
    for name, counts in (("n", {one.n for one in details}), ("d", {one.d for one in details})):
        known = sorted(count for count in counts if count is not None)
        words += [f"{name} {' to '.join(map(str, known))}"] if known else []
    return ", ".join([*words, "n < d"] if any(map(_is_thin, told)) else words)


def interval_words(interval: tuple[float, float] | None) -> list[str]:
    """A 95 % interval as it stands beside its value; nothing where there is none."""
    return [] if interval is None else [f"[{', '.join(significant(end, 3) for end in interval)}]"]


def set_remarks(facts: MetricResult) -> list[str]:
    """What to know of a set metric's value before believing it."""
    return [*facts.notes, THIN] if _is_thin(facts) else list(facts.notes)


def _is_thin(facts: MetricResult) -> bool:
    n, d = facts.details.n, facts.details.d
    return n is not None and d is not None and n < d
