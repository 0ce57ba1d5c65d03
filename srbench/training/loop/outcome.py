"""What a training leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from srbench.training.loop.history import Row
from srbench.training.speed.memory_format import Format


@dataclass(frozen=True)
class Trained:
    """What a training leaves besides the networks' weights.

    formats: the memory format of each network, by the name that stages have for it. facts: plain values, as in
    `training.json`. not_validated: stages that would have been, had there been images for it.
    """

    history: list[Row]
    formats: dict[str, Format]
    facts: dict[str, Any]
    not_validated: list[str]
