"""The Frechet distance against torch-fidelity, SciPy, and closed forms."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_fid import frechet_distance
from srbench_fid.frechet import frechet_between
from srbench_fid.moments import FeatureError, Moments

from srbench.weights.torchvision_shim import import_torchvision

import_torchvision()
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric  # noqa: E402


def feature_set(count: int, dim: int, seed: int, *, decay: float = 1.0, scale: float = 1.0, shift: float = 0.0):
    """Features as networks give them: deviations fall as scale * k^-decay, along directions that all sets share."""
    turned = np.linalg.qr(np.random.default_rng(7).normal(size=(dim, dim)))[0]
    normal = np.random.default_rng(seed).normal(size=(count, dim))
    return (normal * (scale * np.arange(1.0, dim + 1) ** -decay)) @ turned + shift


def pair(count: int, dim: int, **options: float):
    """Two sets that differ in place and width."""
    return feature_set(count, dim, 1, **options), feature_set(count + 3, dim, 2, scale=1.2, shift=0.02, **options)


def by_torch_fidelity(a: np.ndarray, b: np.ndarray) -> float:
    one, other = (fid_features_to_statistics(torch.from_numpy(features)) for features in (a, b))
    return fid_statistics_to_metric(one, other, verbose=False)["frechet_inception_distance"]


def by_scipy(a: np.ndarray, b: np.ndarray) -> float:
    """The formula as it stands, with SciPy's square root of the product, whose imaginary part is dropped."""
    step = a.mean(0) - b.mean(0)
    one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(one @ other)
    return float(step @ step + np.trace(one) + np.trace(other) - 2 * np.trace(root).real)


def by_singular_values(a: np.ndarray, b: np.ndarray) -> float:
    """Without covariances, in which squares cost digits: from the triangles of the centred features."""
    triangles = [np.linalg.qr((x - x.mean(0)) / np.sqrt(len(x) - 1), mode="r") for x in (a, b)]
    step, spread = a.mean(0) - b.mean(0), sum((triangle**2).sum() for triangle in triangles)
    return float(step @ step + spread - 2 * scipy.linalg.svdvals(triangles[0] @ triangles[1].T).sum())


def normal(covariance: np.ndarray, mean: np.ndarray, count: int) -> np.ndarray:
    """`count` vectors whose sample mean and covariance are exactly these."""
    random = np.random.default_rng(3).normal(size=(count, len(mean)))
    random -= random.mean(0)
    white = random @ np.linalg.inv(np.linalg.cholesky(np.cov(random, rowvar=False))).T
    return white @ np.linalg.cholesky(covariance).T + mean


@pytest.mark.parametrize(("count", "dim"), [(150, 64), (1000, 64), (140, 128), (1500, 96)])
@pytest.mark.parametrize("decay", [0.0, 0.5, 1.0])
def test_with_more_images_than_features_it_is_that_of_torch_fidelity(count, dim, decay):
    a, b = pair(count, dim, decay=decay)
    assert frechet_distance(a, b) == pytest.approx(by_torch_fidelity(a, b), rel=1e-6)


def test_features_in_float32_lose_nothing_more():
    a, b = (features.astype(np.float32) for features in pair(400, 96))
    exact = by_torch_fidelity(a.astype(np.float64), b.astype(np.float64))
    assert frechet_distance(a, b) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize(("count", "dim"), [(2, 8), (20, 64), (63, 64), (50, 128)])
def test_with_fewer_images_than_features_it_is_that_of_scipy(count, dim):
    a, b = pair(count, dim)
    # The square root of a singular product is only good to half of the digits; ours is not, as the next test shows.
    assert frechet_distance(a, b) == pytest.approx(by_scipy(a, b), rel=1e-5)


def test_with_fewer_images_than_features_it_is_exact():
    # Features that do not use most directions: turned so that they do, nothing may change.
    small = pair(40, 16)
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(300, 300)))[0]
    large = [np.pad(features, ((0, 0), (0, 284))) @ turned for features in small]
    assert frechet_distance(*large) == pytest.approx(by_torch_fidelity(*small), rel=1e-9)


