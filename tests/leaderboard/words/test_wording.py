"""The words of a task: every task has its own, and they fit the records they speak of."""

from __future__ import annotations

from typing import get_args

from srbench.contract.protocol import Task
from srbench.leaderboard.words.wording import WORDING


def test_every_task_has_words() -> None:
    assert set(WORDING) == set(get_args(Task))


def test_amounts_name_what_is_counted_and_whose_it_is() -> None:
    upscaling, generation = WORDING["super-resolution"], WORDING["generation"]
    assert upscaling.amount(41, 9) == "41 images in 9 independent groups"
    assert upscaling.amount(1, 1) == "1 image"
    assert generation.amount(500, 500) == "500 samples of each generator"


def test_no_task_borrows_the_other_s_words() -> None:
    generation = " ".join(str(value) for value in vars(WORDING["generation"]).values()).lower()
    assert "upscale" not in generation and "hr" not in generation.split() and "methods" not in generation
    assert "generator" not in " ".join(str(value) for value in vars(WORDING["super-resolution"]).values()).lower()


def test_seconds_a_sample_are_shown_in_thousandths() -> None:
    speed = WORDING["generation"].speed
    assert speed.cost.endswith("_seconds") and "ms" in speed.head and speed.factor == 1000
    speed = WORDING["super-resolution"].speed
    assert speed.cost.startswith("ms_") and "ms" in speed.head and speed.factor == 1
