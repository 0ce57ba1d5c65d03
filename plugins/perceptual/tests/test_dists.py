"""DISTS: sizes, missing weights, and what its two kinds of similarity heed."""

import pytest
import torch
from srbench_perceptual.dists import Dists

import srbench
from srbench.testing.pictures import textured


def picture(height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(textured(1, height, width, 3)).permute(2, 0, 1)


@pytest.mark.usefixtures("weights")
def test_it_is_symmetric_and_nothing_for_equal_images():
    one, other = picture(40, 33), picture(40, 33).flip(1)
    metric = Dists()
    assert metric.score(one, other) == pytest.approx(metric.score(other, one), abs=1e-6)
    assert metric.score(one, other) > 0.01
    assert metric.score(one, one.clone()) == pytest.approx(0, abs=1e-6)


@pytest.mark.usefixtures("weights")
def test_too_small_an_image_is_skipped_with_the_reason():
    skip = Dists().score(picture(15, 40), picture(15, 40))
    assert isinstance(skip, srbench.Skip) and "16 pixels" in skip.reason and "40 x 15" in skip.reason
    assert isinstance(Dists().score(picture(16, 16), picture(16, 16)), float)


def test_without_weights_it_is_skipped_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    skip = Dists().score(picture(40, 40), picture(40, 40))
    assert isinstance(skip, srbench.Skip) and "srbench fetch vgg16" in skip.reason