@pytest.mark.parametrize(("counts", "dim"), [((90, 90), 500), ((60, 150), 128), ((150, 60), 128), ((60, 64), 64)])
def test_few_and_many_images_go_together(counts, dim):
    # The eigenvalues of A S2 A^T, A the centred rows of the smaller set, are those of S1 S2 that are not zero.
    deviations = np.arange(1.0, dim + 1) ** -0.5
    a, b = (np.random.default_rng(n).normal(size=(n + i, dim)) * deviations + 0.1 * i for i, n in enumerate(counts))
    centred = [(x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a, b)]
    few, other = sorted(centred, key=len)
    product = few @ other.T
    values = scipy.linalg.eigh(product @ product.T, eigvals_only=True)
    step = a.mean(0) - b.mean(0)
    expected = step @ step + sum((x * x).sum() for x in centred) - 2 * np.sqrt(values.clip(0)).sum()
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-7)


def test_of_two_known_normal_distributions_it_is_the_closed_form():
    # Covariances that commute: sum of (s1 - s2)^2, and the distance of the means.
    turned = np.linalg.qr(np.random.default_rng(5).normal(size=(6, 6)))[0]
    one, other = np.array([4.0, 1, 9, 0.25, 1, 2]), np.array([1.0, 1, 4, 1, 0.01, 8])
    mean = np.arange(6.0)
    a = normal(turned @ np.diag(one) @ turned.T, np.zeros(6), 50)
    b = normal(turned @ np.diag(other) @ turned.T, mean, 70)
    expected = mean @ mean + ((np.sqrt(one) - np.sqrt(other)) ** 2).sum()
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-12)


@given(st.integers(2, 30), st.integers(2, 30), st.floats(-5, 5), st.floats(-3, 3))
@settings(max_examples=30)
def test_of_one_feature_it_is_the_closed_form(n, m, place, orders):
    random = np.random.default_rng(n)
    a, b = random.normal(size=(n, 1)), 10**orders * random.normal(size=(m, 1)) + place
    expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9, abs=1e-14 * (a.var(ddof=1) + b.var(ddof=1)))


@pytest.mark.parametrize(("count", "dim"), [(2, 5), (30, 64), (64, 64), (65, 64), (500, 64)])
@pytest.mark.parametrize("decay", [0.0, 1.0, 4.0])
def test_equal_sets_are_at_distance_zero(count, dim, decay):
    a = feature_set(count, dim, 1, decay=decay, shift=3.0)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-9)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 20), st.integers(0, 2**31))
