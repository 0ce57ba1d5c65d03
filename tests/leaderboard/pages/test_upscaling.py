"""What boards of super-resolution say of LR: where it is from, as the records have it, and what that leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.leaderboard.board.contents import BoardDataset
from srbench.leaderboard.pages.upscaling import UpscalingPages

from ..toyboard import Made, results_of

SCORES = {"psnr": {f"im{place}": 20.0 + place for place in range(7)}}


def pages(tmp_path: Path, **lr: str) -> UpscalingPages:
    results = results_of([Made(dataset, "bicubic", SCORES, lr=origin) for dataset, origin in lr.items()])
    return UpscalingPages(results, [])


CASES: dict[str, tuple[dict[str, str], list[str], list[str]]] = {
    "made": ({"d": "made"}, ["LR is made from HR (bicubic)"], ["came with"]),
    "shipped": ({"d": "shipped"}, ["LR came with d and was not made here"], ["made from HR"]),
    "mixed": ({"d": "mixed"}, ["Some of the LR came with d; the rest was made from HR (bicubic)."], ["was not made"]),
    "each": (
        {"d": "made", "e": "shipped", "f": "mixed"},
        ["LR of d is made from HR", "LR came with e and", "Some of the LR came with f"],
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_limits_follow_the_records(tmp_path: Path, case: str) -> None:
    lr, there, absent = CASES[case]
    said = " ".join(pages(tmp_path, **lr).limits())
    assert all(words in said for words in there), said
    assert not any(words in said for words in absent), said


def test_the_header_counts_methods_and_images(tmp_path: Path) -> None:
    said = " ".join(pages(tmp_path, d="made", e="made").header())
    assert "2 datasets, 14 test images" in said and "1 method" in said


def test_a_view_has_the_pooled_table_before_those_of_each_dataset(tmp_path: Path) -> None:
    made = pages(tmp_path, d="made", e="made")
    results = results_of([Made(dataset, "bicubic", SCORES) for dataset in "de"])
    view = made.view(results.scopes[0], {"bicubic": "bicubic"})
    assert [shown.table.dataset for shown in view.tables] == [None, "d", "e"]
    assert len({shown.id for shown in view.tables}) == 3
    alone = made.view(results_of([Made("d", "bicubic", SCORES)]).scopes[0], {"bicubic": "bicubic"})
    assert [(shown.table.dataset, shown.table.only_dataset) for shown in alone.tables] == [(None, "d")]


def test_the_header_counts_the_datasets_that_are_tested(tmp_path: Path) -> None:
    results = results_of([Made("d", "net", SCORES, trained_on=name, seed=0) for name in ("same", "generic")])
    results.board.datasets += [BoardDataset("generic", "", [], [])]
    assert "1 dataset, 7 test images" in UpscalingPages(results, []).header()
