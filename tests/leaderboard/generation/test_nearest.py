"""Distances to training images: read as they were written, told in words that the numbers bear out."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from srbench.leaderboard.generation.nearest import (
    FILE,
    MOST_PAIRS,
    Measure,
    NearestImage,
    Neighbours,
    distribution,
    in_words,
    nearest_samples,
    random_samples,
    read_neighbours,
    verdict,
)
from srbench.statistics.memorisation import compare_distances
from srbench.store.files import StoreError

RNG = np.random.default_rng(4)
FAR = RNG.uniform(0.2, 0.4, 60)


def neighbours(generated: np.ndarray, real: np.ndarray = FAR) -> Neighbours:
    made = {f"sample-{place:03}": NearestImage(f"t{place % 7}", float(one)) for place, one in enumerate(generated)}
    return Neighbours(made, {f"im{place}": NearestImage("t0", float(one)) for place, one in enumerate(real)})


def write(folder: Path, **columns: object) -> None:
    rows = {
        "image": ["sample-1", "im0"],
        "source": ["generated", "real"],
        "nearest": ["t1", "t2"],
        "rmse": [0.25, 0.5],
        "nearest_by_features": ["t3", "t4"],
        "distance": [1.5, 2.5],
    }
    pd.DataFrame({**rows, **columns}).to_parquet(folder / FILE)


def test_a_file_is_read_by_both_measures(tmp_path: Path) -> None:
    assert read_neighbours(tmp_path) is None
    write(tmp_path)
    assert read_neighbours(tmp_path) == {
        "pixels": Neighbours({"sample-1": NearestImage("t1", 0.25)}, {"im0": NearestImage("t2", 0.5)}),
        "features": Neighbours({"sample-1": NearestImage("t3", 1.5)}, {"im0": NearestImage("t4", 2.5)}),
    }
    write(tmp_path, source=["real", "real"])
    assert read_neighbours(tmp_path) is None  # nothing to compare


@pytest.mark.parametrize("bad", [{"rmse": [-1.0, 0.5]}, {"distance": [np.nan, 1.0]}, {"source": ["generated", "x"]}])
def test_a_file_with_what_cannot_be_is_named(tmp_path: Path, bad: dict[str, object]) -> None:
    write(tmp_path, **bad)
    with pytest.raises(StoreError, match=f"{tmp_path / FILE}: cannot be read"):
        read_neighbours(tmp_path)


def test_the_nearest_are_those_with_the_smallest_distances_and_the_random_ones_are_not_chosen() -> None:
    values = RNG.permutation(np.linspace(0.1, 0.9, 100))
    found = neighbours(values)
    nearest = nearest_samples(found)
    assert [found.generated[image].distance for image in nearest] == sorted(values)[:MOST_PAIRS]
    drawn = random_samples(found)
    assert len(set(drawn)) == MOST_PAIRS and drawn == sorted(drawn) == random_samples(found)
    # Others' distances change nothing of which are drawn.
    assert random_samples(neighbours(values[::-1])) == drawn
    assert random_samples(neighbours(values[:3])) == ["sample-000", "sample-001", "sample-002"]


CASES = {
    "copies": (np.concatenate([FAR[:40], [0.01, 0.02]]), "2 of 42 samples are near copies of training images"),
    "one copy": (np.concatenate([FAR[:40], [0.01]]), "1 of 41 samples is a near copy of training images"),
    "nearer": (FAR * 0.8, "samples are clearly nearer to training images than real images are"),
    "some": (np.concatenate([FAR + 0.3, np.linspace(0.15, 0.19, 12)]), "more samples than chance allows are nearer"),
    "alike": (RNG.permutation(FAR) + 1e-4, "about as far from training images as real ones"),
    "farther": (FAR + 0.3, "farther from training images than real ones"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_answer_is_given_where_it_holds(case: str) -> None:
    made, words = CASES[case]
    said = verdict(compare_distances(made, FAR), "pixels")
    assert said.startswith("By pixels, ") and words in said and said.endswith(".")


def test_nearness_may_be_blur_by_pixels_and_little_variety_by_features() -> None:
    memory = compare_distances(FAR * 0.8, FAR)
    assert "or of blur" in verdict(memory, "pixels")
    assert "or of little variety" in verdict(memory, "features")


@pytest.mark.parametrize("measure", ["pixels", "features"])
def test_the_numbers_behind_it_are_those_of_the_distances(measure: Measure) -> None:
    made = np.concatenate([FAR[:20] + 0.05, [0.1]])
    said = in_words(compare_distances(made, FAR), measure)
    assert f"by {measure} of a sample to its nearest training image: {np.median(made):.3f}" in said
    assert f"of a real test image: {np.median(FAR):.3f}." in said
    share = np.mean([(one < FAR).mean() + (one == FAR).mean() / 2 for one in made])
    assert f"the nearer one in {100 * share:.0f} %" in said
    assert "1 of 21 samples is nearer than all 60 real images" in said
    assert f"about {21 / 61:.2g}." in said


def test_the_figure_says_in_words_what_it_draws() -> None:
    made = np.array([0.1, 0.2, 0.4])
    root = ElementTree.fromstring(distribution(made, FAR, "pixels", 2, "maker", "name"))
    assert root.findtext("desc") == (
        f"Samples: 3, median 0.2, smallest 0.1. Real test images: 60, median {np.median(FAR):.3g}, "
        f"smallest {FAR.min():.3g}."
    )
    assert "maker" in (root.findtext("title") or "")
    assert "distance by pixels: RMSE, white at 1" in {"".join(text.itertext()) for text in root.iter("text")}
