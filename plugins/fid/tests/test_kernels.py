"""KID, MMD, the Inception Score, precision and recall against torch-fidelity and against definitions written out."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist, pdist
from srbench_fid.inception_score import inception_score
from srbench_fid.kernels import gaussian_mmd, kernel_distance, median_distance, squared_distances
from srbench_fid.manifold import covered
from srbench_fid.moments import FeatureError

from srbench.weights.torchvision_shim import import_torchvision

import_torchvision()
from torch_fidelity.metric_isc import isc_features_to_metric  # noqa: E402
from torch_fidelity.metric_kid import kid_features_to_metric  # noqa: E402
from torch_fidelity.metric_prc import prc_features_to_metric  # noqa: E402


def feature_set(count: int, dim: int, seed: int, *, decay: float = 1.0, scale: float = 1.0, shift: float = 0.0):
    """Features as networks give them: deviations fall as scale * k^-decay, along directions that all sets share."""
    turned = np.linalg.qr(np.random.default_rng(7).normal(size=(dim, dim)))[0]
    normal = np.random.default_rng(seed).normal(size=(count, dim))
    return (normal * (scale * np.arange(1.0, dim + 1) ** -decay)) @ turned + shift


def pair(count: int, dim: int, **options: float):
    """Two sets that differ in place and width."""
    return feature_set(count, dim, 1, **options), feature_set(count + 3, dim, 2, scale=1.2, shift=0.02, **options)


def kid_by_torch_fidelity(a, b, subsets, size):
    found = kid_features_to_metric(
        torch.from_numpy(a), torch.from_numpy(b), kid_subsets=subsets, kid_subset_size=size, verbose=False
    )
    return found["kernel_inception_distance_mean"], found["kernel_inception_distance_std"]


@pytest.mark.parametrize(("count", "size"), [(200, 50), (200, 199), (64, 20)])
def test_kid_and_its_spread_are_those_of_torch_fidelity(count, size):
    a, b = pair(count, 48)
    found = kernel_distance(a, b, subsets=20, subset_size=size)
    assert (found.value, found.spread) == pytest.approx(kid_by_torch_fidelity(a, b, 20, size), rel=1e-9)
    assert found.subset_size == size


def test_kid_of_float32_features_in_subsets_of_a_thousand_is_that_of_torch_fidelity():
    a, b = (features.astype(np.float32) for features in pair(1200, 16))
    found = kernel_distance(a, b, subsets=5)
    # torch-fidelity multiplies float32 features in float32.
    assert (found.value, found.spread) == pytest.approx(kid_by_torch_fidelity(a, b, 5, 1000), rel=1e-4)


def test_kid_of_sets_that_fit_into_a_subset_is_the_estimate_over_everything():
    a, b = pair(60, 32)
    found = kernel_distance(a[:60], b[:60])
    assert found.value == pytest.approx(kid_by_torch_fidelity(a[:60], b[:60], 1, 60)[0], rel=1e-9)
    assert found.subset_size == 60


def test_kid_does_not_depend_on_the_order_of_few_images():
    a, b = pair(60, 32)
    assert kernel_distance(a[::-1], b).value == pytest.approx(kernel_distance(a, b).value, rel=1e-9)


def test_kid_is_unbiased():
    # Of sets from one distribution, however few: the mean over many is zero, where FID's is far above.
    values = [kernel_distance(feature_set(8, 24, 2 * s), feature_set(8, 24, 2 * s + 1), 2).value for s in range(300)]
    assert abs(np.mean(values)) < 3.5 * np.std(values) / np.sqrt(len(values))


@pytest.mark.parametrize("other", [40, 160])
def test_the_spread_of_small_sets_is_about_that_of_new_samples(other):
    found = [kernel_distance(feature_set(40, 8, s), feature_set(other, 8, s + 999, shift=0.2)) for s in range(80)]
    measured = np.std([one.value for one in found])
    assert np.mean([one.spread for one in found]) == pytest.approx(measured, rel=0.35)


@pytest.mark.parametrize(("count", "other"), [(2, 2), (2, 50), (3, 3)])
def test_sets_that_cannot_be_halved_have_no_spread(count, other):
    found = kernel_distance(feature_set(count, 8, 1), feature_set(other, 8, 2))
    assert np.isfinite(found.value)
    assert found.spread is None


@pytest.mark.parametrize("sigma", [0.3, 2.0, 10.0])
def test_mmd_is_its_definition_written_out(sigma):
    a, b = pair(70, 12)

    def mean(x, y):
        return np.exp(-cdist(x, y, "sqeuclidean") / (2 * sigma**2)).mean()

    expected = mean(a, a) + mean(b, b) - 2 * mean(a, b)
    assert gaussian_mmd(a, b, sigma) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_mmd_of_equal_sets_is_zero():
    a = feature_set(50, 12, 1)
    assert gaussian_mmd(a, a[::-1], 1.0) == pytest.approx(0, abs=1e-15)


def test_mmd_of_more_images_than_a_block_is_the_same(monkeypatch):
    a, b = pair(70, 12)
    whole = gaussian_mmd(a, b, 1.0)
    monkeypatch.setattr("srbench_fid.kernels.BLOCK", 16)
    assert gaussian_mmd(a, b, 1.0) == pytest.approx(whole, rel=1e-12)


def test_the_median_distance_is_that_of_scipy():
    a = feature_set(61, 12, 1, shift=50.0)
    assert median_distance(a) == pytest.approx(np.median(pdist(a)), rel=1e-9)


def test_distances_are_those_of_scipy_and_zero_where_vectors_are_equal():
    a, b = feature_set(40, 12, 1, shift=1e4), feature_set(30, 12, 2, shift=1e4)
    b[3] = a[5]
    found = squared_distances(a, b)
    np.testing.assert_allclose(found, cdist(a, b, "sqeuclidean"), rtol=1e-6)
    assert found[5, 3] == 0


@pytest.mark.parametrize("splits", [1, 3, 10])
@pytest.mark.parametrize("count", [10, 57])
def test_the_inception_score_is_that_of_torch_fidelity(count, splits):
    logits = 4 * feature_set(count, 20, 1, decay=0.0)
    expected = isc_features_to_metric(torch.from_numpy(logits), splits=splits)
    found = inception_score(logits, splits)
    assert found.value == pytest.approx(expected["inception_score_mean"], rel=1e-10)
    assert found.spread == pytest.approx(expected["inception_score_std"], rel=1e-8, abs=1e-12)


def test_the_inception_score_is_the_number_of_classes_that_are_surely_there():
    logits = 1e4 * np.eye(7)[np.arange(70) % 7]
    assert inception_score(logits, 1).value == pytest.approx(7)
    assert inception_score(np.zeros((20, 7)), 2).value == pytest.approx(1)


def precision_recall_by_torch_fidelity(sr, hr, neighbours):
    found = prc_features_to_metric(
        torch.from_numpy(sr), torch.from_numpy(hr), prc_neighborhood=neighbours, verbose=False
    )
    return found["precision"], found["recall"]


@pytest.mark.parametrize("neighbours", [1, 3, 5])
@pytest.mark.parametrize(("shift", "decay"), [(0.0, 0.0), (0.3, 1.0), (3.0, 0.5)])
def test_precision_and_recall_are_those_of_torch_fidelity(neighbours, shift, decay):
    sr, hr = feature_set(90, 12, 1, decay=decay, shift=shift), feature_set(120, 12, 2, decay=decay)
    expected = precision_recall_by_torch_fidelity(sr, hr, neighbours)
    assert (covered(sr, hr, neighbours), covered(hr, sr, neighbours)) == pytest.approx(expected, abs=1e-6)


def test_a_set_covers_itself_and_one_far_away_nothing():
    hr = feature_set(40, 12, 1)
    assert covered(hr, hr) == 1
    assert covered(hr + 100, hr) == 0


def test_four_times_the_same_image_covers_just_itself():
    hr = np.repeat(feature_set(5, 12, 1, shift=1e3), 4, axis=0)
    assert covered(hr[::4], hr) == 1
    assert covered(hr[::4] + 1e-3, hr) == 0


def test_coverage_of_more_images_than_a_block_is_the_same(monkeypatch):
    sr, hr = pair(70, 12)
    whole = covered(sr, hr)
    monkeypatch.setattr("srbench_fid.manifold.BLOCK", 16)
    assert covered(sr, hr) == whole


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        (lambda: kernel_distance(np.zeros((1, 3)), np.zeros((5, 3))), "at least 2 images"),
        (lambda: kernel_distance(np.zeros((5, 3)), np.zeros((5, 4))), "length 4"),
        (lambda: gaussian_mmd(np.zeros((0, 3)), np.zeros((5, 3)), 1.0), "at least 1 image"),
        (lambda: median_distance(np.ones((5, 3))), "same features"),
        (lambda: inception_score(np.zeros((5, 3))), "10 splits"),
        (lambda: covered(np.zeros((5, 3)), np.zeros((3, 3))), "at least 4 images"),
        (lambda: covered(np.full((5, 3), np.nan), np.zeros((5, 3))), "not finite"),
    ],
)
def test_sets_that_are_too_small_or_no_sets_are_refused(compute, said):
    with pytest.raises(FeatureError, match=said):
        compute()
