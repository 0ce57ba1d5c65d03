"""What belongs beside the one number of a set metric: its spread, on how many images it rests, what to know of it."""

from __future__ import annotations

from srbench.leaderboard.numerals import significant
from srbench.store import MetricResult

THIN = (
    "n < d: there are fewer images than numbers in a feature vector, so the value is mostly bias; compare it only with "
    "values of equal n, d and extractor"
)


def set_aside(facts: MetricResult) -> str:
    """What belongs beside a set metric's value: its spread, how many images, how long the features are."""
    words = [f"± {significant(facts.extra['spread'])}"] if "spread" in facts.extra else []
    words += [f"{name} {facts.extra[name]:.0f}" for name in ("n", "d") if name in facts.extra]
    return ", ".join([*words, "n < d"] if _is_thin(facts) else words)


def set_remarks(facts: MetricResult) -> list[str]:
    """What to know of a set metric's value before believing it."""
    return [*facts.notes, THIN] if _is_thin(facts) else list(facts.notes)


def _is_thin(facts: MetricResult) -> bool:
    return "n" in facts.extra and "d" in facts.extra and facts.extra["n"] < facts.extra["d"]
