"""The training split: HR cut to multiples of the scale, LR shipped or made, white at 1."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.contract.training_set import TrainingSet
from srbench.pictures import ImageError, Values

X2 = Protocol("x2", 2)
TWELVE_BITS = Values(0, 4095)


def test_labels_are_each_class_once_and_sorted_and_images_without_one_do_not_count() -> None:
    pixels = np.zeros((2, 2, 1), np.uint8)
    items = [Item(str(place), pixels, label=label) for place, label in enumerate(["b", None, "a", "b", "Ä"])]
    train = TrainingSet(items, X2)
    assert train.labels == ("a", "b", "Ä")
    assert (len(train), train.scale) == (5, 2)
    assert TrainingSet([], X2).labels == () and list(TrainingSet([], X2).pairs()) == []


def test_images_are_in_native_depth_and_cut_to_a_multiple_of_the_scale() -> None:
    hr = np.arange(5 * 7, dtype=np.uint16).reshape(5, 7, 1)
    (found, lr, values), *_ = TrainingSet([Item("a", hr, values=TWELVE_BITS)], X2).images()
    np.testing.assert_array_equal(found, hr[:4, :6])
    assert found.dtype == np.uint16 and values == TWELVE_BITS
    assert lr is None  # none came with it: to be made


def test_lr_that_came_with_the_image_is_used_and_must_fit() -> None:
    hr, lr = np.full((4, 6, 1), 100, np.uint8), np.full((2, 3, 1), 40, np.uint8)
    train = TrainingSet([Item("a", hr, lr={("bicubic", 2): lr, ("bicubic", 4): lr})], X2)
    ((_, shipped, _),) = train.images()
    assert shipped is not None and (shipped == 40).all()
    ((tensor, _),) = train.pairs()
    assert tensor.numpy() == pytest.approx(np.full((1, 2, 3), 40 / 255))
    wrong = TrainingSet([Item("a", hr, lr={("bicubic", 2): lr[:1]})], X2)
    with pytest.raises(ImageError, match="should be 3 x 2 pixels"):
        list(wrong.images())
    with pytest.raises(ImageError, match="should be 3 x 2 pixels"):
        list(wrong.pairs())


def test_pairs_have_white_at_one_and_the_lr_that_the_protocol_makes() -> None:
    hr = np.random.default_rng(0).integers(0, 4096, (9, 8, 3), dtype=np.uint16)
    ((lr, full),) = TrainingSet([Item("a", hr, values=TWELVE_BITS)], X2).pairs()
    assert (tuple(lr.shape), tuple(full.shape)) == ((3, 4, 4), (3, 8, 8))
    assert str(lr.dtype) == str(full.dtype) == "torch.float32"
    np.testing.assert_allclose(full.numpy(), hr[:8].transpose(2, 0, 1) / 4095, rtol=1e-6)
    np.testing.assert_allclose(lr.numpy(), X2.lr(hr, TWELVE_BITS, "a").transpose(2, 0, 1) / 4095, rtol=1e-6)


def test_images_are_read_one_at_a_time_and_only_when_asked_for() -> None:
    read = []

    def picture(name: str) -> np.ndarray:
        read.append(name)
        return np.zeros((4, 4, 1), np.uint8)

    items = [Item("a", lambda: picture("a")), Item("b", lambda: picture("b"))]
    train = TrainingSet(items, X2)
    assert (len(train), train.labels, read) == (2, (), [])
    pairs = train.pairs()
    next(pairs)
    assert read == ["a"]
