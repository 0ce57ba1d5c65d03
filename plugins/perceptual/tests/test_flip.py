"""FLIP: its map in parts of images, and from other distances."""

import sys

import pytest
import torch
from srbench_perceptual.flip import Flip

import srbench
from benchmarks import transcriptions
from srbench.errors import ParameterError
from srbench.registry.parameters import resolve
from srbench.testing.pictures import textured


def pair(channels: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    hr = torch.from_numpy(textured(1, 40, 51, channels)).permute(2, 0, 1)
    return (hr + torch.roll(hr, 1, 1)) / 2, hr


def by_the_paper(sr: torch.Tensor, hr: torch.Tensor, pixels_per_degree: float):
    return transcriptions.flip_map(*(image.permute(1, 2, 0).numpy() for image in (sr, hr)), pixels_per_degree)


@pytest.mark.parametrize("pixels_per_degree", [20.0, 45.5])
def test_from_another_distance_it_follows_the_paper_too(pixels_per_degree):
    sr, hr = pair()
    expected = by_the_paper(sr, hr, pixels_per_degree).mean()
    assert Flip(pixels_per_degree).score(sr, hr) == pytest.approx(expected, abs=1e-5)


def test_from_further_away_less_is_seen():
    sr, hr = pair()
    assert Flip(20).score(sr, hr) > Flip(67).score(sr, hr) > Flip(200).score(sr, hr)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_part_is_the_mean_of_the_map_over_its_pixels(channels):
    sr, hr = pair(channels)
    part = torch.zeros(40, 51, dtype=torch.bool)
    part[3:12, 30:51] = True
    expected = by_the_paper(sr, hr, 67.0)[3:12, 30:51].mean()
    assert Flip().score_measured(sr, hr, part) == pytest.approx(expected, abs=1e-5)


def test_without_its_package_it_is_skipped_with_the_command(monkeypatch):
    sr, hr = pair()
    monkeypatch.setitem(sys.modules, "flip_evaluator", None)
    monkeypatch.setattr("srbench_perceptual.flip.find_spec", lambda name: None)
    for skip in (Flip().score(sr, hr), Flip().score_measured(sr, hr, torch.ones(40, 51, dtype=torch.bool))):
        assert isinstance(skip, srbench.Skip) and "pip install flip-evaluator" in skip.reason


def test_a_distance_that_is_none_is_refused():
    with pytest.raises(ParameterError, match="pixels_per_degree"):
        resolve(Flip, {"pixels_per_degree": 0})
