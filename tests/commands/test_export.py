"""Exported tables say infinite where a score is infinite, in every form."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pandas as pd
from leaderboard.toyboard import make_board, write

from srbench.commands.export import encode, for_papers
from srbench.store.frames import cells_frame
from srbench.store.record import MetricResult, Record


def frame(*values: float | None) -> pd.DataFrame:
    point = {"dataset": "d", "protocol": "x2-y", "trained_on": None, "seed": None, "status": "ok", "n": 1}
    rows = [{**point, "method": f"m{i}", "metric": "psnr", "value": value} for i, value in enumerate(values)]
    return pd.DataFrame(rows).astype({"value": "float64", "seed": "Int64"})


def test_json_spells_infinite_values_and_has_null_for_none() -> None:
    rows = json.loads(encode(frame(math.inf, -math.inf, None, 28.5, 0.0), "json"))
    assert [row["value"] for row in rows] == ["inf", "-inf", None, 28.5, 0.0]


def test_json_of_a_table_without_infinite_values_has_numbers() -> None:
    assert [row["value"] for row in json.loads(encode(frame(1.5, 2.5), "json"))] == [1.5, 2.5]
    assert json.loads(encode(frame(1.5).iloc[:0], "json")) == []


def test_what_papers_get_is_what_the_page_of_the_board_offers(tmp_path: Path) -> None:
    board = make_board(tmp_path, seeds=1, methods=("bicubic", "lanczos", "learner"))
    pages, described = write(board, tmp_path / "pages"), board.described
    text = for_papers(described, board.store, "latex").decode()
    files = sorted((pages / "paper").glob("*.tex"), key=lambda path: text.find(path.read_text()))
    assert len(files) == 6 and text == "\n".join(path.read_text() for path in files)
    shown = for_papers(described, board.store, "markdown").decode()
    assert all(path.read_text() in shown for path in (pages / "paper").glob("*.md"))
    assert for_papers(described, board.store, "bibtex") == (pages / "paper" / "board.bib").read_bytes()


def test_csv_can_be_read_back() -> None:
    read = pd.read_csv(io.BytesIO(encode(frame(math.inf, 28.5, None), "csv")))
    assert read["value"].tolist()[:2] == [math.inf, 28.5]
    assert math.isnan(read["value"][2])


def test_a_cell_whose_images_are_all_identical_to_hr_has_an_infinite_value() -> None:
    results = {
        "psnr": MetricResult(key="k", infinite=5),
        "ssim": MetricResult(key="k", value=1.0, n=5),
        "lpips": MetricResult(key="k", status="failed"),
    }
    record = Record(key="c", schema=2, status="ok", metrics=results)
    point = {"dataset": "d", "protocol": "x2-y", "method": "m", "trained_on": None, "seed": None}
    values = cells_frame([(point, record)], ["psnr", "ssim", "lpips"])["value"].tolist()
    assert values[:2] == [math.inf, 1.0]
    assert math.isnan(values[2])
