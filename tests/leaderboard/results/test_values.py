"""The value of a metric in a row: a mean over seeds and images, never over some of them, or why there is none."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

import numpy as np
import pytest

from srbench.leaderboard.results.results import Entrant, Result, Results
from srbench.leaderboard.results.standings import Division
from srbench.leaderboard.results.values import (
    Notes,
    Value,
    lacking,
    scores_by_image,
    spread_over_seeds,
    without_images,
)

from ..toyboard import Made, results_of


def cells_of(results: Results) -> Mapping[Entrant, list[Result]]:
    found: dict[Entrant, list[Result]] = {}
    for result in results.all:
        found.setdefault(result.entrant, []).append(result)
    return found


def net(seed: int, *values: float, dataset: str = "d") -> Made:
    scores = {"psnr": {f"im{place}": value for place, value in enumerate(values)}}
    return Made(dataset, "net", scores, trained_on="t", seed=seed)


def test_seeds_are_averaged_image_by_image_in_one_order_for_all() -> None:
    other = Made("d", "bicubic", {"psnr": {"im1": 20.0, "im0": 10.0}})
    cells = cells_of(results_of([net(0, 1.0, 5.0), net(1, 3.0, 9.0), other]))
    scores = scores_by_image(cells, "psnr", ["d"])
    assert scores is not None
    assert {entrant.name: scores.of(entrant).tolist() for entrant in scores.entrants} == {
        "net": [2.0, 7.0],
        "bicubic": [10.0, 20.0],
    }
    assert scores.datasets == ("d", "d")
    assert len(set(scores.units)) == 2


def test_images_of_a_group_count_with_it() -> None:
    made = Made("d", "a", {"psnr": {"im0": 1.0, "im1": 2.0, "im2": 3.0}}, groups={"im0": "slide", "im1": "slide"})
    scores = scores_by_image(cells_of(results_of([made])), "psnr", ["d"])
    assert scores is not None
    first, second, third = scores.units
    assert first == second != third


def test_images_keep_their_labels_also_where_some_record_has_none() -> None:
    values = {"im0": 1.0, "im1": 2.0, "im2": 3.0}
    older = Made("d", "a", {"psnr": values})
    newer = Made("d", "b", {"psnr": values}, labels={"im0": "left", "im2": "right"})
    for cells in ([older, newer], [newer, older]):
        scores = scores_by_image(cells_of(results_of(cells)), "psnr", ["d"])
        assert scores is not None and scores.divisions == (
            Division("class", ("left", "right"), ("left", None, "right")),
        )


@pytest.mark.parametrize(
    "short",
    [
        [Made("d", "b", {"psnr": {"im0": 1.0}})],
        [Made("d", "b", {"psnr": {"im0": 1.0, "im1": 1.0}}, reason="no luck")],
        [Made("d", "b", {"ssim": {"im0": 1.0, "im1": 1.0}})],
        [Made("d", "b", {}, lacking={"psnr": "no weights"})],
    ],
    ids=["an image less", "a cell that failed", "another metric", "a metric that failed"],
)
def test_who_lacks_anything_takes_no_part(short: list[Made]) -> None:
    whole = Made("d", "a", {"psnr": {"im0": 1.0, "im1": 2.0}})
    scores = scores_by_image(cells_of(results_of([whole, *short])), "psnr", ["d"])
    assert scores is not None
    assert [entrant.name for entrant in scores.entrants] == ["a"]
    assert scores_by_image(cells_of(results_of(short)), "fid", ["d"]) is None


def test_over_several_datasets_everybody_has_all_of_them() -> None:
    cells = cells_of(results_of([net(0, 1.0), net(0, 2.0, dataset="e"), Made("d", "b", {"psnr": {"im0": 3.0}})]))
    scores = scores_by_image(cells, "psnr", ["d", "e"])
    assert scores is not None and [entrant.name for entrant in scores.entrants] == ["net"]
    assert scores.datasets == ("d", "e")


def test_the_spread_over_seeds_is_that_of_the_means() -> None:
    values = np.random.default_rng(0).normal(28, 1, (4, 6))
    results = results_of([net(seed, *row) for seed, row in enumerate(values)])
    assert spread_over_seeds(results.all, "psnr") == pytest.approx(statistics.stdev(values.mean(axis=1)))
    assert spread_over_seeds(results.all[:1], "psnr") is None
    lame = results_of([net(0, 1.0, 2.0), net(1, 1.0)])
    assert spread_over_seeds(lame.all, "psnr") is None  # of other images the means say nothing


def test_why_there_is_no_value_is_told_with_the_datasets() -> None:
    cells = [Made("d", "a", {}, lacking={"lpips": "no weights"}), Made("e", "a", {"lpips": {"im0": 0.1}})]
    assert lacking(results_of(cells).all, "lpips") == {("failed", "no weights"): ["d"]}
    assert lacking(results_of(cells).all, "ssim") == {
        ("not scored", "srbench run scores it, without training again"): ["d", "e"]
    }
    notes = Notes()
    value = without_images(results_of(cells).all, "lpips", ["d", "e"], notes)
    assert (value.missing, value.note) == ("failed", 1)
    assert notes.texts == ["LPIPS: on d: no weights."]


def test_a_set_metric_has_one_value_a_dataset_and_none_over_several() -> None:
    def sets(dataset: str, seed: int, value: float) -> Made:
        return Made(dataset, "net", {"fid": {None: value}}, trained_on="t", seed=seed)  # type: ignore[dict-item]

    results = results_of([sets("d", 0, 10.0), sets("d", 1, 14.0)])
    value = without_images(results.all, "fid", ["d"], Notes())
    assert (value.number, value.interval) == (12.0, None)
    assert spread_over_seeds(results.all, "fid") == pytest.approx(statistics.stdev([10, 14]))
    notes = Notes()
    both = results_of([sets("d", 0, 10.0), sets("e", 0, 14.0)])
    assert without_images(both.all, "fid", ["d", "e"], notes).missing == "by set"
    assert notes.texts == ["FID compares sets of images: see each dataset's table."]
    half = results_of([sets("d", 0, 10.0), Made("d", "net", {}, trained_on="t", seed=1, reason="no luck")])
    assert without_images(half.all, "fid", ["d"], Notes()) == Value(missing="incomplete")


def test_footnotes_are_numbered_as_they_come_and_asked_for_again() -> None:
    notes = Notes()
    assert [notes.number(text) for text in ("a", "b", "a", "c", "b")] == [1, 2, 1, 3, 2]
    assert notes.texts == ["a", "b", "c"]
