"""A history as CSV, read by another library."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from srbench.training.loop.history import Row, read_history, write_history


def test_every_column_is_there_in_the_order_it_came_up_with_holes_where_a_row_has_none(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"stage": "a, \"b\"\nc", "step": 1, "seconds": 0.5, "lr": 1e-4, "l1": 0.1},
        {"stage": "ü", "step": 2, "seconds": 1.0, "lr d": 0.5, "adversarial": float("nan"), "event": "diverged"},
    ]  # fmt: skip
    write_history(tmp_path / "h.csv", rows)
    frame = pd.read_csv(tmp_path / "h.csv")
    assert list(frame.columns) == ["stage", "step", "seconds", "lr", "l1", "lr d", "adversarial", "event"]
    assert frame["stage"].tolist() == [row["stage"] for row in rows]
    assert frame["l1"].iloc[0] == 0.1 and frame["l1"].isna().tolist() == [False, True]
    assert frame["event"].iloc[1] == "diverged"


def test_floats_keep_every_digit(tmp_path: Path) -> None:
    write_history(tmp_path / "h.csv", [{"step": 1, "l1": 0.1 + 0.2}])
    assert float((tmp_path / "h.csv").read_text().split(",")[-1]) == 0.1 + 0.2


def test_what_is_written_is_read_without_what_is_empty(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"stage": "a, \"b\"\nc", "step": 1, "l1": 0.1 + 0.2},
        {"stage": "ü", "step": 2, "lr d": 1e-300, "event": "diverged"},
    ]  # fmt: skip
    write_history(tmp_path / "h.csv", rows)
    assert read_history(tmp_path / "h.csv") == rows
    write_history(tmp_path / "h.csv", [{"step": 1, "l1": float("nan"), "l2": float("-inf")}])
    (row,) = read_history(tmp_path / "h.csv")
    assert isinstance(row["l1"], float) and math.isnan(row["l1"]) and row["l2"] == float("-inf")


def test_rows_that_are_too_long_or_too_short_are_read_as_far_as_they_have_names(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text("step,l1\n1,2,3\n4\n")
    assert read_history(tmp_path / "h.csv") == [{"step": 1, "l1": 2}, {"step": 4}]


def test_no_history_is_a_file_without_rows(tmp_path: Path) -> None:
    write_history(tmp_path / "h.csv", [])
    assert (tmp_path / "h.csv").read_text().strip() == ""
    assert read_history(tmp_path / "h.csv") == []
