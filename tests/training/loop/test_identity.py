"""Whatever decides how a training goes on tells its checkpoints from those of others; what does not, does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toys.training import OneWeight, one_stage

from srbench.contract.fit import Budget, FitContext
from srbench.training.loop.identity import identity

CONTEXT = FitContext(0, Budget("steps", 20), Path("folder"))


def of(
    context: FitContext = CONTEXT, memory_format: Any = "contiguous", images: int = 3, held_out: Any = (), **stage: Any
) -> Any:
    return identity([one_stage(OneWeight(), **stage)], context, memory_format, images, held_out)


@pytest.mark.parametrize(
    "changes",
    [
        {"context": replace(CONTEXT, seed=1)},
        {"context": replace(CONTEXT, budget=Budget("images", 20))},
        {"context": replace(CONTEXT, budget=Budget("steps", 21))},
        {"context": replace(CONTEXT, budget=Budget("steps", 20, Budget("steps", 10)))},
        {"context": replace(CONTEXT, budget=Budget("steps", 20, Budget("steps", 10, Budget("steps", 5))))},
        {"context": replace(CONTEXT, precision="bf16")},
        {"context": replace(CONTEXT, compile=True)},
        {"memory_format": "channels_last"},
        {"images": 4},
        {"held_out": ["a"]},
        {"name": "other"},
        {"share": 2.0},
        {"batch_size": 2},
        {"patch": 4},
        {"label": "cat"},
        {"accumulate": 2},
        {"validate": lambda batch: 0.0},
    ],
)
def test_what_decides_a_training_is_part_of_it(changes: dict[str, Any]) -> None:
    assert of(**changes) != of()


def test_where_and_when_it_is_done_is_not() -> None:
    elsewhere = replace(CONTEXT, folder=Path("other"), device="cuda", checkpoint_seconds=1.0, earlier=Path("last"))
    assert of(elsewhere) == of(held_out=[])
