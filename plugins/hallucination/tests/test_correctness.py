"""What must hold of hallucination, omission and improvement, on a phantom whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from srbench_hallucination.correctness import Hallucination, Improvement, Omission, absolute, normalised

import srbench

NAMES = ("hallucination", "omission", "improvement")


@pytest.mark.parametrize("distance", ["l1", "nd"])
def test_hr_itself_leaves_nothing_out_and_invents_nothing(phantom, distance: str) -> None:
    assert [phantom.score(name, phantom.hr, distance=distance) for name in NAMES] == [0, 0, 1]


@pytest.mark.parametrize("distance", ["l1", "nd"])
def test_bicubic_interpolation_leaves_everything_out_and_invents_nothing(phantom, distance: str) -> None:
    assert [phantom.score(name, phantom.bicubic, distance=distance) for name in NAMES] == [0, 1, 0]


@pytest.mark.parametrize("norm", ["percent", "softmin"])
@pytest.mark.parametrize("distance", ["l1", "nd"])
def test_the_three_add_up_to_one(phantom, distance: str, norm: str) -> None:
    half_way = ((phantom.hr.astype(int) + phantom.bicubic) // 2).astype(np.uint8)
    painted = phantom.painted(5, on=half_way)
    scores = [phantom.score(name, painted, distance=distance, norm=norm) for name in NAMES]
    assert sum(scores) == pytest.approx(1) and min(scores) > 0.001


@pytest.mark.parametrize("norm", ["percent", "softmin"])
@pytest.mark.parametrize("distance", ["l1", "nd"])
def test_each_blob_that_is_not_there_adds_to_hallucination(phantom, distance: str, norm: str) -> None:
    counts = [
        phantom.score("hallucination", phantom.painted(count), distance=distance, norm=norm)
        for count in range(0, len(phantom.empty), 3)
    ]
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("distance", ["l1", "nd"])
def test_painted_blobs_are_worse_than_bicubic_though_they_are_sharper(phantom, distance: str) -> None:
    """The sharper picture has the spectrum of HR: by sharpness alone it wins."""
    painted = phantom.painted(len(phantom.empty), on=phantom.bicubic)
    assert sharpness(painted) > 2 * sharpness(phantom.bicubic)
    assert phantom.score("spectrum", painted) < phantom.score("spectrum", phantom.bicubic)
    worse, better = (phantom.score("hallucination", sr, distance=distance) for sr in (painted, phantom.bicubic))
    assert better == 0 and worse > 0.05


def sharpness(picture: np.ndarray) -> float:
    """The mean squared gradient."""
    down, across = np.gradient(picture[..., 0].astype(float))
    return float((down**2 + across**2).mean())


def test_sr_between_baseline_and_hr_turns_from_omission_to_improvement(phantom) -> None:
    ways = [
        np.round((1 - way) * phantom.bicubic.astype(float) + way * phantom.hr).astype(np.uint8)
        for way in (0.1, 0.5, 0.9)
    ]
    better = [phantom.score("improvement", sr) for sr in ways]
    left = [phantom.score("omission", sr) for sr in ways]
    assert better[0] < 0.05 < 0.3 < better[1] < 0.95 < better[2]
    assert left[0] > 0.95 > left[1] > left[2]


def test_what_was_not_measured_is_no_part_of_it() -> None:
    hr, baseline, sr = torch.rand(3, 1, 24, 24, dtype=torch.float64)
    measured = torch.ones(24, 24, dtype=torch.bool)
    measured[:, 16:] = False
    filled = [torch.where(measured, one, sr) for one in (hr, baseline)]
    for kind in (Hallucination, Omission, Improvement):
        cut = kind().score_beside(sr[..., :16], hr[..., :16], baseline[..., :16], None)
        assert kind().score_beside(sr, *filled, measured) == cut


@pytest.mark.parametrize("distance", [absolute, normalised])
def test_distances_are_means_over_channels_between_0_and_1(distance) -> None:
    first, second = torch.rand(2, 3, 5, 7, dtype=torch.float64)
    found = distance(first, second)
    alone = torch.stack([distance(first[c : c + 1], second[c : c + 1]) for c in range(3)])
    assert found.equal(alone.mean(0)) or torch.allclose(found, alone.mean(0))
    black, white = torch.zeros(1, 2, 2).double(), torch.ones(1, 2, 2).double()
    assert distance(black, black).max() == 0
    assert distance(black, white) == pytest.approx(1)


def test_features_of_small_images_are_skipped_with_the_size_that_is_needed() -> None:
    tiny = torch.rand(1, 20, 40, dtype=torch.float64)
    answer = Hallucination(distance="lpips").score_beside(tiny, tiny, tiny, None)
    assert isinstance(answer, srbench.Skip) and "31 pixels" in answer.reason and "40 x 20" in answer.reason


def test_features_without_weights_are_skipped_with_the_command_that_fetches_them(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    image = torch.rand(1, 40, 40, dtype=torch.float64)
    answer = Hallucination(distance="lpips").score_beside(image, image, image, None)
    assert isinstance(answer, srbench.Skip) and "srbench fetch alexnet" in answer.reason
