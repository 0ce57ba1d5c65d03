"""Scores as pages show them: heads with unit and direction, values or why there are none."""

from __future__ import annotations

from srbench.leaderboard.tables.scores import Head, heads, shown_value
from srbench.store.record import MetricResult

from ..toyboard import Made, results_of


def test_a_head_has_unit_and_direction_where_a_record_knows_them() -> None:
    results = results_of([Made("d", "net", {"psnr": {"a": 30.0}, "mae": {"a": 0.1}})])
    assert heads(["psnr", "mae", "ssim"], results.all) == [
        Head("PSNR, dB", True),
        Head("MAE", False),
        Head("ssim", None),
    ]


def test_a_value_that_is_none_says_why() -> None:
    assert shown_value(None)["text"] == "not scored"
    assert shown_value(MetricResult(key="k", status="skipped"))["text"] == "skipped"
    assert shown_value(MetricResult(key="k", infinite=3))["text"] == "∞"
    assert shown_value(MetricResult(key="k"))["text"] == "none"
    assert shown_value(MetricResult(key="k", value=0.5)) == {"text": "0.5000", "sort": 0.5}
