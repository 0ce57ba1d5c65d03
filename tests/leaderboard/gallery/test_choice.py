"""Which images are shown, and in which order."""

from __future__ import annotations

import math

from srbench.leaderboard.gallery.choice import MOST_IMAGES, choose_images, hardest_first

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


def test_the_hardest_image_is_that_on_which_the_methods_reach_least() -> None:
    scores = {"a": {"x": 30.0, "y": 20.0, "z": math.inf}, "b": {"x": 20.0, "y": 28.0, "z": 20.0}}
    shown = results_of([Made("d", name, {"psnr": values, "mae": values}) for name, values in scores.items()]).all
    found = [(one.image, one.mean) for one in hardest_first(["w", "x", "y", "z"], shown, "psnr")]
    assert found == [("z", 20.0), ("y", 24.0), ("x", 25.0), ("w", None)]  # an infinite score is nobody's mean
    assert [one.image for one in hardest_first(["x", "y", "z"], shown, "mae")] == ["x", "y", "z"]
    assert [one.mean for one in hardest_first(["x", "y"], shown, None)] == [None, None]
