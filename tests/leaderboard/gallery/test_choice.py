"""Which images are shown, and in which order."""

from __future__ import annotations

import math

import pytest

from srbench.leaderboard.gallery.choice import MOST_IMAGES, choose_images, difficulties, first_seeds, hardest_first

from ..toyboard import Made, results_of

SCORES = {f"im{number:02}": float((number * 7) % 40) for number in range(40)}


def test_of_every_method_the_worst_and_the_best_image_are_shown_then_others_over_the_range() -> None:
    other = {image: -value for image, value in SCORES.items()}
    shown = results_of([Made("d", "a", {"psnr": SCORES}), Made("d", "b", {"psnr": other})]).all
    extremes = {
        result.entrant: (min(scores, key=scores.__getitem__), max(scores, key=scores.__getitem__))
        for result, scores in zip(shown, (SCORES, other), strict=True)
    }
    chosen = choose_images(shown, "psnr", extremes)
    assert len(chosen) == MOST_IMAGES
    assert {image for pair in extremes.values() for image in pair} <= set(chosen)
    assert chosen == [image for image in SCORES if image in chosen]  # in the order of the dataset
    # What is not extreme lies over the whole range of difficulty: in each third there is one.
    thirds = {int(SCORES[image] // (40 / 3)) for image in chosen}
    assert thirds == {0, 1, 2}
    assert choose_images(shown, "psnr", extremes, most=2) == [image for image in SCORES if SCORES[image] in (0, 39)]


def test_the_hardest_image_is_that_of_the_worst_median_over_the_methods() -> None:
    scores = {
        "a": {"x": 30.0, "y": 20.0, "z": math.inf},
        "b": {"x": 20.0, "y": 28.0, "z": 21.0},
        "failing": {"x": 25.0, "y": 1.0, "z": 99.0},
    }
    shown = results_of([Made("d", name, {"psnr": values, "mae": values}) for name, values in scores.items()]).all
    found = [(one.image, one.median) for one in difficulties(["w", "x", "y", "z"], shown, "psnr")]
    assert found == [("y", 20.0), ("x", 25.0), ("z", 99.0), ("w", None)]
    assert [one.image for one in difficulties(["x", "y", "z"], shown, "mae")] == ["z", "x", "y"]
    assert [one.median for one in difficulties(["x", "y"], shown, None)] == [None, None]


@pytest.mark.parametrize(
    ("scored", "higher", "order"),
    [
        ([{"a": math.inf, "b": 10.0, "c": 20.0}, {"c": 1.0}], True, "bca"),  # who lacks images does not decide
        ([{"a": 2.0}, {"b": 1.0}], True, "bac"),  # unless all do
        ([{"c": 1.0, "b": 1.0, "a": 1.0}], False, "abc"),  # ties by id
        ([], True, "abc"),
    ],
)
def test_infinite_scores_are_easy_and_what_nobody_scored_comes_last(
    scored: list[dict[str, float]], higher: bool, order: str
) -> None:
    assert [one.image for one in hardest_first("abc", scored, higher)] == [*order]


def test_which_images_are_shown_no_single_method_decides() -> None:
    easy = dict.fromkeys(SCORES, 50.0)
    shown = results_of(
        [Made("d", name, {"psnr": SCORES if name != "flat" else easy}) for name in ("flat", "a", "b")]
    ).all
    chosen = choose_images(shown, "psnr", {}, most=2)
    assert [SCORES[image] for image in chosen] == [0.0, 39.0]


def test_of_several_seeds_the_first_that_went_well_is_shown() -> None:
    cells = [
        Made("d", "a", {"psnr": SCORES}, trained_on="t", seed=0, reason="no luck"),
        Made("d", "a", {"psnr": SCORES}, trained_on="t", seed=1),
        Made("d", "a", {"psnr": SCORES}, trained_on="t", seed=2),
        Made("d", "b", {"psnr": SCORES}),
    ]
    results = results_of(cells).all
    assert first_seeds(results) == [results[1], results[3]]
