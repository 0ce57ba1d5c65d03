"""The lists of cells and of images against the records that they are made from."""

from __future__ import annotations

import math

from srbench.leaderboard.results.results import Results
from srbench.leaderboard.tables.listings import every_cell, image_table, images_of

from ..toyboard import COUNTS, Board, score


def ok(results: Results, method: str, dataset: str) -> int:
    return next(
        at for at, one in enumerate(results.all) if one.ok and (one.cell.method, one.cell.dataset) == (method, dataset)
    )


def test_every_cell_of_the_matrix_is_there_with_what_became_of_it(board: Board) -> None:
    results = board.results
    table = every_cell(results)
    assert [row[0].text for row in table.rows] == [result.cell.label for result in results.all]
    for (name, status, seconds), result in zip(table.rows, results.all, strict=True):
        assert name.href == f"cells/{result.slug}.html"
        assert (status.text == "ok") == result.ok
        assert result.record is not None
        assert seconds.sort == result.record.seconds
    assert {row[1].text for row in table.rows} >= {"ok", "skipped: needs a scale of 2", "out of time: ran past 7200 s"}


def test_every_image_of_a_cell_has_its_scores_and_an_infinite_one_sorts_as_such(board: Board) -> None:
    results = board.results
    result = results.all[ok(results, "$x^2$", "blobs")]
    table = image_table(result, results)
    assert table is not None
    assert [head.label for head in table.heads] == ["Image", "PSNR, dB", "SSIM"]
    assert [head.order for head in table.heads[1:]] == ["descending", "descending"]
    assert [row[0].text for row in table.rows] == [f"im{n}" for n in range(COUNTS["blobs"])] == images_of(result)
    values = [float(str(row[1].sort)) for row in table.rows]
    assert values[2] == math.inf
    assert values[3] == score("psnr", "blobs", "$x^2$", 3, None)


def test_a_cell_that_failed_has_no_images(board: Board) -> None:
    results = board.results
    failed = next(one for one in results.all if not one.ok)
    assert image_table(failed, results) is None
    assert images_of(failed) == []
