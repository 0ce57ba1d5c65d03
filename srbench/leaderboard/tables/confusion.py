"""The confusion matrix that a metric puts beside its value, as a table instead of a list of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_JOINT = " as "


@dataclass(frozen=True)
class ConfusionTable:
    """Test images by true class (row) and predicted class (column); means over trainings need not be whole."""

    classes: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]


def confusion_table(extra: Mapping[str, float]) -> tuple[ConfusionTable | None, dict[str, float]]:
    """The matrix in `extra`, whose numbers are named `TRUE as PREDICTED` for every pair of classes; and the rest."""
    # The names on the diagonal can be read in one way only, whatever the classes are called.
    middles = {name: (len(name) - len(_JOINT)) // 2 for name in extra}
    classes = [name[:half] for name, half in middles.items() if half > 0 and name == name[:half] + _JOINT + name[:half]]
    names = [[f"{true}{_JOINT}{predicted}" for predicted in classes] for true in classes]
    if len(classes) < 2 or not all(name in extra for row in names for name in row):
        return None, dict(extra)
    taken = {name for row in names for name in row}
    table = ConfusionTable(tuple(classes), tuple(tuple(extra[name] for name in row) for row in names))
    return table, {name: value for name, value in extra.items() if name not in taken}
