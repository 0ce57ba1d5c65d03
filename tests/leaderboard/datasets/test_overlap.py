"""What test images have to do with what was learned from, in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from srbench.leaderboard.datasets.overlap import Overlap, overlaps
from srbench.leaderboard.results.results import Results

from ..toyboard import Made, results_of

SCORES = {"psnr": {"im0": 30.0, "im1": 31.0, "im2": 32.0}}


def board(seen: dict[str, dict[str, dict[str, str]]], *learned: str, **given: Any) -> Results:
    made = results_of([Made("d", "net", SCORES, trained_on="t", seed=0, **given), Made("d", "bicubic", SCORES)])
    first, second = made.all
    cell = msgspec.structs.replace(first.cell, learned_from=learned[-1], learned_before=learned[:-1])
    told = msgspec.structs.replace(made.board, seen=seen)
    return Results(told, (replace(first, cell=cell), second))


def said(dataset: str, results: Results) -> list[Overlap]:
    own = [result for result in results.all if result.cell.dataset == dataset]
    return list(overlaps(dataset, results.board, own))


def test_images_that_look_like_training_images_are_counted_and_named() -> None:
    (found,) = said("d", board({"d": {"t": {"im0": "t3, mirrored", "im2": "t9"}, "never": {"im1": "x"}}}, "t"))
    assert found.sentence == (
        "2 of 3 test images are among the training images of t, or look like one: models that learned from t have "
        "probably seen what they are tested on."
    )
    assert found.images == ("im0 (like t3, mirrored)", "im2 (like t9)")


def test_each_training_set_without_such_images_is_cleared() -> None:
    assert [one.sentence for one in said("d", board({}, "first", "t"))] == [
        "No test image is in the training images of first, or looks like one of them.",
        "No test image is in the training images of t, or looks like one of them.",
    ]


def test_other_regions_of_tested_pictures_are_told_once() -> None:
    groups = {"im0": "wall", "im1": "moon", "im2": "moon"}
    _, found = said("d", board({}, "t", groups=groups, seen_groups=("moon",)))
    assert found == Overlap(
        "Other regions of 1 of the 2 pictures that test images are cut from are among the training images of t.",
        ("moon",),
    )


def test_a_set_that_is_only_learned_from_says_which_tests_it_spoils() -> None:
    (found,) = said("t", board({"d": {"t": {"im0": "t3"}}}, "t"))
    assert found == Overlap("1 test image of d is among its training images, or looks like one.", ("im0 (like t3)",))


def test_where_nothing_is_learned_nothing_is_said() -> None:
    results = results_of([Made("d", "bicubic", SCORES)])
    assert said("d", results) == []
