"""What a training leaves, and the files that tell of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srbench.store.files import write_atomically
from srbench.training.loop.history import HISTORY, Row, write_history

TRAINING = "training.json"


@dataclass(frozen=True)
class Trained:
    """What a training leaves besides the networks' weights.

    facts: plain values, as in `training.json`. not_validated: stages that would have been, had there been images for
    it.
    """

    history: list[Row]
    facts: dict[str, Any]
    not_validated: list[str]


def write_training(folder: Path, facts: Mapping[str, Any], history: Sequence[Row]) -> None:
    """Write `training.json`, and of a training that has a history `history.csv`: what pages show of it."""
    write_atomically(folder / TRAINING, f"{json.dumps(facts, indent=2)}\n".encode())
    if history:
        write_history(folder / HISTORY, history)
