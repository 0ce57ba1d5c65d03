"""3-SSIM: closed forms where one component is all there is, and parts of images."""

import pytest
import torch
from skimage.metrics import structural_similarity
from srbench_fidelity.structural import Ssim
from srbench_fidelity.three_component import ThreeComponentSsim

import srbench
from benchmarks.agreement import ssim_map
from srbench.testing.pictures import textured


def pair(height: int = 40, width: int = 47, channels: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    hr = torch.from_numpy(textured(1, height, width, channels)).permute(2, 0, 1)
    return (hr + torch.roll(hr, 1, 2)) / 2, hr


def test_a_flat_image_has_one_component_and_so_its_ssim():
    hr = torch.full((1, 20, 30), 0.4, dtype=torch.float64)
    assert ThreeComponentSsim().score(hr + 0.2, hr) == pytest.approx(Ssim().score(hr + 0.2, hr), abs=1e-12)


def test_an_edge_between_flat_halves_weighs_two_thirds():
    # No texture: the weights are .5 for the two columns of the edge, .25 for the rest, divided by .75.
    hr = torch.zeros(1, 30, 40, dtype=torch.float64)
    hr[..., 20:] = 0.8
    sr = hr * 0.9
    planes = (one[0].numpy() for one in (hr, sr))
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
    similarity = structural_similarity(*planes, data_range=1.0, **options)[1][5:-5, 5:-5]
    edge = similarity[:, 14:16].mean()
    flat = (similarity[:, :14].sum() + similarity[:, 16:].sum()) / (similarity.size - similarity[:, 14:16].size)
    assert ThreeComponentSsim().score(sr, hr) == pytest.approx((0.5 * edge + 0.25 * flat) / 0.75, abs=1e-9)


def test_a_part_is_the_mean_of_the_map_over_its_pixels():
    sr, hr = pair(channels=3)
    part = torch.zeros(hr.shape[1:], dtype=torch.bool)
    part[2:18, 20:40] = True
    planes = (one.permute(1, 2, 0).numpy() for one in (sr, hr))
    expected = ssim_map(*planes)[:13, 15:35].mean()
    assert Ssim().score_measured(sr, hr, part) == pytest.approx(expected, abs=1e-9)
    # Of a part with one component alone, three-component SSIM is SSIM; without any it is skipped.
    edge = torch.zeros_like(part)
    edge[:5] = True
    for metric in (Ssim(), ThreeComponentSsim()):
        skip = metric.score_measured(sr, hr, edge)
        assert isinstance(skip, srbench.Skip) and "where no window fits" in skip.reason


@pytest.mark.parametrize("method", ["score", "score_measured"])
def test_too_small_an_image_is_skipped_with_the_reason(method):
    sr, hr = pair(10, 30)
    more = [torch.ones(10, 30, dtype=torch.bool)] if method == "score_measured" else []
    skip = getattr(ThreeComponentSsim(), method)(sr, hr, *more)
    assert isinstance(skip, srbench.Skip) and "11 pixels" in skip.reason and "30 x 10" in skip.reason
