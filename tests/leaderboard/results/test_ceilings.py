"""The ceilings of methods: rows that are never ranked, means over seeds, and words on the pages of cell and method."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from srbench.leaderboard.findings.lead import findings
from srbench.leaderboard.results.ceilings import ceiling_value
from srbench.leaderboard.results.results import Results
from srbench.leaderboard.tables.ranked import Table, build_table
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.store.record import MetricResult

from ..markup import Tag, parse
from ..toyboard import Board, Learner, keep, use, write

WORDS = "reconstruction by <its> autoencoder"
PSNR = {
    ("blobs", 0): 36.0,
    ("blobs", 1): 36.5,
    ("blobs", 2): 38.5,
    ("waves", 0): 30,
    ("waves", 1): 31,
    ("waves", 2): 35,
}


class Ceiled(Learner):
    """Has a ceiling."""

    ceiling = WORDS


def _with_ceiling(planned: PlannedCell) -> PlannedCell:
    cell, record = planned.cell, planned.store.read("cells", planned.cell.key)
    if cell.method != "learner" or record is None:
        return planned
    (count,) = (result.n for result in record.metrics.values() if result.name == "ssim")
    value = PSNR[cell.dataset, cell.seed or 0]
    ceiling = {
        "psnr": MetricResult(key="1", value=value, n=count, unit="dB"),
        "ssim": MetricResult(key="2", status="failed", reason="no luck"),
        "fid": MetricResult(key="3", value=value / 10, n=count, higher_is_better=False, per_image=False),
    }
    keep(planned.store.root, msgspec.structs.replace(record, ceiling=ceiling))
    return replace(planned, method=use("method", "learner", Ceiled, depth=3))


@pytest.fixture(scope="module")
def board(make: Callable[..., Board]) -> Board:
    made = make(protocols=1)
    cells = tuple(map(_with_ceiling, made.plan.cells))
    for planned in cells:
        assert planned.record is not None
        keep(made.store, planned.record)
    methods = tuple(
        use("method", one.name, Ceiled) if one.name == "learner" else one for one in made.plan.matrix.methods
    )
    return replace(made, plan=Plan(replace(made.plan.matrix, methods=methods), cells))


@pytest.fixture(scope="module")
def results(board: Board) -> Results:
    return board.results


@pytest.fixture(scope="module")
def tables(results: Results) -> dict[str | None, Table]:
    return {name: build_table(results.scopes[0], results.metrics, name) for name in (None, "blobs", "waves")}


@pytest.fixture(scope="module")
def pages(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(board, tmp_path_factory.mktemp("pages") / "toy")


def _numbers(table: Table, row: int) -> dict[str, tuple[float, str]]:
    return {
        column.metric: (value.number, value.aside)
        for column, value in zip(table.columns, table.references[row].values, strict=True)
        if value.number is not None
    }


def test_a_ceiling_is_the_mean_over_seeds_with_their_spread(tables: dict[str | None, Table]) -> None:
    found = [(row.name, row.mark, row.words) for row in tables["blobs"].references]
    assert found == [("HR", "ceiling", ""), ("learner", "ceiling", WORDS), ("bicubic", "floor", "")]
    numbers = _numbers(tables["blobs"], 1)
    assert numbers["psnr"] == (pytest.approx(37.0), "± 1.3")  # the deviation of 36, 36.5 and 38.5 is 1.32
    assert numbers["fid"] == (pytest.approx(3.7), "± 0.13")
    assert set(numbers) == {"psnr", "fid"}, "what could not be scored is not there"


def test_over_several_datasets_each_weighs_the_same_and_sets_are_left_out(tables: dict[str | None, Table]) -> None:
    (row,) = tables[None].references
    assert (row.name, row.mark, row.words) == ("learner", "ceiling", WORDS)
    means = [(PSNR["blobs", seed] + PSNR["waves", seed]) / 2 for seed in range(3)]
    numbers = _numbers(tables[None], 0)
    assert numbers.keys() == {"psnr"}
    assert numbers["psnr"][0] == pytest.approx(statistics.mean(means))
    assert float(numbers["psnr"][1].removeprefix("± ")) == pytest.approx(statistics.stdev(means), rel=0.05)
    assert "has no rank" in tables[None].notes[row.note - 1]


def test_a_ceiling_changes_no_rank_and_no_words(results: Results, tables: dict[str | None, Table]) -> None:
    for table in tables.values():
        bare = replace(table, references=())
        assert findings(table, [table], "psnr") == findings(bare, [bare], "psnr")
        assert len(table.rows) == len(results.board.methods)


def test_identical_images_make_it_infinite_and_one_cell_without_makes_it_unknown(results: Results) -> None:
    own = [r for r in results.of_method("learner") if r.cell.dataset == "blobs"]

    def changed(**fields: object) -> list:
        record = own[0].record
        assert record is not None
        facts = msgspec.structs.replace(record.ceiling["psnr"], **fields)
        other = msgspec.structs.replace(record, ceiling={"psnr": facts})
        return [replace(own[0], record=other), *own[1:]]

    found = ceiling_value(changed(infinite=1), "psnr", ["blobs"])
    assert found is not None and found.number == float("inf")
    assert ceiling_value(changed(status="skipped"), "psnr", ["blobs"]) is None
    assert ceiling_value(own, "ssim", ["blobs"]) is None
    assert ceiling_value(own, "psnr", ["blobs", "waves"]) is None
    alone = ceiling_value(own[:1], "psnr", ["blobs"])
    assert alone is not None and alone.aside == ""


def test_the_pages_show_it_beside_the_method_and_rank_it_nowhere(pages: Path) -> None:
    page = parse(pages / "index.html")
    apart = [tag for table in page.find("table") for tag in table.of_class("references")]
    rows: list[Tag] = [row for tag in apart for row in tag.find("tr")]
    named = [row for row in rows if next(row.find("th")).text.startswith("learner")]
    assert len(named) == 3, "over both datasets, and on each"
    for row in named:
        assert next(row.find("th")).text == "learner, ceiling, not ranked"
        assert list(row.find("td"))[-1].text == f"{WORDS}, not in the ranking"
        assert next(row.of_class("rank")).text.split()[0] == "ceiling"
    data = json.loads((pages / "board.json").read_text(encoding="utf-8"))
    table = next(table for table in data["tables"] if table["dataset"] == "waves")
    expected = {"name": "learner", "mark": "ceiling", "words": WORDS}
    assert table["references"][1] == expected | {"metrics": {"psnr": pytest.approx(32.0), "fid": pytest.approx(3.2)}}

    method = parse(pages / "methods" / "learner.html").text
    assert f"Ceiling ({WORDS}): PSNR 37.00 ± 1.3 and FID 3.7000 ± 0.13." in " ".join(method.split())
    other = parse(pages / "methods" / "lanczos.html").text
    assert "Ceiling" not in other

    cells = list((pages / "cells").glob("waves-*learner*-1-*.html"))
    text = " ".join(parse(cells[0]).text.split())
    assert f"The ceiling is that of {WORDS}" in text
    scores = next(parse(cells[0]).find("table"))
    heads = [head.text for head in next(scores.find("thead")).find("th")]
    assert heads == ["Metric", "Value", "Ceiling", "Images", "Remarks"]
    found = {
        next(row.find("th")).text.split()[0]: [cell.text for cell in row.find("td")]
        for row in scores.find("tr")
        if list(row.find("td"))
    }
    assert found["PSNR,"][1] == "31.00"
    assert found["SSIM"][1] == "failed"
    plain = next((pages / "cells").glob("waves-*lanczos*.html"))
    assert "Ceiling" not in [head.text for head in next(parse(plain).find("thead")).find("th")]
