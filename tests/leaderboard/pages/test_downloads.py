"""The board as data: every score and every cell, read back by others' readers."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pandas as pd

from srbench.leaderboard.board.contents import Board as Described
from srbench.leaderboard.pages.document import results_in
from srbench.leaderboard.pages.downloads import SCORE_COLUMNS, made_from, write_board_json, write_scores
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


def test_scores_are_read_back_exactly_with_their_group_and_label(tmp_path: Path) -> None:
    values = {"im0": 1 / 3, "im1": math.inf, "im2": 1e-300}
    results = results_of(
        [
            Made("d", "a", {"psnr": values}, groups={"im0": "slide"}, labels={"im1": "cat"}),
            Made("d", "b", {}, reason="no"),
        ]
    )
    write_scores(results, tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == SCORE_COLUMNS
    assert {row["image"]: float(row["value"]) for row in rows} == values
    assert [row["group"] for row in rows] == ["slide", "", ""]
    assert [row["label"] for row in rows] == ["", "cat", ""]
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


def test_tables_as_json_have_the_means_by_subgroup(tmp_path: Path) -> None:
    labels = {f"im{place}": ("cat", "dog")[place % 2] for place in range(14)}
    rising = {image: 20.0 + place for place, image in enumerate(labels)}
    results = results_of([Made("d", "a", {"psnr": rising}, labels=labels)])
    table = build_table(results.scopes[0], results.metrics, "d")
    write_board_json(results, [table], tmp_path / "board.json", {"title": "T"}, Privacy())
    (shown,) = json.loads((tmp_path / "board.json").read_text())["tables"]
    (found,) = shown["subgroups"]
    cat, dog = found["rows"]
    assert (found["by"], found["metric"], cat["subgroup"], dog["subgroup"]) == ("class", "psnr", "cat", "dog")
    assert (cat["images"], cat["units"], found["overall"]["images"]) == (7, 7, 14)
    assert [one["subgroup"] for one in found["worst"]] == ["cat"]
    assert found["heterogeneity"] == {"untested": None, "p_before_correction": []}
    for row, mean in ((cat, 26.0), (dog, 27.0)):
        ((method, estimate, low, high),) = [(v["method"], v["estimate"], v["low"], v["high"]) for v in row["values"]]
        assert (method, estimate) == ("a", mean) and low < mean < high


def test_pages_are_made_anew_exactly_when_what_they_are_made_from_changed(board: Board) -> None:
    def source(described: Described, listed: bool = True) -> str:
        return made_from(results_in(described, board.store), listed)

    before = source(board.described)
    assert source(board.described) == before
    assert source(board.described, listed=False) != before
    fewer = board.described
    fewer.cells = fewer.cells[:-1]
    assert source(fewer) != before


def test_every_cell_is_in_the_results(board: Board) -> None:
    assert len(board.results.all) == len(board.plan.cells)


def test_what_divides_images_has_a_column_of_the_scores(tmp_path: Path) -> None:
    scores = {f"im{place}": 20.0 + place for place in range(4)}
    site = {"im0": "Lyon", "im1": "Lyon", "im2": "Graz"}
    results = results_of(
        [
            Made("d", "a", {"psnr": scores, "fid": {None: 2.0}}, attributes={"site": site}),  # type: ignore[dict-item]
            Made("e", "a", {"psnr": scores}, attributes={"device": {"im3": "X, second"}}),
        ]
    )
    write_scores(results, tmp_path / "scores.csv")
    frame = pd.read_csv(tmp_path / "scores.csv", keep_default_na=False)
    assert list(frame)[-2:] == ["by_site", "by_device"]
    psnr = frame[frame["metric"] == "psnr"].set_index(["dataset", "image"])
    assert psnr["by_site"]["d"].to_dict() == {**site, "im3": ""}
    assert psnr["by_device"]["e"].to_dict() == {"im0": "", "im1": "", "im2": "", "im3": "X, second"}
    assert frame[frame["metric"] == "fid"]["by_site"].tolist() == [""]
