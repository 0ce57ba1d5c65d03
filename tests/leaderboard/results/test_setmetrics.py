"""What stands beside a set metric's value: pooled spreads, numbers of images and features, and a doubt."""

from __future__ import annotations

import math

import pytest

from srbench.leaderboard.results.setmetrics import THIN, beside_value, set_remarks
from srbench.store.details import Details
from srbench.store.record import MetricResult


def told(n: int | None = None, d: int | None = None, spread: float | None = None, *notes: str) -> MetricResult:
    return MetricResult(key="1", details=Details(n=n, d=d, spread=spread), notes=list(notes))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ([told()], ""),
        ([told(100, 8)], "n 100, d 8"),
        ([told(100, 8), told(100, 8)], "n 100, d 8"),
        ([told(100, 8), told(90, 16)], "n 90 to 100, d 8 to 16"),
        ([told(5, 8)], "n 5, d 8, n < d"),
        ([told(8, 8)], "n 8, d 8"),
        ([told(100), told(None, 8)], "n 100, d 8"),
        ([told(spread=3.0)], "± 3.0"),
    ],
)
def test_words_beside_a_value(facts: list[MetricResult], words: str) -> None:
    assert beside_value(facts) == words


def test_an_interval_stands_beside_a_single_value_and_not_beside_a_mean_of_several() -> None:
    one = MetricResult(key="1", details=Details(n=7, interval=(1.23456, 22.7)))
    assert beside_value([one]) == "[1.23, 22.7], n 7"
    assert beside_value([one, one]) == "n 7"


def test_spreads_are_pooled_as_the_root_of_the_mean_square() -> None:
    assert beside_value([told(spread=3.0), told(spread=4.0)]) == f"± {math.sqrt((9 + 16) / 2):.1f}"


def test_too_few_images_for_the_features_are_a_remark_after_the_notes() -> None:
    assert set_remarks(told(5, 8, None, "by a small network")) == ["by a small network", THIN]
    assert set_remarks(told(9, 8)) == []
    assert set_remarks(told(5)) == []
