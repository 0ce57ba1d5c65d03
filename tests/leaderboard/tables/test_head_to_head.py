"""What stands beside the ranking: ceiling and floor, the head-to-head matrix, confusion matrices."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from srbench.leaderboard.findings.lead import findings
from srbench.leaderboard.results.references import references
from srbench.leaderboard.results.results import Result, Results
from srbench.leaderboard.results.values import Notes
from srbench.leaderboard.tables.head_to_head import HeadToHead, head_to_head
from srbench.leaderboard.tables.ranked import Table, build_table
from srbench.statistics.intervals import Count
from srbench.store.details import Estimate
from srbench.tasks import super_resolution

from ..markup import Tag, parse
from ..toyboard import COUNTS, Board, score


@pytest.fixture(scope="module")
def results(board: Board) -> Results:
    return board.results


@pytest.fixture(scope="module")
def pooled(results: Results) -> Table:
    return build_table(results.scopes[0], results.metrics)


@pytest.fixture(scope="module")
def single(results: Results) -> list[Table]:
    return [build_table(results.scopes[0], results.metrics, name) for name in ("blobs", "waves")]


@pytest.fixture(scope="module")
def page(pages: Path) -> Tag:
    return parse(pages / "index.html")


def test_ceiling_and_floor_are_rows_with_what_was_measured_and_nothing_else(single: list[Table]) -> None:
    for table in single:
        ceiling, floor = table.references
        assert (ceiling.name, ceiling.mark, floor.name, floor.mark) == ("HR", "ceiling", "bicubic", "floor")
        fid = [column.metric for column in table.columns].index("fid")
        known = [[value.number for value in row.values] for row in table.references]
        assert known == [[bound if place == fid else None for place in range(4)] for bound in (2.5, 61.0)]
        assert (ceiling.values[fid].aside, floor.values[fid].aside) == ("[2.25, 2.75]", "± 1.5")
        assert "have no rank" in table.notes[floor.note - 1]


def test_reference_rows_change_neither_ranks_nor_words_nor_the_yardstick(single: list[Table]) -> None:
    for table in single:
        bare = replace(table, references=())
        assert findings(table, [table], "psnr") == findings(bare, [bare], "psnr")
        assert [row.entrant.name for row in table.ranked] == [row.entrant.name for row in bare.ranked]
        assert head_to_head(table, []) == head_to_head(bare, [])
        assert table.ranking is not None
        assert len(table.ranking.entrants) == len(table.ranked)


def test_over_several_datasets_there_is_no_ceiling_and_none_without_a_number(pooled: Table, results: Results) -> None:
    assert pooled.references == ()
    assert build_table(results.scopes[0], ["psnr", "ssim"], "waves").references == ()


def test_cells_that_disagree_about_the_ceiling_say_so(results: Results) -> None:
    def changed(result: Result, ceiling: float) -> Result:
        assert result.record is not None
        fid = result.record.metrics["fid"]
        fid = msgspec.structs.replace(fid, details=msgspec.structs.replace(fid.details, ceiling=Estimate(ceiling)))
        record = msgspec.structs.replace(result.record, metrics={**result.record.metrics, "fid": fid})
        return replace(result, record=record)

    two = [r for r in results.scopes[0].results if r.cell.dataset == "waves" and r.ok][:2]
    cells = {result.entrant: [changed(result, value)] for result, value in zip(two, (2.0, 3.0), strict=True)}
    ceiling = references(cells, ["fid"], ["waves"], Notes(), super_resolution.TASK.wording)[0].values[0]
    assert ceiling.number == 2.5
    assert ceiling.aside == "2.00 to 3.00 between cells"


def test_on_the_page_references_stand_apart_from_what_is_sorted_and_ranked(page: Tag, pages: Path) -> None:
    tables = [table for table in page.find("table") if list(table.of_class("references"))]
    assert len(tables) == 4, "two protocols with two datasets each"
    for table in tables:
        ranked, apart = table.find("tbody")
        assert "class" not in ranked.attributes
        rows = list(apart.find("tr"))
        assert [next(row.find("th")).text for row in rows] == ["HR, ceiling, not ranked", "bicubic, floor, not ranked"]
        assert [next(row.of_class("rank")).text.split()[0] for row in rows] == ["ceiling", "floor"]
        fid = [next(cell for cell in row.find("td") if cell.attributes.get("data-column") == "fid") for row in rows]
        assert [cell.text.split()[0] for cell in fid] == ["2.5[2.25,", "61.0±"]
        assert not list(apart.of_class("marker"))
    data = json.loads((pages / "board.json").read_text(encoding="utf-8"))
    table = next(table for table in data["tables"] if table["dataset"] == "waves")
    assert table["references"] == [
        {"name": "HR", "mark": "ceiling", "metrics": {"fid": 2.5}},
        {"name": "bicubic", "mark": "floor", "metrics": {"fid": 61.0}},
    ]
    assert {"HR"} & {row["method"] for row in table["rows"]} == set()


def duel_of(matrix: HeadToHead, first: str, second: str) -> tuple[str, Count]:
    names = [entrant.name for entrant in matrix.entrants]
    duel = matrix.duels[names.index(first)][names.index(second)]
    assert duel is not None
    return duel.verdict, duel.count


def test_the_matrix_agrees_with_ranks_and_counts_datasets(pooled: Table, single: list[Table]) -> None:
    matrix = head_to_head(pooled, single)
    assert matrix is not None
    assert matrix.unit == "dataset"
    assert [entrant.name for entrant in matrix.entrants] == [row.entrant.name for row in pooled.ranked]
    for row, duels in zip(pooled.ranked, matrix.duels, strict=True):
        assert row.rank is not None
        verdicts = [duel.verdict for duel in duels if duel is not None]
        assert row.rank.low == 1 + verdicts.count("worse")
        assert row.rank.high == len(pooled.ranked) - verdicts.count("better")
    for a in pooled.ranked:
        for b in pooled.ranked:
            if a is b:
                continue
            wins = sum(table.standings["psnr"].beats(a.entrant, b.entrant) for table in single)
            losses = sum(table.standings["psnr"].beats(b.entrant, a.entrant) for table in single)
            assert duel_of(matrix, a.entrant.name, b.entrant.name)[1] == Count(wins, 2 - wins - losses, losses)
    assert duel_of(matrix, "learner", "bicubic") == ("better", Count(2, 0, 0))
    assert duel_of(matrix, "bicubic", "learner") == ("worse", Count(0, 0, 2))
    assert duel_of(matrix, "lanczos", "bicubic")[0] == "tied"


def test_on_one_dataset_the_matrix_counts_images(single: list[Table]) -> None:
    waves = single[1]
    matrix = head_to_head(waves, [])
    assert matrix is not None
    assert matrix.unit == "image"
    scores = {
        name: [score("psnr", "waves", name, image, None) for image in range(COUNTS["waves"])]
        for name in ("bicubic", "lanczos")
    }
    won = sum(a > b for a, b in zip(scores["lanczos"], scores["bicubic"], strict=True))
    assert duel_of(matrix, "lanczos", "bicubic") == ("tied", Count(won, 0, COUNTS["waves"] - won))


def test_fewer_than_two_ranked_methods_have_no_matrix(board: Board, tmp_path: Path) -> None:
    cells = tuple(replace(cell, summary=None, state="new", why="never run") for cell in board.plan.cells)
    empty = replace(board, plan=replace(board.plan, cells=cells), store=tmp_path).results
    assert head_to_head(build_table(empty.scopes[0], empty.metrics), []) is None


def test_the_matrix_is_read_aloud_in_words(page: Tag) -> None:
    table = next(page.of_class("duels"))
    head, body = next(table.find("thead")), next(table.find("tbody"))
    names = [name.text.strip() for name in body.find("th")]
    assert [name.text.strip() for name in head.of_class("against")] == names
    words = [list(cell.of_class("hidden"))[-1].text for cell in body.find("td")]
    assert "learner against bicubic: better; better on 2 datasets" in words
    assert "bicubic against learner: worse; worse on 2 datasets" in words
    assert words.count("the same method") == len(names)
    signs = [*body.of_class("verdict"), *body.of_class("tally")]
    assert len(signs) == 2 * len(names) * (len(names) - 1)
    assert all(sign.attributes["aria-hidden"] == "true" for sign in signs)


def test_a_cells_page_shows_the_confusion_matrix_as_a_table(pages: Path) -> None:
    path = next(path for path in (pages / "cells").iterdir() if "blobs" in path.name and "bicubic" in path.name)
    tree = parse(path)
    table = next(tree.of_class("confusion"))
    rows = [[cell.text for cell in row.find("th", "td")] for row in table.find("tr")]
    assert rows == [["True", "a", "b as <c>"], ["a", "5.0", "1.5"], ["b as <c>", "0.0", "2.0"]]
    assert "b as" not in next(tree.of_class("numbers")).text
