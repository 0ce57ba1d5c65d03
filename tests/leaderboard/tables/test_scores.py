"""Scores as pages show them: finite ones with digits, the others in words."""

from __future__ import annotations

import pytest

from srbench.leaderboard.tables.scores import Head, heads, score_words, shown_score, shown_value
from srbench.store.record import MetricResult

from ..toyboard import Made, results_of


def test_a_head_has_unit_and_direction_where_a_record_knows_them() -> None:
    results = results_of([Made("d", "net", {"psnr": {"a": 30.0}, "mae": {"a": 0.1}})])
    assert heads(["psnr", "mae", "ssim"], results.all) == [
        Head("PSNR, dB", True),
        Head("MAE", False),
        Head("SSIM", None),
    ]


@pytest.mark.parametrize(("value", "words"), [(31.417, "31.42"), (0.81239, "0.8124"), (float("inf"), "∞")])
def test_large_scores_have_two_decimals_and_small_ones_four(value: float, words: str) -> None:
    assert score_words(value) == words == shown_score(value)["text"]


def test_scores_sort_as_numbers_and_what_is_missing_last() -> None:
    assert shown_score(float("-inf"))["sort"] == "-Infinity" and shown_score(None) == {"text": "not scored", "sort": ""}


def test_a_value_that_is_none_says_why() -> None:
    assert shown_value(None)["text"] == "not scored"
    assert shown_value(MetricResult(key="k", status="skipped"))["text"] == "skipped"
    assert shown_value(MetricResult(key="k", infinite=3))["text"] == "∞"
    assert shown_value(MetricResult(key="k"))["text"] == "none"
    assert shown_value(MetricResult(key="k", value=0.5)) == {"text": "0.5000", "sort": 0.5}
