"""Hallucination maps: their classes where they belong, colours that everybody can tell apart, words."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from srbench.contract.protocol import Protocol
from srbench.leaderboard.gallery.hallucination import (
    COLOURS,
    hallucination_legend,
    hallucination_map,
    share_words,
    write_hallucination,
)
from srbench.pictures import Values

PROTOCOL, EIGHT_BITS = Protocol("x2-rgb", 2, "rgb", border=2), Values(0, 255)
# Severe deficiency, of linear RGB: Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color
# vision deficiency", 2009.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def scene() -> tuple[np.ndarray, np.ndarray]:
    """HR of lines on grey and its baseline, in which they are faint, `(24, 24, 3)` in 8 bits."""
    line = np.arange(24) % 8 == 4
    lines, faint = (np.tile(np.where(line, bright, 50), (24, 1)) for bright in (200, 90))
    return tuple(np.repeat(one[..., None], 3, -1).astype(np.uint8) for one in (lines, faint))  # type: ignore[return-value]


def test_each_pixel_has_the_colour_of_what_became_of_it() -> None:
    hr, baseline = scene()
    sr = hr.copy()
    sr[8:16] = baseline[8:16]
    sr[18:20, 6:9] = 255
    classes, shares = hallucination_map(sr, hr, baseline, EIGHT_BITS, PROTOCOL)
    expected = np.full((24, 24), 4)
    expected[2:-2, 2:-2] = 3
    expected[2:-2, 4:-2:8] = 0
    expected[8:16, 4:-2:8] = 1
    expected[18:20, 6:9] = 2
    assert np.array_equal(classes, expected)
    assert shares == pytest.approx((36 / 66, 24 / 66, 6 / 66))


def test_what_was_not_measured_is_dark_as_what_does_not_differ() -> None:
    hr, baseline = (one.astype(np.float32) / 255 for one in scene())
    hr[12:] = np.nan
    classes, shares = hallucination_map(np.nan_to_num(hr), hr, baseline, Values(0, 1), PROTOCOL)
    assert (classes[12:22, 2:-2] == 3).all() and (classes[2:12, 4:-2:8] == 0).all() and shares == (1, 0, 0)


def test_a_picture_of_a_map_has_these_colours(tmp_path: Path) -> None:
    write_hallucination(tmp_path / "a.png", np.arange(5, dtype=np.uint8)[None])
    with Pillow.open(tmp_path / "a.png") as opened:
        found = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in np.asarray(opened.convert("RGB"))[0]]
    assert found == list(COLOURS) == [colour for colour, _ in hallucination_legend()]


@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
def test_colours_differ_for_every_eye(deficiency: str) -> None:
    """By 20 in CIELAB at least: ten times what can just be told apart."""
    seen = [_lab(DEFICIENCIES[deficiency] @ _linear(colour)) for colour in COLOURS]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 20


def _linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    from skimage.color import xyz2lab

    to_xyz = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
    return np.asarray(xyz2lab(to_xyz @ np.clip(linear, 0, 1)))


def test_shares_are_told_in_percent_and_where_there_is_no_map_nothing_is() -> None:
    assert share_words((0.614, 0.2, 0.186)) == "61 % improved, 20 % left out, 19 % invented"
    assert share_words(None) == ""
