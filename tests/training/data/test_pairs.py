"""Pairs in memory, and patches cut from them: against numpy's own turning, and the protocol's channels."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.contract.training_set import TrainingSet
from srbench.pictures import DEPTHS, Values
from srbench.training.data.pairs import EVERY_TURN, TrainingDataError, cut, place_of, read_pairs, turned

EIGHT_BITS = DEPTHS["uint8"]
X2 = Protocol("x2", 2, border=2)
HR = np.random.default_rng(0).integers(0, 256, (12, 17, 3), dtype=np.uint8)


def pairs(*items: Item, **arguments: Any) -> list[Any]:
    return read_pairs(TrainingSet(items, X2), **arguments)


def test_lr_is_the_protocol_s_of_the_whole_image_or_the_one_that_came_with_it() -> None:
    made, shipped = pairs(
        Item("a", HR, group="g", label="x"), Item("b", HR, lr={("bicubic", 2): np.full((6, 8, 3), 9, np.uint8)})
    )
    np.testing.assert_array_equal(made.hr, HR[:, :16])
    np.testing.assert_array_equal(made.lr, X2.lr(HR, EIGHT_BITS, "a"))
    assert (made.id, made.group, made.label, made.size, made.values) == ("a", "g", "x", 1, EIGHT_BITS)
    assert (shipped.lr == 9).all()


def test_every_size_is_there_once_and_smaller_ones_make_their_own_lr() -> None:
    item = Item("a", np.full((24, 24, 1), 50, np.uint8), lr={("bicubic", 2): np.full((12, 12, 1), 9, np.uint8)})
    found = pairs(item, sizes=(1.0, 0.5, 0.5, 0.1))  # a tenth is two pixels: nothing would be left
    assert [(pair.size, pair.hr.shape[:2]) for pair in found] == [(1, (24, 24)), (0.5, (12, 12))]
    assert (found[0].lr == 9).all() and (found[1].lr == 50).all()


@pytest.mark.parametrize("sizes", [(), (0.0,), (-1.0,), (1.5,), (0.5, float("nan"))])
def test_sizes_that_make_no_sense_are_refused(sizes: tuple[float, ...]) -> None:
    with pytest.raises(TrainingDataError, match="factors above 0 and at most 1"):
        pairs(Item("a", HR), sizes=sizes)


def test_images_that_are_too_small_are_named_and_without_any_other_refused(caplog: pytest.LogCaptureFixture) -> None:
    small = [Item(f"s{place}", HR[:5]) for place in range(11)]
    with caplog.at_level(logging.WARNING):
        assert [pair.id for pair in pairs(*small, Item("ä", HR))] == ["ä"]
    assert "11 training images are too small for x2 and left out: s0, s1," in caplog.text
    assert "s9, ..." in caplog.text and "s10" not in caplog.text
    with pytest.raises(TrainingDataError, match="none of the 11 training images is larger than 4 x 4 pixels"):
        pairs(*small)
    with pytest.raises(TrainingDataError, match="the training set has no images"):
        pairs()


def test_the_eight_turns_are_the_symmetries_of_a_square_and_views() -> None:
    image = np.arange(9).reshape(3, 3, 1)
    found = [turned(image, turn) for turn in EVERY_TURN]
    assert len({one.tobytes() for one in found}) == 8
    np.testing.assert_array_equal(found[1], np.rot90(image))
    np.testing.assert_array_equal(found[4], np.fliplr(image))
    assert all(np.shares_memory(one, image) for one in found)


def cut_out(image: np.ndarray, channels: int, place: tuple[int, int], side: int, turn: int = 0) -> np.ndarray:
    out = np.full((channels, side, side), np.nan, np.float32)
    cut(image, EIGHT_BITS, place, out, turn)
    return out


def test_a_patch_is_the_part_of_the_image_turned_with_white_at_one() -> None:
    for turn in EVERY_TURN:
        expected = turned(HR[3:7, 5:9], turn).transpose(2, 0, 1) / 255
        np.testing.assert_allclose(cut_out(HR, 3, (3, 5), 4, turn), expected, rtol=1e-6)


def test_beyond_the_image_lies_its_mirror_image_however_small_it_is() -> None:
    image = np.array([[[0], [51]], [[102], [153]]], np.uint8)
    expected = np.pad(image[..., 0], ((0, 3), (0, 3)), mode="symmetric") / 255
    np.testing.assert_allclose(cut_out(image, 1, (0, 0), 5)[0], expected, rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_black_need_not_be_0(channels: int) -> None:
    moved = np.full((channels, 8, 8), np.nan, np.float32)
    cut(HR.astype(np.uint16) + 1000, Values(1000, 1255), (2, 3), moved)
    np.testing.assert_allclose(moved, cut_out(HR, channels, (2, 3), 8), atol=1e-6)


def test_one_channel_of_a_colour_image_is_its_y_and_three_of_a_grey_one_that_grey() -> None:
    y = Protocol("y", 1, "y").in_channel(HR, EIGHT_BITS).numpy()
    np.testing.assert_allclose(cut_out(HR, 1, (0, 0), 12), y[:, :, :12], rtol=1e-5)
    grey = cut_out(HR[..., :1], 3, (0, 0), 12)
    np.testing.assert_array_equal(grey[0], grey[2])
    np.testing.assert_allclose(grey[1], HR[:, :12, 0] / 255, rtol=1e-6)


def test_the_place_of_a_class_is_among_all() -> None:
    assert [place_of(label, ("a", "b")) for label in ("a", "b", None)] == [0, 1, -1]
    with pytest.raises(ValueError, match="tuple"):
        place_of("c", ("a", "b"))
