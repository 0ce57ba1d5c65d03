"""Pairwise similarity against scikit-image and pytorch-msssim on all pairs; sampling; what cannot be compared."""

from itertools import combinations

import numpy as np
import pytest
import torch
from pytorch_msssim import ms_ssim
from scipy.ndimage import correlate1d
from skimage.metrics import structural_similarity
from srbench_fidelity.diversity import PairwiseMsSsim, PairwiseSsim
from srbench_fidelity.structural import Ssim, fitting_scales, ssim_of_pairs
from srbench_fidelity.structural import ms_ssim as ms_ssim_over

import srbench
from srbench.contract.dataset import Item
from srbench.testing.pictures import textured, textured_uint8


def images(count: int, height: int, width: int, channels: int, dtype: type = np.uint8) -> list[np.ndarray]:
    white = np.iinfo(dtype).max
    return [(textured(seed, height, width, channels) * white).round().astype(dtype) for seed in range(count)]


def tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image / np.iinfo(image.dtype).max).permute(2, 0, 1)


def taken(metric: srbench.SetMetric, srs: list[np.ndarray], hrs: list[np.ndarray]) -> srbench.SetMetric:
    for sr, hr in zip(srs, hrs, strict=True):
        metric.update(tensor(sr), tensor(hr))
    return metric


def value_of(metric: srbench.SetMetric) -> float:
    return metric.compute()[0]


def details_of(metric: srbench.SetMetric) -> srbench.Details:
    return metric.compute()[1]


