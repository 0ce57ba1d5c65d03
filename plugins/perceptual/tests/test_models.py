"""What piq computes, beyond the agreement of every metric with its reference: large images, small ones, ends."""

import pytest
import torch
from srbench_perceptual.models import Fsim, HaarPsi, Vif, Vsi

import srbench
from benchmarks import transcriptions
from srbench.testing.pictures import textured

METRICS = [(Fsim(), 16), (Vif(), 41), (HaarPsi(), 16), (Vsi(), 16)]


def picture(height: int, width: int, channels: int = 1) -> torch.Tensor:
    return torch.from_numpy(textured(1, height, width, channels)).permute(2, 0, 1)


@pytest.mark.parametrize(("height", "width"), [(383, 400), (384, 391), (640, 643), (897, 900)])
def test_fsim_of_large_images_shrinks_them_as_its_authors_do(height, width):
    hr = picture(height, width)
    sr = (hr + torch.roll(hr, 2, 1)) / 2
    expected = transcriptions.fsim(*(image.permute(1, 2, 0).numpy() for image in (sr, hr)))
    assert Fsim().score(sr, hr) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("metric", "smallest"), METRICS)
def test_too_small_an_image_is_skipped_with_the_reason(metric, smallest):
    for height, width in ((smallest - 1, 50), (50, smallest - 1)):
        skip = metric.score(picture(height, width), picture(height, width))
        assert isinstance(skip, srbench.Skip)
        assert f"{smallest} pixels" in skip.reason and f"{width} x {height}" in skip.reason
    image = picture(smallest, smallest, 3)
    assert metric.score(image, image) == pytest.approx(1.0, abs=1e-5)


def test_more_contrast_than_hr_has_more_information():
    hr = 0.25 + 0.5 * picture(60, 60)
    mean = hr.mean()
    assert Vif().score((mean + 1.3 * (hr - mean)).clamp(0, 1), hr) > 1


def test_a_tint_is_seen_in_colour_and_by_luma_not_at_all():
    hr = 0.2 + 0.6 * picture(60, 64, 3)
    tint = torch.tensor([0.1 / 0.299, 0.0, -0.1 / 0.114], dtype=torch.float64)[:, None, None] / 8
    assert Vif().score(hr + tint, hr) == pytest.approx(1, abs=1e-6)
    for metric in (Fsim(), HaarPsi(), Vsi()):
        assert metric.score(hr + tint, hr) < 0.9999


@pytest.mark.parametrize(("metric", "smallest"), METRICS)
def test_images_of_different_shapes_are_refused(metric, smallest):
    with pytest.raises(ValueError, match="same"):
        metric.score(picture(50, 50, 3), picture(50, 50, 1))