@settings(max_examples=60)
def test_it_is_a_distance_that_forgets_order_place_and_rotation(n, m, dim, seed):
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(n, dim)), random.normal(size=(m, dim)) * 2 + 1
    value = frechet_distance(a, b)
    assert value >= 0
    turned = np.linalg.qr(random.normal(size=(dim, dim)))[0]
    place = random.normal(size=dim)
    for x, y in [
        (b, a),
        (random.permutation(a), random.permutation(b)),
        (a + place, b + place),
        (a @ turned, b @ turned),
    ]:
        assert frechet_distance(x, y) == pytest.approx(value, rel=1e-8, abs=1e-8)
    assert frechet_distance(3 * a, 3 * b) == pytest.approx(9 * value, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("dead", [1, 40])
def test_features_that_never_fire_change_nothing(dead):
    # Their covariance is singular: square roots of such products come out complex, or not at all.
    a, b = pair(300, 24)
    still = [np.concatenate([x, np.full((len(x), dead), 0.5)], axis=1) for x in (a, b)]
    assert frechet_distance(*still) == pytest.approx(by_torch_fidelity(a, b), rel=1e-9)


def test_images_that_repeat_count_as_often_as_they_are_there():
    # 300 images, but only 20 different ones: n > d, and yet a covariance of rank 19.
    few, other = feature_set(20, 48, 1), feature_set(20, 48, 2)
    one, two = few[:, None] - few.mean(0), other[:, None] - other.mean(0)
    one, two = (x[:, 0] * np.sqrt(15 / 299) for x in (one, two))
    step = few.mean(0) - other.mean(0)
    nuclear = scipy.linalg.svdvals(one @ two.T).sum()
    expected = step @ step + (one**2).sum() + (two**2).sum() - 2 * nuclear
    assert frechet_distance(np.repeat(few, 15, 0), np.repeat(other, 15, 0)) == pytest.approx(expected, rel=1e-9)


def test_one_direction_that_only_one_set_uses_counts_in_full():
    a = feature_set(200, 8, 1, decay=0.0)
    b = feature_set(300, 8, 2, decay=0.0)
    b[:, 0] = a[:, 0].mean()
    rest = by_torch_fidelity(a[:, 1:], b[:, 1:])
    assert frechet_distance(a, b) == pytest.approx(rest + a[:, 0].var(ddof=1), rel=1e-9)


def test_where_one_set_is_wide_and_the_other_narrow_and_the_other_way_round():
    # The product of such covariances is small beside the numbers it is made of, and so are its digits.
    wide, narrow = np.arange(1.0, 201) ** -3, np.arange(200.0, 0, -1) ** -2
    a, b = (np.random.default_rng(n).normal(size=(600, 200)) * s for n, s in enumerate((wide, narrow)))
    assert frechet_distance(a, b) == pytest.approx(by_singular_values(a, b), abs=1e-12 * a.var(0).sum())


@pytest.mark.parametrize("decay", [2.0, 3.0, 4.0, 6.0])
def test_deviations_that_fall_steeply_keep_their_digits(decay):
    # The eigenvalues of S1 S2 fall as k^(-4 decay): nearly all are below what rounding leaves of the largest.
    a, b = pair(500, 150, decay=decay)
    assert frechet_distance(a, b) == pytest.approx(by_singular_values(a, b), abs=1e-10 * a.var(0).sum())
    assert frechet_distance(a, a[::-1]) <= 1e-10 * a.var(0).sum()


@pytest.mark.parametrize("decay", [0.0, 1.0, 3.0])
def test_a_large_mean_costs_no_digits(decay):
    # On a grid on which the sums are exact: the same features, seen from elsewhere.
    a, b = (np.round(features * 2**30) / 2**30 for features in pair(1500, 24, decay=decay))
    assert frechet_distance(a + 1e6, b + 1e6) == pytest.approx(frechet_distance(a, b), rel=1e-9)


@given(st.integers(2, 30), st.integers(2, 30), st.integers(1, 12), st.integers(1, 3), st.integers(0, 2**31))
@settings(max_examples=60)
def test_constant_repeated_and_dependent_features(n, m, dim, rank, seed):
    # Products of small whole numbers: of every rank, with copies, and constant ones.
    random = np.random.default_rng(seed)
    a, b = (random.integers(0, 3, (count, rank)) @ random.integers(0, 2, (rank, dim)) * 1.0 for count in (n, m))
    value = frechet_distance(a, b)
    assert value >= 0
    spread = a.var(0).sum() + b.var(0).sum()
    assert value == pytest.approx(by_singular_values(a, b), rel=1e-9, abs=1e-7 * spread)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9 * spread)


@pytest.mark.parametrize("count", [30, 300])
@pytest.mark.parametrize("scale", [1e-120, 1e-70, 1e100, 1e149])
def test_units_do_not_count(count, scale):
    # Not even those in which squares of variances are beyond the range of float64.
    a, b = pair(count, 48)
    assert frechet_distance(scale * a, scale * b) == pytest.approx(scale**2 * frechet_distance(a, b), rel=1e-9)


def test_sets_of_one_image_many_times_are_as_far_apart_as_their_images():
    a, b = np.full((40, 3), 0.1), np.tile([0.1, 2.1, 3.1], (50, 1))
    assert frechet_distance(a, b) == pytest.approx(13, rel=1e-12)
    assert frechet_distance(a[:2], b) == pytest.approx(13, rel=1e-12)


def test_a_feature_that_follows_from_others_does_not_cost_those_of_small_units():
    # The covariance is singular, and yet of variances far below what rounding makes of its zero all digits are there.
    units = 10.0 ** -np.arange(1.0, 10)
    a, b = (np.random.default_rng(n).normal(size=(80, 9)) * scale for n, scale in enumerate((units, units[::-1])))
    a, b = (np.concatenate([x, x[:, :1] + x[:, 1:2]], axis=1) for x in (a, b))
    assert frechet_distance(a, b) == pytest.approx(by_singular_values(a, b), rel=1e-11)


def test_variances_over_twelve_orders_of_magnitude_keep_their_digits():
    deviations = 10.0 ** -np.arange(0, 6.1, 0.5)
    a = normal(np.diag(deviations**2), np.zeros(13), 40)
    b = normal(np.diag((deviations[::-1]) ** 2), np.zeros(13), 60)
    expected = ((deviations - deviations[::-1]) ** 2).sum()
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


