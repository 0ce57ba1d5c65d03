"""The history of a training, as rows and as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from srbench.store.files import write_atomically

Row = dict[str, float | int | str]
"""One line of a training's history: `stage`, `step`, `seconds`, one `lr` an optimiser, and the losses.

Where the stage was validated after that step also `validation`, its mean score over the held-out images; where
something happened, `event`: `ended early` or `diverged`.
"""


def write_history(path: Path, history: Sequence[Row]) -> None:
    """Write a history as CSV: `stage`, `step`, `seconds`, then the learning rates and losses of all stages."""
    columns: Mapping[str, None] = {name: None for row in history for name in row}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns))
    writer.writeheader()
    writer.writerows(history)
    write_atomically(path, text.getvalue().encode())
