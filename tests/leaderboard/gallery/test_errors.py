"""Error maps: the error as the protocol sees it, on a scale on which it can be seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from srbench.contract.protocol import Protocol
from srbench.leaderboard.gallery.errors import WIDEST, error_legend, error_map, error_scale, high_error, write_error
from srbench.pictures import Values

from ..toyboard import picture


def test_error_maps_are_the_absolute_error_of_what_is_scored() -> None:
    hr = picture("blobs", 0)
    sr = np.clip(hr.astype(int) + 10, 0, 255).astype(np.uint8)
    found = error_map(sr, hr, Values(0, 255), Protocol("x2-rgb", 2, "rgb", border=2))
    expected = np.abs(sr.astype(float) - hr).mean(-1) / 255
    assert np.isnan(found[:2]).all() and np.isnan(found[:, -2:]).all()
    assert found[2:-2, 2:-2] == pytest.approx(expected[2:-2, 2:-2])
    # Parts of the data range, wherever that begins.
    half = error_map(sr, hr, Values(-255, 255), Protocol("x2-rgb", 2, "rgb", border=2))
    assert half[2:-2, 2:-2] == pytest.approx(expected[2:-2, 2:-2] / 2)


def test_the_legend_goes_from_the_colour_of_no_error_to_the_last_one() -> None:
    import matplotlib

    first, last = (
        " ".join(str(round(255 * part)) for part in matplotlib.colormaps["magma"](end)[:3]) for end in (0.0, 1.0)
    )
    legend = error_legend()
    assert legend.startswith(f"linear-gradient(to right, rgb({first}), ") and legend.endswith(f"rgb({last}))")
    assert legend.count("rgb(") == 9


@pytest.mark.parametrize(
    ("error", "scale"),
    [(0.0, 1e-4), (0.9e-4, 1e-4), (0.0003, 0.0005), (0.003, 0.005), (0.01, 0.01), (0.11, 0.2), (0.2, 0.2), (0.9, 0.2)],
)
def test_the_scale_is_the_next_round_number(error: float, scale: float) -> None:
    assert error_scale([high_error([np.full((30, 30), error)])]) == scale


def test_a_hundredth_of_the_pixels_may_have_larger_errors_and_what_is_not_scored_counts_for_nothing() -> None:
    errors = np.full((100, 100), 0.003)
    errors[0] = 0.1
    assert error_scale([high_error([errors])]) == 0.005
    errors[1, :50] = 0.1
    assert error_scale([high_error([errors])]) == 0.1
    errors[:2] = np.nan
    assert error_scale([high_error([errors])]) == 0.005


def test_the_image_with_the_largest_errors_decides_and_without_any_it_is_the_widest() -> None:
    maps = [np.full((9, 9), error) for error in (0.003, 0.03, 0.001)]
    assert error_scale([high_error(maps)]) == error_scale([high_error([one]) for one in maps]) == 0.05
    assert error_scale([]) == error_scale([high_error([np.full((9, 9), np.nan)])]) == WIDEST


def test_the_last_colour_stands_for_the_end_of_the_scale_and_more(tmp_path: Path) -> None:
    write_error(tmp_path / "a.png", np.array([[0.0, 0.0025, 0.005, 0.5, np.nan]]), 0.005)
    with Pillow.open(tmp_path / "a.png") as opened:
        assert np.asarray(opened).tolist() == [[0, 127, 254, 254, 255]]
