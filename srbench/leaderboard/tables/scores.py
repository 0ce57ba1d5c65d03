"""Scores of cells as the pages of cells, methods and datasets show them: heads of columns, and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srbench.leaderboard.results.results import Result
from srbench.leaderboard.words.numerals import score
from srbench.store.record import MetricResult


@dataclass(frozen=True)
class Head:
    """The head of a column of scores. higher: whether more is better; None where no record says so."""

    label: str
    higher: bool | None = None

    @classmethod
    def of(cls, label: str, facts: MetricResult | None) -> Head:
        """The head of a metric. label: how its name is printed. facts: one of its results."""
        if facts is None:
            return cls(label)
        unit = f", {facts.unit}" if facts.unit else ""
        return cls(f"{label}{unit}", facts.higher_is_better)


def heads(metrics: Sequence[str], own: Sequence[Result]) -> list[Head]:
    """The heads of columns of scores: names, and which direction is better where a record says so."""
    known = {name: facts for r in own if r.record for name, facts in r.record.metrics.items()}
    return [Head.of(own[0].metric_label(metric), known.get(metric)) for metric in metrics]


def shown_value(facts: MetricResult | None) -> dict[str, Any]:
    """The value of a metric in a cell, or why there is none, and by what it is sorted."""
    if facts is None:
        return {"text": "not scored", "sort": ""}
    if facts.status != "ok" or facts.value is None:
        return {"text": "∞" if facts.infinite else facts.status if facts.status != "ok" else "none", "sort": ""}
    return {"text": score(facts.value), "sort": facts.value}
