"""Pairwise similarity against scikit-image and pytorch-msssim on all pairs; sampling; what cannot be compared."""

from itertools import combinations

import numpy as np
import pytest
import torch
from pytorch_msssim import ms_ssim
from skimage.metrics import structural_similarity
from srbench_fidelity.diversity import PairwiseMsSsim, PairwiseSsim

import srbench
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
    assert metric.compute() == pytest.approx(np.mean([by_scikit_image(*p) for p in combinations(srs, 2)]), abs=1e-6)
    extra = metric.extra()
    assert extra["ceiling"] == pytest.approx(np.mean([by_scikit_image(*p) for p in combinations(hrs, 2)]), abs=1e-6)
    assert extra["pairs"] == 10


@pytest.mark.parametrize("channels", [1, 3])
def test_pairwise_ms_ssim_is_the_mean_of_pytorch_msssims_over_all_pairs(channels):
    hrs = images(3, 171, 180, channels)
    metric = taken(PairwiseMsSsim(), hrs[::-1], hrs)
    expected = np.mean(
        [float(ms_ssim(tensor(a)[None], tensor(b)[None], data_range=1.0)) for a, b in combinations(hrs, 2)]
    )
    assert metric.compute() == pytest.approx(expected, abs=1e-5)
    assert metric.extra() == {"ceiling": pytest.approx(metric.compute(), abs=1e-12), "pairs": 3.0}


def test_one_image_again_and_again_is_as_alike_as_can_be():
    hrs = images(4, 24, 30, 3)
    metric = taken(PairwiseSsim(), [hrs[0]] * 4, hrs)
    assert metric.compute() == pytest.approx(1, abs=1e-9)
    assert metric.extra()["ceiling"] < 0.5


def test_a_large_set_is_sampled_the_same_for_every_method_and_order():
    hrs = images(12, 20, 20, 1)
    few = PairwiseSsim(images=4)
    value = taken(few, hrs, hrs).compute()
    assert few.extra() == {"ceiling": value, "pairs": 6.0}
    backwards = taken(PairwiseSsim(images=4), hrs[::-1], hrs[::-1])
    assert backwards.compute() == pytest.approx(value, abs=1e-12)
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
    assert metric.compute() == pytest.approx(expected, abs=1e-6)
    assert metric.extra()["ceiling"] == pytest.approx(value, abs=1e-12)


def test_the_sample_differs_from_the_whole_but_not_by_much():
    hrs = images(24, 20, 20, 1)
    whole = taken(PairwiseSsim(images=24), hrs, hrs).compute()
    sample = taken(PairwiseSsim(images=12), hrs, hrs).compute()
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
        assert metric.extra() == {}


def test_no_pair_and_too_small_a_pair_are_skipped_with_the_reason():
    assert "has 0" in PairwiseSsim().compute().reason
    one = taken(PairwiseSsim(), images(1, 20, 20, 1), images(1, 20, 20, 1))
    assert "has 1" in one.compute().reason
    small = taken(PairwiseMsSsim(), images(2, 20, 20, 1), images(2, 20, 20, 1))
    assert "20 x 20" in small.compute().reason
    assert one.extra() == small.extra() == {}


def test_fewer_than_two_images_to_compare_are_refused():
    with pytest.raises(srbench.SrbenchError, match="at least 2"):
        PairwiseSsim(images=1)
