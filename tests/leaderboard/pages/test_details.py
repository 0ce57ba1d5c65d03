"""The page of a cell: facts flattened, scores image by image."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from srbench.leaderboard.pages.details import cell_context, pictures_context
from srbench.leaderboard.results.results import Result, Results

from ..toyboard import BAD, COUNTS, Board, Made, results_of, score


@pytest.fixture(scope="module")
def results(board: Board) -> Results:
    return board.results


def cell(results: Results, method: str, begins: str) -> Result:
    return next(result for result in results.of_method(method) if result.slug.startswith(begins))


def test_a_cell_s_page_has_every_score_of_every_image(results: Results) -> None:
    context = cell_context(cell(results, "bicubic", "blobs-x4-y"), results, "m", ())
    assert [head.label for head in context["images"].heads] == ["Image", "PSNR, dB", "SSIM"]
    assert {name.text: [value.text for value in values] for name, *values in context["images"].rows} == {
        f"im{number}": [
            f"{score('psnr', 'blobs', 'bicubic', number, None):.2f}",
            f"{score('ssim', 'blobs', 'bicubic', number, None):.4f}",
        ]
        for number in range(COUNTS["blobs"])
    }
    assert dict(context["point"])["Dataset"] == "blobs" and "Seed" not in dict(context["point"])


def test_each_metric_says_what_to_know_of_it(results: Results) -> None:
    context = cell_context(cell(results, "$x^2$", "blobs-x4-y"), results, "m", ())
    remarks = {line["head"].label: (line["value"], line["remark"]) for line in context["metrics"]}
    assert "1 identical to HR (infinite), left out of the mean" in remarks["PSNR, dB"][1]
    assert "compares the whole set" in remarks["FID"][1]
    assert remarks["LPIPS"] == ("skipped", "needs weights: srbench fetch <lpips-alex>")


def test_a_calibration_curve_is_drawn_on_the_cell_s_page(results: Results) -> None:
    result = cell(results, "bicubic", "blobs-x4-y")
    known = {line["head"].label: line["coverage"] for line in cell_context(result, results, "m", ())["metrics"]}
    assert known["FID"]["words"] == [("FID", "37.5 % of HR in the 50 % interval, 70.0 % of HR in the 90 % interval")]
    assert known["PSNR, dB"] is None and "<svg" in known["FID"]["svg"]


def test_how_the_networks_of_a_metric_learned_is_drawn_on_the_cell_s_page(results: Results) -> None:
    context = cell_context(cell(results, "bicubic", "blobs-x4-y"), results, "m", ())
    drawn = {line["head"].label: line["learning"] for line in context["metrics"]}
    assert drawn["PSNR, dB"] == []
    (loss, first), (validation, second) = drawn["FID"]
    assert (loss.split(",")[0], validation.split(" ")[0]) == ("loss", "validation")
    assert "last -0.25" in second.replace("\N{MINUS SIGN}", "-") and "<0>" not in first + second


def test_what_a_record_warns_of_stands_on_its_cell_s_page() -> None:
    like = "1 of 1 test images of d looks like a training image of t, so probably seen in training: im0 (like t3)"
    made = results_of([Made("d", "net", {"psnr": {"im0": 30.0}}, trained_on="t", seed=0, warnings=(like,))])
    assert like in cell_context(made.all[0], made, "m", ())["notes"]


def test_of_a_cell_without_pictures_nothing_is_said_of_a_store(results: Results) -> None:
    context = pictures_context(results.all[0], results, [])
    assert (context["pictures"], context["pictures_remark"]) == ([], "None of its pictures are here.")


def test_images_that_the_model_has_probably_seen_are_marked_on_its_cell_s_page_alone() -> None:
    scores = {"psnr": {"im0": 30.0, "im1": 31.0, "im2": 32.0}}
    parts = {"groups": {"im0": "wall", "im1": "moon"}, "seen_groups": ["moon"]}
    made = results_of([Made("d", "net", scores, trained_on="t", seed=0, **parts), Made("d", "bicubic", scores)])
    board = msgspec.structs.replace(made.board, seen={"d": {"t": {"im0": "t3, mirrored"}, "u": {"im2": "u1"}}})
    cells = [replace(one, cell=msgspec.structs.replace(one.cell, learned_from=one.cell.trained_on)) for one in made.all]
    learned, other = (
        [name.aside for name, *_ in cell_context(one, replace(made, board=board), "m", ())["images"].rows]
        for one in cells
    )
    assert learned == ["probably seen in training: like t3, mirrored", "other regions of it were seen in training", ""]
    assert other == ["", "", ""]
    both = msgspec.structs.replace(cells[0].cell, learned_before=("u",))
    seen = cell_context(replace(cells[0], cell=both), replace(made, board=board), "m", ())["images"]
    assert seen.rows[2][0].aside == "probably seen in training: like u1", "by the training before"


def test_a_cell_that_went_wrong_has_its_reason_and_no_scores(results: Results) -> None:
    context = cell_context(cell(results, "slow", "blobs"), results, "m", ())
    assert context["reason"] == BAD["slow"][1]
    assert (context["metrics"], context["images"]) == ([], None)
