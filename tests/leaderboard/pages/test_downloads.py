"""The board as data: every score and every cell, read back by others' readers."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

from srbench.leaderboard.pages.downloads import SCORE_COLUMNS, made_from, matrix_text, write_board_json, write_scores
from srbench.leaderboard.results.results import load_results
from srbench.leaderboard.tables.ranked import build_table
from srbench.leaderboard.words.privacy import Privacy

from ..toyboard import COUNTS, Board, Made, results_of, score


def test_downloads_hold_every_score_and_every_cell(board: Board, pages: Path) -> None:
    with (pages / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ok = [planned for planned in board.plan.cells if planned.record and planned.record.status == "ok"]
    assert len(rows) == sum(2 * COUNTS[planned.cell.dataset] + 1 for planned in ok)
    one = next(
        r for r in rows if (r["method"], r["dataset"], r["metric"], r["image"]) == ("bicubic", "waves", "psnr", "im3")
    )
    assert float(one["value"]) == score("psnr", "waves", "bicubic", 3, None)
    data = json.loads((pages / "board.json").read_text(encoding="utf-8"))
    assert len(data["cells"]) == len(board.plan.cells)
    assert {cell["status"] for cell in data["cells"]} == {"ok", "failed", "timeout", "skipped"}


def test_scores_are_read_back_exactly_with_their_group(tmp_path: Path) -> None:
    values = {"im0": 1 / 3, "im1": math.inf, "im2": 1e-300}
    results = results_of([Made("d", "a", {"psnr": values}, groups={"im0": "slide"}), Made("d", "b", {}, reason="no")])
    write_scores(results, tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == SCORE_COLUMNS
    assert {row["image"]: float(row["value"]) for row in rows} == values
    assert [row["group"] for row in rows] == ["slide", "", ""]
    assert {(row["unit"], row["higher_is_better"], row["trained_on"]) for row in rows} == {("dB", "yes", "")}


def test_tables_as_json_have_the_numbers_of_the_page_and_words_for_infinite_ones(tmp_path: Path) -> None:
    rising = {f"im{place}": 20.0 + place for place in range(8)}
    cells = [Made("d", "a", {"psnr": rising}), Made("d", "b", {"psnr": dict.fromkeys(rising, math.inf)})]
    results = results_of(cells)
    table = build_table(results.scopes[0], results.metrics, "d")
    write_board_json(results, [table], tmp_path / "board.json", {"title": "T"}, Privacy())
    data = json.loads((tmp_path / "board.json").read_text())
    (shown,) = data["tables"]
    found = {row["method"]: row for row in shown["rows"]}
    assert (data["title"], shown["dataset"], shown["ranked_by"]) == ("T", "d", "psnr")
    assert found["a"]["metrics"]["psnr"]["estimate"] == 23.5
    assert found["b"]["metrics"]["psnr"]["estimate"] == "inf"
    assert (found["b"]["rank"], found["a"]["rank"]) == ([1, 1], [2, 2])
    assert [cell["status"] for cell in data["cells"]] == ["ok", "ok"]


def test_pages_are_made_anew_exactly_when_what_they_are_made_from_changed(board: Board) -> None:
    before = made_from(board.plan, listed=True)
    assert made_from(board.plan, listed=True) == before
    assert made_from(board.plan, listed=False) != before
    fewer = replace(board.plan, cells=board.plan.cells[:-1])
    assert made_from(fewer, listed=True) != before


def test_a_matrix_that_is_gone_is_a_comment(tmp_path: Path) -> None:
    path = tmp_path / "matrix.yaml"
    path.write_bytes(b"name: \xff\n")
    assert matrix_text(path) == "name: \ufffd\n"
    path.unlink()
    assert matrix_text(path) == "# matrix.yaml could not be read: No such file or directory"


def test_every_cell_is_in_the_results(board: Board) -> None:
    assert len(load_results(board.plan, board.store).all) == len(board.plan.cells)
