"""Outlines lie on the edge of what they are of, and both can be told apart where they meet."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_erosion

from srbench.leaderboard.trainings.outlines import FOUND, SIDE, TRUE, outline, with_outlines
from srbench.store.evidence import MaskShown

EMPTY = np.zeros((48, 40), bool)
SQUARE = EMPTY.copy()
SQUARE[10:30, 5:25] = True


def test_an_outline_is_the_mask_without_what_erosion_leaves() -> None:
    random = np.random.default_rng(0)
    for mask in (SQUARE, ~SQUARE, EMPTY, random.random((30, 41)) > 0.3):
        assert np.array_equal(outline(mask), mask & ~binary_erosion(mask))


def test_the_true_outline_is_whole_and_the_found_one_broken() -> None:
    grey = np.full((48, 40, 3), 90, np.uint8)
    factor = SIDE // 48
    drawn = with_outlines(MaskShown("i", 1.0, grey, SQUARE, EMPTY))
    assert drawn.shape == (48 * factor, 40 * factor, 3)
    edge = (drawn == TRUE).all(2)
    assert edge.sum() == 4 * (20 * factor - 1) and (drawn[~edge] == 90).all()
    found = (with_outlines(MaskShown("i", 1.0, grey, EMPTY, SQUARE)) == FOUND).all(2)
    assert 0.4 * edge.sum() < found.sum() < 0.6 * edge.sum() and edge[found].all()
    both = with_outlines(MaskShown("i", 1.0, grey, SQUARE, SQUARE))
    assert (both == TRUE).all(2).any() and (both == FOUND).all(2).any()


def test_a_large_picture_is_left_at_its_size() -> None:
    large = np.zeros((300, 200, 3), np.uint8)
    assert with_outlines(MaskShown("i", 0.0, large, large[..., 0] > 0, large[..., 0] > 0)).shape == large.shape
