"""The words of a task: they fit the records they speak of, and no task borrows another's."""

from __future__ import annotations

from srbench.tasks import generation, super_resolution


def test_no_task_borrows_the_other_s_words() -> None:
    words = " ".join(str(value) for value in vars(generation.TASK.wording).values()).lower()
    assert "upscale" not in words and "hr" not in words.split() and "methods" not in words
    assert "generator" not in " ".join(str(value) for value in vars(super_resolution.TASK.wording).values()).lower()


def test_seconds_a_sample_are_shown_in_thousandths() -> None:
    speed = generation.TASK.wording.speed
    assert speed.cost.endswith("_seconds") and "ms" in speed.head and speed.factor == 1000
    speed = super_resolution.TASK.wording.speed
    assert speed.cost.startswith("ms_") and "ms" in speed.head and speed.factor == 1
