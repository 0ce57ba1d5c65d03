"""What a checkpoint is of: what must be the same for a training to be continued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srbench.contract.fit import Budget, FitContext
from srbench.training.loop.stages import Stage
from srbench.training.speed.memory_format import Format

LAYOUT = 2
"""The version of checkpoints; raised when an older one can no longer be continued."""


def identity(
    stages: Sequence[Stage], context: FitContext, memory_format: Format, images: int, held_out: Sequence[str]
) -> dict[str, Any]:
    """Name a training in plain values: its seed, budget, precision and stages, and how much it learns from.

    images: how many are learned from. held_out: the names of those that are not.
    """
    return {
        "layout": LAYOUT,
        "seed": context.seed,
        "budget": _plain(context.budget),
        "precision": context.precision,
        "compile": context.compile,
        "memory_format": memory_format,
        "stages": [
            [
                s.name,
                float(s.share),
                s.batch_size,
                s.patch,
                s.label,
                s.accumulate,
                s.validate is not None,
                s.keep,
                s.patience,
                s.validations,
            ]
            for s in stages
        ],
        "images": images,
        "held_out": list(held_out),
    }


def _plain(budget: Budget) -> list[Any]:
    earlier = [] if budget.earlier is None else [_plain(budget.earlier)]
    return [budget.unit, float(budget.amount), *earlier]
