"""What either half of an evaluation has at hand: its share of progress."""

from __future__ import annotations

from typing import Any, cast

from srbench.runner.work.work import Work


def work(told: list[tuple[float, str]]) -> Work:
    nothing = cast(Any, None)
    return Work(nothing, nothing, nothing, nothing, nothing, nothing, lambda done, image: told.append((done, image)))


def test_steps_are_shares_of_all_that_is_to_be_done_with_their_images() -> None:
    told: list[tuple[float, str]] = []
    step = work(told).steps(4)
    for image in "abcd":
        step(image)
    assert told == [(0.25, "a"), (0.5, "b"), (0.75, "c"), (1.0, "d")]


def test_more_steps_than_were_expected_are_no_more_than_all() -> None:
    told: list[tuple[float, str]] = []
    step = work(told).steps(1)
    step("a")
    step("b")
    assert [done for done, _ in told] == [1.0, 1.0]
