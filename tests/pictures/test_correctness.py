"""What SR did to each pixel: against opensr-test's own numbers, its formulas point by point, and what must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from srbench.pictures.correctness import CLASSES, LEAST, class_map, memberships, shares

DISTANCES = arrays.arrays(np.float64, (3, 5, 6), elements=st.floats(0, 1))


def pictures() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """HR, a flatter baseline, and SR with a bright patch that is in neither: `(3, 40, 48)`, by formulas."""
    rows, columns = np.mgrid[0:40, 0:48]
    wave = np.sin(rows / 2.3) * np.cos(columns / 3.1)
    waves = 0.5 + 0.3 * wave
    hr = np.stack([waves, waves**2, 0.2 + 0.5 * waves])
    baseline = np.stack([0.5 + 0.2 * wave, waves**2 * 0.9 + 0.03, 0.2 + 0.4 * waves])
    other = 0.5 + 0.27 * np.sin(rows / 2.2) * np.cos(columns / 3.1)
    sr = np.stack([other, waves**2 * 0.97, 0.2 + 0.5 * waves])
    sr[:, 10:14, 20:26] = 0.9
    return hr, baseline, sr


def absolute(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.abs(first - second).mean(0)


def normalised(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (np.abs(first - second) / np.abs(first + second + 1e-8)).mean(0)


@pytest.mark.parametrize(
    ("distance", "norm", "threshold", "expected"),
    [
        (absolute, "percent", None, (0.5209513307, 0.1053227633, 0.3737259159)),
        (absolute, "percent", 0.02, (0.7182291746, 0.0645833313, 0.2171874940)),
        (absolute, "softmin", None, (0.5050354925, 0.1228974907, 0.3720670169)),
        (absolute, "softmin", 0.02, (0.6516898722, 0.1017520973, 0.2465580305)),
        (normalised, "percent", None, (0.6756410003, 0.0, 0.3243589699)),
        (normalised, "percent", 0.02, (0.8213541508, 0.0, 0.1786458343)),
        (normalised, "softmin", None, (0.5714726268, 0.0751561790, 0.3533711942)),
        (normalised, "softmin", 0.02, (0.6932285471, 0.0775561250, 0.2292153279)),
    ],
)
def test_it_has_the_numbers_of_opensr_test(distance, norm, threshold, expected) -> None:
    """Those of opensr-test 1.3.3 for these three pictures, its harmonisation off; None is its threshold auto75."""
    hr, baseline, sr = pictures()
    members = memberships(distance(baseline, hr), distance(sr, hr), distance(sr, baseline), threshold)
    assert shares(members, norm) == pytest.approx(expected, abs=1e-5 if norm == "softmin" else 1e-7)


@given(DISTANCES, st.floats(0, 0.9))
def test_each_pixel_has_what_the_formulas_say_in_plain_numbers(distances: np.ndarray, threshold: float) -> None:
    members = memberships(*distances, threshold)
    for place in np.ndindex(5, 6):
        reference, to_hr, to_baseline = (float(one[place]) for one in distances)
        if max(reference, to_hr, to_baseline) <= threshold:
            assert np.isnan(members[(slice(None), *place)]).all()
            continue
        if reference < 1e-9:  # a division by nothing, which has a test of its own
            continue
        i, o = to_hr / reference, to_baseline / reference
        far = [
            i + o * (1 - math.exp(-0.05 * (i + o - 1))),
            o + i * (1 - math.exp(-0.05 * (i + o - 1))),
            math.exp(-0.05 * i * o),
        ]
        weights = [math.exp(-4 * one) for one in far]
        expected = [one / sum(weights) for one in weights]
        assert members[(slice(None), *place)] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(DISTANCES)
def test_the_three_add_up_to_one_by_pixel_and_by_image(distances: np.ndarray) -> None:
    members = memberships(*distances)
    counts = ~np.isnan(members[0])
    assert members[:, counts].sum(0) == pytest.approx(1)
    for norm in ("percent", "softmin"):
        assert sum(shares(members, norm)) == pytest.approx(1)


def one(reference: float, to_hr: float, to_baseline: float) -> str:
    """The class of one pixel."""
    return CLASSES[class_map(memberships(*np.array([[[reference]], [[to_hr]], [[to_baseline]]]), 0.0))[0, 0]]


@pytest.mark.parametrize(
    ("distances", "name"),
    [
        ((0.2, 0.0, 0.2), "improvement"),
        ((0.2, 0.2, 0.0), "omission"),
        ((0.2, 0.9, 0.9), "hallucination"),
        ((0.2, 0.02, 0.19), "improvement"),
        ((0.2, 0.19, 0.02), "omission"),
        ((0.0, 0.3, 0.3), "hallucination"),  # HR was known all along, and is not what SR shows
    ],
)
def test_a_pixel_is_what_it_is_near_to_and_invented_where_it_is_near_to_neither(distances, name: str) -> None:
    assert one(*distances) == name


def test_differences_that_rounding_makes_are_none() -> None:
    """A flat picture, of which SR is off by one step of 8 bits throughout, and by three in one pixel."""
    flat = np.zeros((8, 8))
    step = np.full((8, 8), 1 / 255)
    assert shares(memberships(flat, step, step)) == (1, 0, 0)
    step[3, 3] = 3 / 255
    members = memberships(flat, step, step)
    assert shares(members) == (0, 0, 1)
    assert (class_map(members) == 3).sum() == 63
    assert 1 / 255 < LEAST < 2 / 255


def test_what_was_not_measured_is_no_part_of_it_nor_of_the_threshold() -> None:
    hr, baseline, sr = pictures()
    whole = [absolute(baseline, hr), absolute(sr, hr), absolute(sr, baseline)]
    gap = np.zeros((40, 48), bool)
    gap[:, 30:] = True
    cut = memberships(*(one[:, :30] for one in whole))
    members = memberships(*(np.where(gap, np.nan, one) for one in whole))
    assert np.array_equal(members[:, :, :30], cut, equal_nan=True)
    assert np.isnan(members[:, :, 30:]).all()
    assert shares(memberships(*np.full((3, 4, 4), np.nan))) == (1, 0, 0)
