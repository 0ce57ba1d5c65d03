import logging
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toys.training import picture, training_set

import srbench
from srbench.contract.training_set import TrainingSet
from srbench.pictures import DEPTHS, to_tensor
from srbench.training.data.pairs import TrainingDataError, turned
from srbench.training.data.patches import Patches

EIGHT_BITS, FLOATS = DEPTHS["uint8"], DEPTHS["float32"]


def found_at(patch: np.ndarray, image: np.ndarray) -> list[tuple[int, int, int]]:
    """Where, and in which orientation, a patch `(C, p, p)` occurs in an image `(C, H, W)`."""
    side = patch.shape[-1]
    wholes = [turned(image.transpose(1, 2, 0), turn).transpose(2, 0, 1) for turn in range(8)]
    return [
        (turn, top, left)
        for turn, whole in enumerate(wholes)
        for top in range(whole.shape[1] - side + 1)
        for left in range(whole.shape[2] - side + 1)
        if np.array_equal(patch, whole[:, top : top + side, left : left + side])
    ]


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("scale", "channels"), [(2, 3), (3, 1), (4, 3)])
def test_a_patch_of_lr_is_cut_from_the_protocols_lr_and_its_hr_from_the_same_place(
    scale: int, channels: int, depth: str
) -> None:
    # Odd sizes: the protocol cuts them to multiples of the scale.
    hr = picture(10 * scale + 1, 7 * scale + 1, channels, depth)
    train = training_set(hr, scale=scale)
    [(whole_lr, whole_hr)] = [(lr.numpy(), hr.numpy()) for lr, hr in train.pairs()]
    lr, hr_patches, _ = Patches(train, "all", 0).draw(12, 4)
    assert lr.dtype == np.float32 and lr.shape == (12, channels, 4, 4)
    turns = set()
    for lr_patch, hr_patch in zip(lr, hr_patches, strict=True):
        place = found_at(lr_patch, whole_lr)
        assert len(place) == 1
        turn, top, left = place[0]
        turns.add(turn)
        side = 4 * scale
        expected = turned(whole_hr.transpose(1, 2, 0), turn).transpose(2, 0, 1)
        np.testing.assert_array_equal(
            hr_patch, expected[:, top * scale : top * scale + side, left * scale : left * scale + side]
        )
    assert len(turns) > 3


def test_the_eight_orientations_are_those_of_a_square() -> None:
    image = np.arange(6).reshape(2, 3, 1)
    all_eight = [turned(image, turn)[..., 0].tolist() for turn in range(8)]
    assert len({str(one) for one in all_eight}) == 8
    for known in (image, image[::-1], image[:, ::-1], image.transpose(1, 0, 2)):
        assert known[..., 0].tolist() in all_eight


@settings(max_examples=20)
@given(scale=st.integers(2, 4), height=st.integers(1, 9), width=st.integers(1, 9), turn=st.integers(0, 7))
def test_turning_commutes_with_the_degradation(scale: int, height: int, width: int, turn: int) -> None:
    # So a turned pair is a pair that the protocol would have made of the turned image.
    protocol = srbench.Protocol("p", scale)
    hr = picture(height * scale, width * scale, 1, "float32")
    np.testing.assert_allclose(
        protocol.lr(np.ascontiguousarray(turned(hr, turn)), FLOATS, "i"),
        turned(protocol.lr(hr, FLOATS, "i"), turn),
        atol=1e-6,
    )


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (3, 2), (5, 20)])
def test_an_image_smaller_than_the_patch_is_continued_as_the_degradation_continues_it(height: int, width: int) -> None:
    scale, patch = 2, 8
    hr = picture(height * scale, width * scale, 1, "float32")
    lr, big, _ = Patches(training_set(hr, scale=scale), "all", 0).draw(6, patch)
    protocol = srbench.Protocol("p", scale)
    for lr_patch, hr_patch in zip(lr, big, strict=True):
        made = to_tensor(protocol.lr(hr_patch.transpose(1, 2, 0), FLOATS, "i"), FLOATS).numpy()
        # The LR of the mirrored HR is the mirrored LR, but for the side of the patch where HR is cut off.
        np.testing.assert_allclose(lr_patch[:, 2:-2, 2:-2], made[:, 2:-2, 2:-2], atol=1e-6)