def by_scikit_image(one: np.ndarray, other: np.ndarray) -> float:
    white = np.iinfo(one.dtype).max
    _, ssim_map = structural_similarity(
        one / white,
        other / white,
        data_range=1.0,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return float(ssim_map[5:-5, 5:-5].mean())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pairwise_ssim_is_the_mean_of_scikit_images_over_all_pairs(channels, dtype):
    hrs = images(5, 37, 53, channels, dtype)
    srs = [np.roll(hr, 3, axis=1) // 2 for hr in hrs]
    metric = taken(PairwiseSsim(), srs, hrs)
    scores, ceilings = ([by_scikit_image(*p) for p in combinations(some, 2)] for some in (srs, hrs))
    assert value_of(metric) == pytest.approx(np.mean(scores), abs=1e-6)
    told = {"spread": np.std(scores, ddof=1), "ceiling": np.mean(ceilings), "ceiling spread": np.std(ceilings, ddof=1)}
    assert details_of(metric).numbers == pytest.approx({**told, "ceiling n": 5, "pairs": 10}, abs=1e-6)


def test_within_each_class_it_is_that_of_its_own_images_and_its_standard_deviation_is_there():
    hrs = images(9, 21, 30, 3)
    srs = [255 - hr // 3 for hr in hrs]
    labels = "aabbbabcb"
    metric = PairwiseSsim(images=3)
    for place, label in enumerate(labels):
        item = Item(f"i{place}", hrs[place], label=label)
        metric.update_item(tensor(srs[place]), tensor(hrs[place]), item)
    details = details_of(metric)
    assert set(details.by_class) == set(details.ceiling_by_class) == {"a", "b"}, "one image makes no pair"
    for shown, found in ((srs, details.by_class), (hrs, details.ceiling_by_class)):
        own = [shown[place] for place, label in enumerate(labels) if label == "a"]
        scores = [by_scikit_image(*pair) for pair in combinations(own, 2)]
        assert (found["a"].value, found["a"].spread) == pytest.approx(
            (np.mean(scores), np.std(scores, ddof=1)), abs=1e-6
        )
        assert (found["a"].n, found["b"].n) == (3, 3), "of a class as many as of the set"
    alone = PairwiseSsim()
    for hr in hrs:
        alone.update_item(tensor(hr), tensor(hr), Item("i", hr, label="a"))
    assert details_of(alone).by_class == {}, "a single class is the set"


@pytest.mark.parametrize(("height", "width", "channels"), [(11, 40, 1), (70, 55, 3), (60, 530, 1)])
def test_pairs_computed_together_are_ssim_to_fourteen_digits(height, width, channels):
    some = [tensor(image) for image in images(5, height, width, channels, np.uint16)]
    one_by_one = [Ssim().score(*pair) for pair in combinations(some, 2)]
    assert ssim_of_pairs(some) == pytest.approx(one_by_one, rel=1e-14)


@pytest.mark.parametrize("channels", [1, 3])
def test_pairwise_ms_ssim_is_the_mean_of_pytorch_msssims_over_all_pairs(channels):
    hrs = images(3, 171, 180, channels)
    metric = taken(PairwiseMsSsim(), hrs[::-1], hrs)
    expected = np.mean(
        [float(ms_ssim(tensor(a)[None], tensor(b)[None], data_range=1.0)) for a, b in combinations(hrs, 2)]
    )
    assert value_of(metric) == pytest.approx(expected, abs=1e-5)
    details = details_of(metric)
    assert details.ceiling.value == pytest.approx(value_of(metric), abs=1e-12)
    assert details.further == {"pairs": 3.0, "scales": 5.0}


def test_one_image_again_and_again_is_as_alike_as_can_be():
    hrs = images(4, 24, 30, 3)
    metric = taken(PairwiseSsim(), [hrs[0]] * 4, hrs)
    assert value_of(metric) == pytest.approx(1, abs=1e-9)
    assert details_of(metric).ceiling.value < 0.5


def test_a_large_set_is_sampled_the_same_for_every_method_and_order():
    hrs = images(12, 20, 20, 1)
    few = PairwiseSsim(images=4)
    value, details = taken(few, hrs, hrs).compute()
    assert details.ceiling == srbench.Estimate(value, details.spread, 4) and details.further == {"pairs": 6.0}
    backwards = taken(PairwiseSsim(images=4), hrs[::-1], hrs[::-1])
    assert value_of(backwards) == pytest.approx(value, abs=1e-12)
    # The four are one of the 495 choices of four, and another method is judged by its images of the same names.
    choices = [
        chosen
        for chosen in combinations(range(12), 4)
        if np.mean([by_scikit_image(hrs[a], hrs[b]) for a, b in combinations(chosen, 2)])
        == pytest.approx(value, abs=1e-9)
    ]
    assert len(choices) == 1
    other = [255 - hr // 2 for hr in hrs]
    expected = np.mean([by_scikit_image(other[a], other[b]) for a, b in combinations(choices[0], 2)])
    metric = taken(PairwiseSsim(images=4), other, hrs)
    assert value_of(metric) == pytest.approx(expected, abs=1e-6)
    assert details_of(metric).ceiling.value == pytest.approx(value, abs=1e-12)


def test_the_sample_differs_from_the_whole_but_not_by_much():
    hrs = images(24, 20, 20, 1)
    whole = value_of(taken(PairwiseSsim(images=24), hrs, hrs))
    sample = value_of(taken(PairwiseSsim(images=12), hrs, hrs))
    assert sample != whole
    assert sample == pytest.approx(whole, abs=0.1)


@pytest.mark.parametrize("kind", [PairwiseSsim, PairwiseMsSsim])
@pytest.mark.parametrize("other", [(200, 201, 3), (200, 200, 1)])
def test_sets_of_several_sizes_are_skipped_with_the_reason(kind, other):
    for order in (1, -1):
        srs = [textured_uint8(0, 200, 200, 3), textured_uint8(1, *other)][::order]
        metric = taken(kind(), srs, srs)
        skip = metric.compute()
        assert isinstance(skip, srbench.Skip)
        assert "200 x 200 x 3" in skip.reason


def test_no_pair_and_too_small_a_pair_are_skipped_with_the_reason():
    assert "has 0" in PairwiseSsim().compute().reason
    one = taken(PairwiseSsim(), images(1, 20, 20, 1), images(1, 20, 20, 1))
    assert "has 1" in one.compute().reason
    small = taken(PairwiseMsSsim(), images(2, 10, 30, 1), images(2, 10, 30, 1))
    assert "30 x 10" in small.compute().reason


def test_fewer_than_two_images_to_compare_are_refused():
    with pytest.raises(srbench.SrbenchError, match="at least 2"):
        PairwiseSsim(images=1)


def by_the_formula(one: np.ndarray, other: np.ndarray, weights: list[float]) -> float:
    """Wang et al. 2003, of one channel with even sides: means of 2 x 2 pixels between scales, SciPy's filter."""
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()

    def blur(plane: np.ndarray) -> np.ndarray:
        return correlate1d(correlate1d(plane, window, 0), window, 1)[5:-5, 5:-5]

    value = 1.0
    for scale, weight in enumerate(weights):
        if scale:
            one, other = (
                plane.reshape(plane.shape[0] // 2, 2, plane.shape[1] // 2, 2).mean((1, 3)) for plane in (one, other)
            )
        mean_one, mean_other = blur(one), blur(other)
        covariance = blur(one * other) - mean_one * mean_other
        variances = blur(one**2) - mean_one**2 + blur(other**2) - mean_other**2
        term = (2 * covariance + 0.03**2) / (variances + 0.03**2)
        if scale == len(weights) - 1:
            term = term * (2 * mean_one * mean_other + 0.01**2) / (mean_one**2 + mean_other**2 + 0.01**2)
        value *= max(0.0, term.mean()) ** weight
    return value


@pytest.mark.parametrize(
    ("side", "weights"),
    [
        (16, [1.0]),
        (32, [0.0448 / 0.3304, 0.2856 / 0.3304]),
        (64, [0.0448 / 0.6305, 0.2856 / 0.6305, 0.3001 / 0.6305]),
    ],
)
def test_small_images_are_compared_over_the_scales_that_fit_with_weights_that_sum_to_one(side, weights):
    hrs = images(4, side, side, 1)
    srs = [hr // 2 + np.roll(hrs[0], number, 0) // 2 for number, hr in enumerate(hrs)]
    metric = taken(PairwiseMsSsim(), srs, hrs)
    planes = [sr[..., 0] / 255 for sr in srs]
    expected = np.mean([by_the_formula(one, other, weights) for one, other in combinations(planes, 2)])
    assert value_of(metric) == pytest.approx(expected, abs=1e-6)
    assert details_of(metric).further["scales"] == len(weights)


@pytest.mark.parametrize("size", [(161, 161), (200, 163), (176, 176)])
def test_over_five_scales_it_is_pytorch_msssims_to_fourteen_digits(size):
    one, other = (tensor(image)[None] for image in images(2, *size, 3))
    window = torch.exp(-((torch.arange(11, dtype=torch.float64) - 5) ** 2) / (2 * 1.5**2))
    expected = float(ms_ssim(one, other, data_range=1.0, win=(window / window.sum()).expand(3, 1, 1, 11)))
    assert fitting_scales(*size) == 5
    assert ms_ssim_over(one[0], other[0], 5) == pytest.approx(expected, rel=1e-14)


def test_as_many_scales_fit_as_leave_a_window():
    sides = {0: (1, 10), 1: (11, 20), 2: (21, 40), 3: (41, 80), 4: (81, 160), 5: (161, 5000)}
    for scales, ends in sides.items():
        assert (
            {fitting_scales(side, 6000) for side in ends} == {fitting_scales(6000, side) for side in ends} == {scales}
        )


NOBODY = Item("sample", np.zeros((1, 1, 1), np.uint8))


def unpaired(metric: srbench.SetMetric, generated: list[np.ndarray], real: list[np.ndarray]) -> srbench.SetMetric:
    for source, shown in (("generated", generated), ("real", real), ("training", generated)):
        for image in shown:
            metric.update_unpaired(tensor(image), source, NOBODY)
    return metric


def test_generated_images_are_compared_with_each_other_and_so_are_real_ones():
    made, real = images(5, 32, 32, 3), [255 - image // 2 for image in images(7, 32, 32, 3)]
    metric = unpaired(PairwiseSsim(), made, real)
    assert value_of(metric) == pytest.approx(np.mean([by_scikit_image(*p) for p in combinations(made, 2)]), abs=1e-6)
    ceiling = np.mean([by_scikit_image(*p) for p in combinations(real, 2)])
    details = details_of(metric)
    assert (details.ceiling.value, details.ceiling.n) == (pytest.approx(ceiling, abs=1e-6), 7)
    assert details.further == {"pairs": 10.0} and details.by_class == {}


@pytest.mark.parametrize("kind", [PairwiseSsim, PairwiseMsSsim])
def test_the_sample_of_a_generated_set_depends_on_no_order_and_not_on_the_real_set(kind):
    made, real = images(12, 32, 32, 1), images(9, 32, 32, 1)[::-1]
    metric = unpaired(kind(images=4), made, real)
    value, details = metric.compute()
    backwards = unpaired(kind(images=4), made[::-1], real[::-1])
    assert value_of(backwards) == pytest.approx(value, abs=1e-12)
    assert details_of(backwards).numbers == pytest.approx(details.numbers, abs=1e-12)
    other = unpaired(kind(images=4), made, [255 - image for image in real])
    assert value_of(other) == value
    assert details_of(unpaired(kind(images=4), made[:6], real)).ceiling == details.ceiling


def test_without_two_real_images_there_is_no_ceiling():
    metric = unpaired(PairwiseSsim(), images(3, 20, 20, 1), images(1, 20, 20, 1))
    assert details_of(metric) == srbench.Details(spread=details_of(metric).spread, further={"pairs": 3.0})
    assert "has 1" in unpaired(PairwiseSsim(), images(1, 20, 20, 1), images(3, 20, 20, 1)).compute().reason
