"""Kinds of metrics by what they judge: the order of columns, and the heads above them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from srbench.contract.metric import Judges

LABELS: Mapping[Judges, str] = {
    "distortion": "Restoration",
    "perception": "Perception",
    "no-reference": "No reference",
    "task": "Tasks",
    "": "Other",
}
"""What stands above the columns of each kind."""


@dataclass(frozen=True)
class Group:
    """Columns beside each other that judge the same. label: what stands above them."""

    label: str
    metrics: tuple[str, ...]


def side_by_side(metrics: Sequence[str], judges: Mapping[str, Judges]) -> list[str]:
    """Metrics with those of a kind beside each other: kinds and metrics in the order in which they come up."""
    kinds = list(dict.fromkeys(judges.get(metric, "") for metric in metrics))
    return sorted(metrics, key=lambda metric: kinds.index(judges.get(metric, "")))


def groups(metrics: Iterable[str], judges: Mapping[str, Judges]) -> tuple[Group, ...]:
    """The groups of metrics that stand as `side_by_side` has them; where all are of one kind, one without a label."""
    found: dict[Judges, list[str]] = {}
    for metric in metrics:
        found.setdefault(judges.get(metric, ""), []).append(metric)
    return tuple(Group(LABELS[kind] if len(found) > 1 else "", tuple(inside)) for kind, inside in found.items())
