"""Pixels that were not measured."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.pictures import filled, measured


def test_what_was_not_measured_in_a_channel_was_not_measured() -> None:
    image = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    assert measured(image) is None and filled(image) is image
    image[0, 1, 2] = image[1, 3] = np.nan
    known = measured(image)
    assert known is not None and known.tolist() == [[True, False, True, True], [True, True, True, False]]


def test_gaps_are_filled_with_the_median_of_what_was_measured_in_each_channel() -> None:
    image = np.random.default_rng(0).random((5, 6, 3)).astype(np.float32)
    image[1:3, 2:5] = np.nan
    whole, known = filled(image), ~np.isnan(image[..., 0])
    np.testing.assert_array_equal(whole[known], image[known])
    for channel in range(3):
        assert (whole[~known][:, channel] == np.nanmedian(image[..., channel])).all()


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "int32", "uint32"])
def test_integers_are_measured_everywhere(kind: str) -> None:
    image = np.zeros((2, 2, 1), kind)
    assert measured(image) is None and filled(image) is image
