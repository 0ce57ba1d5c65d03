"""The ceilings of methods: what each would score if the part of it that cannot be known were known. Never ranked."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from srbench.leaderboard.results.results import Result, finite_mean
from srbench.leaderboard.results.values import Value
from srbench.leaderboard.words.numerals import significant


def ceiling_value(results: Sequence[Result], metric: str, datasets: Sequence[str]) -> Value | None:
    """One metric of the ceiling of an entrant's cells: the mean over datasets and seeds, the latter's spread beside it.

    None where a cell has none, and over several datasets for a metric that compares sets.
    """
    by_seed: dict[int | None, dict[str, float]] = {}
    for result in results:
        facts = result.record.ceiling.get(metric) if result.record is not None else None
        if facts is None or facts.status != "ok" or not (facts.per_image or len(datasets) == 1):
            return None
        value = float("inf") if facts.infinite else facts.value
        if value is None:
            return None
        by_seed.setdefault(result.cell.seed, {})[result.cell.dataset] = value
    if not by_seed or any(set(values) != set(datasets) for values in by_seed.values()):
        return None
    means = [finite_mean(list(values.values())) for values in by_seed.values()]
    mean = finite_mean(means)
    spread = f"± {significant(statistics.stdev(means))}" if len(means) > 1 and math.isfinite(mean) else ""
    return Value(mean, aside=spread)
