"""The set of lesions: its pictures, its splits, what may be learned from it."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import label, perimeter
from srbench_phantoms.lesions import Lesions

from srbench import Item


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return Lesions(size=96, count=18).test()


def mask_of(item: Item) -> np.ndarray:
    mask = item.read_mask()
    assert mask is not None
    return mask[..., 0] > 0


def test_a_picture_is_the_same_on_every_machine() -> None:
    picture, _ = Lesions().train()[0].read_hr()
    assert picture.shape == (144, 144, 3)
    assert (
        hashlib.sha256(picture.tobytes()).hexdigest()
        == "a9c42f0288738cc51c101ee35cf8b341f71b95ad1b6840a8c92c4ef36dc28dff"
    )


def test_lesions_are_split_with_all_classes_in_both_halves() -> None:
    dataset = Lesions()
    train, test = dataset.train(), dataset.test()
    assert not {item.group for item in train} & {item.group for item in test}
    for split in (train, test):
        lesions = {item.group: item.label for item in split}
        assert Counter(lesions.values()) == {"nevus": 4, "melanoma": 4, "keratosis": 4}
        assert set(Counter(item.group for item in split).values()) == {2, 3}


def test_everything_says_that_it_is_synthetic() -> None:
    dataset = Lesions(count=6)
    assert "synthetic" in (Lesions.__doc__ or "").lower()
    assert ["synthetic" in remark for remark in dataset.remarks()] == [True]
    assert all(item.id.startswith("phantom-") for item in (*dataset.train(), *dataset.test()))


def test_lesions_are_darker_than_the_skin_about_them_and_lie_in_one_piece(items: list[Item]) -> None:
    for item in items:
        picture, mask = item.read_hr()[0].mean(axis=-1), mask_of(item)
        assert picture[mask].mean() < 0.9 * picture[~mask].mean()
        pieces = np.bincount(label(mask).ravel())[1:]
        assert pieces.max() > 0.95 * mask.sum()
        assert 0.02 < mask.mean() < 0.8


def test_skin_is_reddest_and_its_middle_is_lit_most(items: list[Item]) -> None:
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    ratios = []
    for item in items:
        picture, mask = item.read_hr()[0].astype(float), mask_of(item)
        red, green, blue = picture[~mask].mean(axis=0)
        assert red > green > 0.8 * blue
        ratios.append(picture[np.hypot(x, y) > 1.2].mean() / picture[~mask & (np.hypot(x, y) < 0.9)].mean())
    assert np.mean(ratios) < 0.97


def test_the_pictures_of_a_lesion_show_one_shape_turned_and_zoomed_in_other_light(items: list[Item]) -> None:
    groups = {item.group for item in items}
    assert len(groups) == 9
    for group in groups:
        views = [item for item in items if item.group == group]
        masks = [mask_of(item) for item in views]
        inner = [mask for mask in masks if not (mask[[0, -1]].any() or mask[:, [0, -1]].any())]
        roundness = [mask.sum() / perimeter(mask) ** 2 for mask in inner]
        assert not roundness or np.ptp(roundness) < 0.1 * np.max(roundness)
        colours = [item.read_hr()[0][~mask].mean(axis=0) for item, mask in zip(views, masks, strict=True)]
        assert np.ptp(colours, axis=0).max() > 2
        assert len({item.read_hr()[0].tobytes() for item in views}) == len(views)


def test_classes_can_be_learned_from_shape_and_texture_but_hardly_from_mean_colour() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    dataset = Lesions(size=48, count=72)
    splits = [[item for item in split if item.id.endswith("-1")] for split in (dataset.train(), dataset.test())]
    labels = [[item.label for item in split] for split in splits]
    right = []
    for features in (_colours, _features):
        x, x_test = (np.array([features(item) for item in split]) for split in splits)
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x, labels[0])
        right.append(model.score(x_test, labels[1]))
    by_colour, by_shape = right
    assert by_colour < 0.6
    assert max(0.55, by_colour + 0.1) < by_shape < 0.95


def _colours(item: Item) -> list[float]:
    return list(item.read_hr()[0].mean(axis=(0, 1)))


def _features(item: Item) -> list[float]:
    picture, mask = item.read_hr()[0] / 255, mask_of(item)
    grey = picture.mean(axis=-1)
    detail = (grey - gaussian_filter(grey, 1.5))[mask]
    compact = mask.sum() / perimeter(mask) ** 2
    return [
        *picture[mask].std(axis=0),
        compact,
        detail.std(),
        *np.percentile(detail, [1, 99]),
        gaussian_filter(grey, 3)[mask].std(),
    ]
