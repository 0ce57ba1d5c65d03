"""The history of a training, as rows and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from srbench.store.files import write_atomically

HISTORY = "history.csv"
Row = dict[str, float | int | str]
"""One line of a training's history: `stage`, `step`, `seconds`, one `lr` an optimiser, and the losses.

Where the stage was validated after that step also `validation`, its mean score over the held-out images; where
something happened, `event`: `ended early`, `diverged`, or, at the end of an earlier training, `went on`.
"""


def read_history(path: Path) -> list[Row]:
    """The rows of a history's file, without what they leave empty. Raises `OSError`, and `ValueError` for no CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: _read(text) for name, text in row.items() if name and text} for row in csv.DictReader(file)]


def _read(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def write_history(path: Path, history: Sequence[Row]) -> None:
    """Write a history as CSV: `stage`, `step`, `seconds`, then the learning rates and losses of all stages."""
    columns: Mapping[str, None] = {name: None for row in history for name in row}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns))
    writer.writeheader()
    writer.writerows(history)
    write_atomically(path, text.getvalue().encode())
