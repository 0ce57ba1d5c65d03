"""What splits hold, in words: sizes as width and height, depths in bits, LR where it comes with the images."""

from __future__ import annotations

from srbench.leaderboard.board.contents import BoardSplit
from srbench.leaderboard.datasets.contents import split_lines, split_words

WHOLE = BoardSplit("test", "…", 14, 4, (96, 120), (192, 200), (1, 3), ("uint8", "uint16"))


def test_sizes_colours_and_depths_are_told_from_smallest_to_largest() -> None:
    (line,) = split_lines([WHOLE])
    assert (line.name, line.images, line.groups) == ("tested on", 14, 4)
    assert line.size == "120 × 96 to 200 × 192"
    assert line.kind == "grey and colour, 8 bits and 16 bits"
    assert line.lr == ""


def test_one_size_is_told_once_and_what_was_not_looked_at_as_a_dash() -> None:
    same, unknown = split_lines(
        [BoardSplit("train", "…", 1, 1, (8, 1200), (8, 1200), (1,), ("float32",)), BoardSplit("test", "…", 1, 1)]
    )
    assert (same.name, same.size, same.kind) == ("trained on", "1,200 × 8", "grey, 32-bit floating point")
    assert (unknown.size, unknown.kind) == ("–", "–")


def test_lr_that_comes_with_some_images_says_with_how_many() -> None:
    (line,) = split_lines([BoardSplit("test", "…", 5, 5, lr={"bicubic, x4": 5, "area, x2": 1}, lone=2)])
    assert line.lr == "comes with HR: bicubic, x4; area, x2 (of 1 image); alone, without HR: 2 images"
    (line,) = split_lines([BoardSplit("test", "…", 2, 2, lone=2)])
    assert line.lr == "alone, without HR"


def test_lines_of_an_earlier_srbench_stay_lines() -> None:
    assert split_words([WHOLE, "14 test images"]) == ["14 test images"] and len(split_lines([WHOLE, "14"])) == 1
