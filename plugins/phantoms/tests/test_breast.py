"""The physics of the breast against closed forms and against pictures drawn another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from skimage.draw import ellipse
from skimage.measure import block_reduce
from srbench_phantoms.breast import FAT, GLAND, VIEWS, Breast, View, Window, _chord

BREASTS = [Breast(0, number, "ABCD"[number % 4]) for number in range(8)]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("breast", BREASTS, ids=lambda breast: f"{breast.density}{breast.number}")
def test_the_class_s_part_of_the_area_is_dense(breast: Breast, view: View) -> None:
    distance, dense = breast.tissue(view, np.arange(-100, 100, 0.7), np.arange(0.3, 100, 0.7))
    found = float(np.mean(dense[distance > 0] > 0))
    assert found == pytest.approx(breast.fraction, abs=0.02)
    quarter = "ABCD".index(breast.density) / 4
    assert quarter <= found <= quarter + 0.25


def test_a_small_window_is_about_as_dense_as_its_breast() -> None:
    side, differences = 10.0, []
    for breast in BREASTS:
        for view in VIEWS:
            top, left, _ = breast.window(view, side)
            distance, dense = breast.tissue(view, top + np.arange(0, side, 0.1), left + np.arange(0, side, 0.1))
            differences.append(abs(np.mean(dense[distance > 0] > 0) - breast.fraction))
    assert np.median(differences) < 0.12
    assert max(differences) < 0.4


def test_a_large_window_shows_the_whole_breast() -> None:
    for breast in BREASTS:
        top, left, side = breast.window("cc", 160)
        inside = breast.tissue("cc", top + np.arange(0, side), left + np.arange(0, side))[0] > 0
        assert left == 0
        assert not inside[0].any()
        assert not inside[-1].any()
        assert not inside[:, -1].any()


@pytest.mark.parametrize("thickness", [20.0, 55.0])
def test_the_edge_is_a_half_circle(thickness: float) -> None:
    radius = thickness / 2
    area, _ = quad(lambda distance: float(_chord(np.array(distance), thickness)), 0, radius)
    assert area == pytest.approx(math.pi * radius**2 / 2, rel=1e-6)
    assert _chord(np.array([-1.0, radius, 99.0]), thickness).tolist() == [0, thickness, thickness]


def test_attenuation_lies_between_that_of_fat_and_that_of_gland() -> None:
    for breast in BREASTS[:4]:
        depth, _, thickness = breast.shape
        window = Window(-5, depth / 2 - 5, 10)  # in the middle, where the breast is as thick as it is anywhere
        bare = breast.calcified("cc", window, 100) == 0
        attenuation = -np.log(breast.transmission("cc", window, 100))[bare]
        assert FAT * thickness < attenuation.min() < attenuation.max() < GLAND * thickness


def test_air_lets_everything_through() -> None:
    assert BREASTS[0].transmission("cc", Window(-90, 95, 3), 100).tolist() == np.ones((30, 30)).tolist()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("breast", BREASTS[:4], ids=lambda breast: breast.density)
def test_pictures_at_70_and_100_micrometres_are_of_one_breast(breast: Breast, view: View) -> None:
    """7 pixels of 100 micrometres are 10 of 70: the same mean of what comes through each such square."""
    window = breast.window(view, 9.8)
    fine, coarse = (breast.transmission(view, window, pixel) for pixel in (70, 100))
    assert (fine.shape, coarse.shape) == ((140, 140), (98, 98))
    fine, coarse = block_reduce(fine, (10, 10), np.mean), block_reduce(coarse, (7, 7), np.mean)
    np.testing.assert_allclose(fine, coarse, rtol=2e-3)
    assert fine.mean() == pytest.approx(coarse.mean(), rel=1e-4)
    assert np.ptp(fine) / fine.mean() > 0.05  # there is something to see


def test_a_pixel_of_140_micrometres_is_the_mean_of_four_of_70() -> None:
    window = BREASTS[1].window("cc", 9.8)
    fine, coarse = (BREASTS[1].transmission("cc", window, pixel) for pixel in (70, 140))
    np.testing.assert_allclose(coarse, block_reduce(fine, (2, 2), np.mean), rtol=1e-12)


def test_what_fits_of_a_window_is_seen_from_its_upper_left_corner() -> None:
    window = BREASTS[0].window("cc", 5)
    assert BREASTS[0].transmission("cc", window, 70).shape == (71, 71)


@pytest.mark.parametrize("breast", BREASTS, ids=lambda breast: f"{breast.density}{breast.number}")
def test_calcifications_cover_the_area_of_their_ellipses(breast: Breast) -> None:
    """Drawn by scikit-image at 2 micrometres, once each, in a view of the same cluster from above."""
    window = breast.window("cc", 24)
    covered = breast.calcified("cc", window, 50)
    canvas = np.zeros((8000, 8000), bool)
    for x, y, _, diameter, slenderness, angle in breast.calcifications:
        half = diameter / 2 / 0.002
        rows, columns = ellipse(4000 + y / 0.002, 4000 + x / 0.002, half * slenderness, half, canvas.shape, -angle)
        canvas[rows, columns] = True
        assert 0.1 <= diameter <= 0.4
    assert covered.sum() * 0.05**2 == pytest.approx(canvas.sum() * 0.002**2, rel=0.02)
