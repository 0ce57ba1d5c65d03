"""The set of mammograms: its pictures, its splits, what may be learned from it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, label
from srbench_phantoms.breast import VIEWS, Breast
from srbench_phantoms.mammography import ATTENUATION, WHITE, Mammography, acquire

from srbench import Item, Values

Slope = Callable[[list[np.ndarray], float], float]


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return Mammography(count=8).test()


def test_a_picture_is_the_same_on_every_machine() -> None:
    picture, _ = Mammography().train()[0].read_hr()
    assert picture.shape == (144, 144, 1)
    assert (
        hashlib.sha256(picture.astype("<u2").tobytes()).hexdigest()
        == "58c156554794af6ba32af5a7d9dc6e1a739c22271c18cb2aae1f19db0b4a4d60"
    )


def test_breasts_are_split_by_patient_with_all_classes_in_both_halves() -> None:
    dataset = Mammography()
    train, test = dataset.train(), dataset.test()
    assert len(train) == len(test) == 24
    assert not {item.group for item in train} & {item.group for item in test}
    for split in (train, test):
        assert Counter(item.label for item in split) == dict.fromkeys("ABCD", 6)
        assert set(Counter(item.group for item in split).values()) == {len(VIEWS)}


def test_everything_says_that_it_is_synthetic() -> None:
    dataset = Mammography(count=8)
    assert "synthetic" in (Mammography.__doc__ or "").lower()
    assert ["synthetic" in remark for remark in dataset.remarks()] == [True]
    assert all(item.id.startswith("phantom-") for item in (*dataset.train(), *dataset.test()))


def test_calcifications_are_brighter_than_what_surrounds_them(items: list[Item]) -> None:
    brighter = []
    for item in items:
        picture, mask = item.read_hr()[0][..., 0].astype(float), item.read_mask()
        assert mask is not None
        mask = mask[..., 0] > 0
        assert mask.any()
        spots, n = label(mask)
        for number in range(1, n + 1):
            spot = spots == number
            ring = binary_dilation(spot, iterations=3) & ~binary_dilation(mask)
            brighter.append(picture[spot].mean() > picture[ring].mean())
    assert len(brighter) > 50
    assert np.mean(brighter) > 0.95


def test_pictures_are_14_bits_of_attenuation(items: list[Item]) -> None:
    for item in items[:4]:
        picture, values = item.read_hr()
        assert picture.dtype == np.uint16
        assert values.facts() == Values(0, 16383).facts()
        assert item.spacing == (0.07, 0.07)
    breast = Breast(0, 4, "A")
    window = breast.window("cc", 144 * 0.07)
    attenuation = picture_of(items, "phantom-005-cc")[..., 0] / WHITE * ATTENUATION
    np.testing.assert_allclose(np.exp(-attenuation), breast.transmission("cc", window, 70), atol=2e-4)


def picture_of(items: list[Item], name: str) -> np.ndarray:
    return next(item for item in items if item.id == name).read_hr()[0]


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_lr_is_the_same_breast_at_larger_pixels(items: list[Item], scale: int) -> None:
    """It is close to HR in bins: the mean of what comes through is not quite the mean of its logarithm."""
    hr, _ = items[1].read_hr()
    lr = items[1].read_lr("area", scale)
    assert lr is not None
    side = hr.shape[0] // scale
    binned = np.floor(hr.reshape(side, scale, side, scale, 1).mean((1, 3)) + 0.5)
    assert lr.shape == binned.shape
    assert np.abs(lr.astype(float) - binned).max() < 0.01 * WHITE
    assert abs(np.mean(lr - binned.astype(float))) < 0.0005 * WHITE
    breast = Breast(0, 4, "A")
    assert (lr == acquire(breast, "mlo", breast.window("mlo", 144 * 0.07), 70 * scale)).all()


def test_quanta_are_counted_with_the_noise_of_counting() -> None:
    """The variance of a count is its mean, at either pixel size; the noises of two sizes are independent."""
    breast, photons = Breast(0, 2, "C"), 5e6
    window = breast.window("mlo", 10)
    found = []
    for pixel in (50, 100):
        quanta = photons * (pixel / 1000) ** 2
        expected = breast.transmission("mlo", window, pixel) * quanta
        picture = acquire(breast, "mlo", window, pixel, photons)[..., 0].astype(float)
        counted = np.exp(-picture / WHITE * ATTENUATION) * quanta
        score = (counted - expected) / np.sqrt(expected)
        assert score.mean() == pytest.approx(0, abs=0.03)
        assert score.std() == pytest.approx(1, abs=0.03)
        found.append(score)
    fine = found[0].reshape(100, 2, 100, 2).mean(axis=(1, 3))
    assert abs(np.corrcoef(fine.ravel(), found[1].ravel())[0, 1]) < 0.05


def test_the_power_spectrum_of_pictures_falls_with_about_the_third_power(slope: Slope) -> None:
    """Burgess et al. 2001 found exponents about 2.8 in mammograms."""
    breasts = [Breast(1, number, "BC"[number % 2]) for number in range(6)]
    pictures = [acquire(breast, "mlo", breast.window("mlo", 12.8), 100)[..., 0] for breast in breasts]
    assert -3.6 < slope([picture.astype(float) for picture in pictures], 0.1) < -2.4


def test_density_can_be_learned_from_simple_features_but_not_perfectly() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    dataset = Mammography(size=72, count=48, pixel=140)
    (x, y), (x_test, y_test) = (
        (np.array([_features(item) for item in split]), [item.label for item in split])
        for split in (dataset.train()[1::2], dataset.test()[1::2])  # of each breast the second view
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x, y)
    assert 0.45 < model.score(x_test, y_test) < 0.95


def _features(item: Item) -> list[float]:
    picture = item.read_hr()[0].astype(float)
    return [*np.percentile(picture, [5, 25, 50, 75, 95]), float(picture.std())]
