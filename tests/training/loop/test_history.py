"""A history as CSV, read by another library."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from srbench.training.loop.history import Row, write_history


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


def test_no_history_is_a_file_without_rows(tmp_path: Path) -> None:
    write_history(tmp_path / "h.csv", [])
    assert (tmp_path / "h.csv").read_text().strip() == ""