@given(st.permutations(range(5)), st.lists(st.integers(1, 200), min_size=4, max_size=4, unique=True))
@settings(max_examples=30)
def test_shards_merged_in_any_order_give_the_same_distance(order, cuts):
    a, b = pair(201, 24)
    shards = [Moments(24) for _ in range(5)]
    for shard, rows in zip(shards, np.split(a, sorted(cuts)), strict=True):
        shard.update(rows)
    merged = Moments(24)
    for index in order:
        merged.merge(shards[index])
    assert merged.count == 201
    assert frechet_between(merged, Moments.of(b)) == pytest.approx(frechet_distance(a, b), rel=1e-10, abs=0)


@given(st.permutations(range(3)), st.lists(st.integers(1, 4999), min_size=2, max_size=2, unique=True))
@settings(max_examples=15)
def test_large_shards_with_a_large_mean_merge_in_any_order(order, cuts):
    a, b = (features + 1e6 for features in pair(5000, 6))
    shards = [Moments.of(rows) for rows in np.split(a, sorted(cuts))]
    merged = Moments(6)
    for index in order:
        merged.merge(shards[index])
    assert merged.count == 5000
    np.testing.assert_allclose(merged.covariance(), np.cov(a - 1e6, rowvar=False), rtol=1e-10, atol=1e-12)
    assert frechet_between(merged, Moments.of(b)) == pytest.approx(frechet_distance(a, b), rel=1e-9, abs=0)


def test_shards_of_fewer_images_than_features_merge_into_an_exact_whole():
    a, b = pair(40, 64)
    halves = Moments.of(a[:11]), Moments.of(a[11:])
    halves[0].merge(halves[1])
    assert frechet_between(halves[0], Moments.of(b)) == pytest.approx(frechet_distance(a, b), rel=1e-10)


def test_a_merge_leaves_the_other_as_it_is():
    a, b = pair(100, 16)
    kept = Moments.of(b)
    Moments.of(a).merge(kept)
    kept.merge(Moments.of(a[:0]))
    assert kept.count == len(b)
    assert frechet_between(kept, Moments.of(b)) == pytest.approx(0, abs=1e-12)


def test_moments_can_be_merged_into_themselves():
    a = feature_set(1100, 16, 1)
    moments = Moments.of(a)
    moments.merge(moments)
    assert frechet_between(moments, Moments.of(np.concatenate([a, a]))) == pytest.approx(0, abs=1e-12)


def test_what_is_done_to_an_array_later_does_not_count():
    a = feature_set(100, 16, 1)
    moments = Moments.of(a)
    mean = a.mean(0)
    a[:] = 0
    np.testing.assert_allclose(moments.mean, mean, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("count", [20, 64, 65, 333, 2500])
def test_the_size_of_batches_changes_no_bit(count):
    a, b = pair(count, 64)
    distances = []
    for size in (1, 7, 64, 100, 1000):
        moments = Moments(64)
        for start in range(0, count, size):
            moments.update(a[start : start + size])
        distances.append(frechet_between(moments, Moments.of(b)))
    assert len(set(distances)) == 1
    assert distances[0] == pytest.approx(frechet_distance(a, b), rel=1e-10)


@pytest.mark.parametrize("count", [5, 333, 3000])
def test_moments_are_those_of_numpy(count):
    a = feature_set(count, 32, 1, shift=100.0)
    moments = Moments.of(a)
    assert moments.count == count
    np.testing.assert_allclose(moments.mean, a.mean(0), rtol=1e-14)
    np.testing.assert_allclose(moments.covariance(), np.cov(a, rowvar=False), rtol=1e-9, atol=1e-12)


def test_moments_of_nothing_have_no_mean():
    with pytest.raises(FeatureError, match="at least 1 image is needed; there are 0"):
        _ = Moments(3).mean


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (np.zeros((3, 4)), np.zeros((3, 5)), "length 4 cannot be compared with features of length 5"),
        (np.zeros(3), np.zeros((3, 1)), "shape"),
        (np.zeros((1, 4)), np.zeros((3, 4)), "at least 2 images"),
        (np.array([[1.0, np.nan], [0, 0], [1, 1]]), np.zeros((3, 2)), "1 of 3 feature vectors"),
        (np.array([[1.0, np.inf], [0, 0]]), np.zeros((3, 2)), "not finite"),
        (np.diag([1e160, 1e160, 0])[:, :2], np.zeros((3, 2)), "so large"),
        (np.diag([1e160, 0]), np.zeros((2, 2)), "so large"),
        (np.full((2, 2), 1e160), np.zeros((3, 2)), "so large"),
    ],
)
def test_what_is_no_set_of_features_is_refused(a, b, said):
    with pytest.raises(FeatureError, match=said):
        frechet_distance(a, b)
