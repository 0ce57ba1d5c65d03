"""What somebody who does not look would do as well: chances counted out, and simulated raters."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.statistics.raters import Check, above_by_chance, same_by_chance

TURNED = {"left": "right", "right": "left"}


def test_the_chance_of_eight_coins() -> None:
    assert Check(8, 8, 0.5).p == pytest.approx(1 / 256)
    assert Check(7, 8, 0.5).p == pytest.approx(9 / 256) and Check(7, 8, 0.5).passed
    assert Check(6, 8, 0.5).p == pytest.approx(37 / 256) and not Check(6, 8, 0.5).passed
    assert Check(0, 0, 0.5).p == 1


def test_nobody_can_pass_on_four_coins() -> None:
    assert [Check(0, of, 0.5).can_pass for of in (4, 5)] == [False, True]


def test_one_who_always_presses_the_same_side_never_repeats_a_choice_by_chance() -> None:
    assert same_by_chance(["left"] * 9, TURNED) == 0
    assert same_by_chance(["neither"] * 9, TURNED) == 1
    assert same_by_chance(["left", "right"] * 5, TURNED) == 0.5
    assert same_by_chance([], TURNED) == 0


def test_chances_are_those_of_drawing_answers_blindly() -> None:
    rng = np.random.default_rng(4)
    said = rng.choice(["left", "right", "neither"], 60, p=[0.5, 0.3, 0.2]).tolist()
    first, second = rng.choice(said, 100_000), rng.choice(said, 100_000)
    turned = np.array([TURNED.get(one, one) for one in second])
    assert same_by_chance(said, TURNED) == pytest.approx(np.mean(first == turned), abs=0.01)
    marks = rng.integers(1, 6, 60).tolist()
    first, second = rng.choice(marks, 100_000), rng.choice(marks, 100_000)
    assert above_by_chance(marks) == pytest.approx(np.mean(first > second), abs=0.01)


def test_random_raters_pass_no_more_often_than_once_in_twenty_times() -> None:
    right = np.random.default_rng(1).binomial(8, 0.5, 2000)
    assert np.mean([Check(int(one), 8, 0.5).passed for one in right]) <= 0.05
