"""The types of parameters, and the presets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

Predicts = Literal["noise", "velocity"]
Levels = Annotated[int, Meta(ge=2)]

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": {},
    "small": {
        "channels": [48, 96, 144],
        "blocks": 1,
        "attention": [False, False, True],
        "fold": 2,
        "levels": 40,
        "predicts": "velocity",
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "batch_size": 16,
        "augment": [],
        "clip": 1.0,
    },
}
