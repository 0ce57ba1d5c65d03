"""What a training leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from srbench.training.loop.history import Row


@dataclass(frozen=True)
class Trained:
    """What a training leaves besides the networks' weights.

    facts: plain values, as in `training.json`. not_validated: stages that would have been, had there been images for
    it.
    """

    history: list[Row]
    facts: dict[str, Any]
    not_validated: list[str]