def test_images_too_small_for_the_protocol_are_left_out_with_a_note(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        patches = Patches(training_set(picture(3, 30), picture(30, 30), scale=2, border=2), "all", 0)
    assert len(patches) == 1
    assert "i0" in caplog.text
    with pytest.raises(TrainingDataError, match="larger than 4 x 4"):
        Patches(training_set(picture(3, 30), scale=2, border=2), "all", 0)
    with pytest.raises(TrainingDataError, match="no images"):
        Patches(training_set(), "all", 0)


def test_an_image_is_chosen_with_a_probability_proportional_to_its_area() -> None:
    dark, bright = np.zeros((20, 20, 1), np.uint8), np.full((20, 60, 1), 255, np.uint8)
    lr, _, _ = Patches(training_set(dark, bright), "all", 1).draw(4000, 2)
    # Three quarters; the standard deviation of the share is 0.007.
    assert lr.mean() == pytest.approx(0.75, abs=0.035)


def test_every_place_of_an_image_occurs() -> None:
    hr = np.arange(36, dtype=np.uint8).reshape(6, 6).repeat(2, 0).repeat(2, 1)[..., None]
    _, patches, _ = Patches(training_set(hr), "all", 0).draw(400, 1)
    assert len(np.unique(patches[:, 0, 0, 0])) == 36


def labelled_set(*labels: str | None) -> TrainingSet:
    """Images of one grey each, 10 times their place."""
    items = [srbench.Item(f"i{i}", np.full((8, 8, 1), 10 * i, np.uint8), label=label) for i, label in enumerate(labels)]
    return TrainingSet(items, srbench.Protocol("p", 2))


def test_classes_are_places_among_their_sorted_names() -> None:
    patches = Patches(labelled_set("b", "a", None, "c", "a"), "all", 0)
    assert patches.labels == ("a", "b", "c")
    _, hr, labels = patches.draw(300, 2)
    assert labels.dtype == np.int64
    image = np.rint(hr[:, 0, 0, 0] * 25.5).astype(int)
    assert set(zip(image.tolist(), labels.tolist(), strict=True)) == {(0, 1), (1, 0), (2, -1), (3, 2), (4, 0)}


def test_one_class_alone_is_drawn_from_where_that_is_asked() -> None:
    patches = Patches(labelled_set("b", "a", None, "c", "a"), "all", 0)
    _, hr, labels = patches.draw(200, 2, "a")
    assert set(np.rint(hr * 25.5).ravel().astype(int)) == {1, 4} and set(labels) == {0}
    with pytest.raises(TrainingDataError, match="class 'd'"):
        patches.draw(1, 2, "d")


@pytest.mark.parametrize("turns", [(0,), (0, 4), (1, 6)])
def test_patches_have_the_orientations_that_are_allowed(turns: tuple[int, ...]) -> None:
    hr = picture(12, 12, 1)
    _, found, _ = Patches(training_set(hr), "all", 0, turns=turns).draw(40, 6)
    expected = [turned(hr, turn).transpose(2, 0, 1) / np.float32(255) for turn in turns]
    seen = {next(turn for turn, one in zip(turns, expected, strict=True) if np.array_equal(one, p)) for p in found}
    assert seen == set(turns)


def test_orientations_that_there_are_not_are_refused() -> None:
    for turns in ((), (8,), (-1,)):
        with pytest.raises(TrainingDataError, match="0 to 7"):
            Patches(training_set(picture(12, 12)), "all", 0, turns=turns)


def test_training_on_y_takes_y_of_colour_and_grey_as_it_is() -> None:
    colour, grey = picture(16, 16, 3), picture(16, 16, 1, seed=5)
    patches = Patches(training_set(colour, grey), "y", 0)
    lr, hr, _ = patches.draw(20, 8)
    assert patches.channels == 1 and hr.shape == (20, 1, 16, 16)
    protocol = srbench.Protocol("p", 2, "y")
    y, plain = protocol.scored(colour, EIGHT_BITS).float().numpy(), to_tensor(grey, EIGHT_BITS).numpy()
    low = protocol.scored(protocol.lr(colour, EIGHT_BITS, "i"), EIGHT_BITS).float().numpy()
    kinds = set()
    for lr_patch, hr_patch in zip(lr, hr, strict=True):
        for kind, image in (("y", y), ("grey", plain)):
            for turn in range(8):
                if np.allclose(hr_patch, turned(image.transpose(1, 2, 0), turn).transpose(2, 0, 1), atol=1e-6):
                    kinds.add(kind)
                    if kind == "y":
                        expected = turned(low.transpose(1, 2, 0), turn).transpose(2, 0, 1)
                        np.testing.assert_allclose(lr_patch, expected, atol=1e-6)
    assert kinds == {"y", "grey"}


def test_training_on_all_channels_repeats_grey_among_colour() -> None:
    patches = Patches(training_set(picture(16, 16, 3), picture(16, 16, 1, seed=5)), "all", 0)
    _, hr, _ = patches.draw(20, 8)
    same = [bool((patch == patch[:1]).all()) for patch in hr]
    assert patches.channels == 3 and any(same) and not all(same)
    assert Patches(training_set(picture(16, 16, 1)), "all", 0).channels == 1


def test_an_lr_that_came_with_the_dataset_is_used_and_its_values_respected() -> None:
    hr = np.full((8, 8, 1), 4095, np.uint16)
    shipped = np.full((4, 4, 1), 1365, np.uint16)
    item = srbench.Item("a", hr, lr={("bicubic", 2): shipped}, values=srbench.Values(0, 4095))
    lr, high, _ = Patches(TrainingSet([item], srbench.Protocol("p", 2)), "all", 0).draw(2, 4)
    assert np.allclose(lr, 1 / 3) and (high == 1).all()


def test_the_order_continues_where_it_was_saved() -> None:
    train = training_set(picture(30, 30), picture(20, 44, seed=1))
    one, other = Patches(train, "all", 5), Patches(train, "all", 6)
    one.draw(7, 3)
    state = one.state()
    expected = [one.draw(3, 4) for _ in range(3)]
    other.restore(state)
    for (lr, hr, _), (other_lr, other_hr, _) in zip(expected, [other.draw(3, 4) for _ in range(3)], strict=True):
        assert np.array_equal(lr, other_lr) and np.array_equal(hr, other_hr)
    assert not np.array_equal(Patches(train, "all", 6).draw(3, 4)[0], Patches(train, "all", 5).draw(3, 4)[0])


def test_replacing_luma_is_the_conversion_to_ycbcr_and_back() -> None:
    from skimage.color import rgb2ycbcr, ycbcr2rgb

    from srbench.training.data.colour import luma, with_luma

    random = np.random.default_rng(0)
    rgb, y = random.random((5, 4, 3)), random.random((5, 4))
    ycbcr = rgb2ycbcr(rgb)
    tensor = torch.from_numpy(rgb).permute(2, 0, 1)
    np.testing.assert_allclose(luma(tensor)[0].numpy() * 255, ycbcr[..., 0], atol=1e-9)
    ycbcr[..., 0] = y * 255
    replaced = with_luma(tensor, torch.from_numpy(y)[None]).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(replaced, ycbcr2rgb(ycbcr), atol=1e-4)


@settings(max_examples=20)
@given(st.sampled_from([Fraction(10, 7), Fraction(3, 2)]), st.integers(1, 4), st.integers(0, 7), st.integers(0, 99))
def test_at_a_fraction_patches_of_lr_and_hr_show_the_same_place(
    scale: Fraction, steps: int, turn: int, seed: int
) -> None:
    hr = picture(90, 60, 1, "float32")
    protocol = srbench.Protocol("p", scale)
    whole = protocol.lr(hr, FLOATS, "i")[..., 0]
    patch = steps * scale.denominator
    lr, big, _ = Patches(training_set(hr, scale=scale), "all", seed, turns=[turn]).draw(3, patch)
    assert big.shape[-1] == steps * scale.numerator
    for small, large in zip(lr[:, 0], big[:, 0], strict=True):
        places = [
            (row, column)
            for row in range(0, whole.shape[0] - patch + 1, scale.denominator)
            for column in range(0, whole.shape[1] - patch + 1, scale.denominator)
            if np.array_equal(turned(whole[row : row + patch, column : column + patch, None], turn)[..., 0], small)
        ]
        assert len(places) == 1
        top, left = (side // scale.denominator * scale.numerator for side in places[0])
        side = len(large)
        np.testing.assert_array_equal(large, turned(hr[top : top + side, left : left + side], turn)[..., 0])
