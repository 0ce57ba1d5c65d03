"""Every shipped metric that compares SR with HR: equal to its reference, moved as it says, at home in regions.

Those that look at SR alone, or at the baseline too, are compared where they are at home, in the tests of their plugins.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from benchmarks import agreement
from srbench.contract.metric import ImageMetric, NoReferenceMetric
from srbench.registry.registry import registry
from srbench.testing.pictures import textured


def compares(kind: type) -> bool:
    return issubclass(kind, ImageMetric) and not issubclass(kind, NoReferenceMetric) and "baseline" not in kind.needs


KINDS = {
    found.entry.name: found.load()
    for found in registry().entries("metric")
    if found.plugin.distribution.startswith("srbench-") and compares(found.load())
}


@pytest.fixture(scope="module", autouse=True)
def weights() -> Iterator[None]:
    with agreement.seeded_weights():
        yield


def tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def value(metric: ImageMetric, sr: np.ndarray, hr: np.ndarray, part: np.ndarray | None = None) -> float:
    if part is None:
        answer = metric.score(tensor(sr), tensor(hr))
    else:
        answer = metric.score_measured(tensor(sr), tensor(hr), torch.from_numpy(part))
    return answer[0] if isinstance(answer, tuple) else answer


def test_every_image_metric_has_a_reference_and_stands_on_the_page() -> None:
    assert KINDS.keys() == agreement.PEERS.keys()
    page = agreement.PAGE.read_text(encoding="utf-8")
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| `")]
    shown = {row[1].strip(" `"): float(row[4]) for row in rows}
    assert shown.keys() == KINDS.keys()
    assert all(shown[name] <= peer.bound for name, peer in agreement.PEERS.items())


@pytest.mark.parametrize("name", KINDS)
def test_it_equals_its_reference_in_grey_and_colour_8_and_16_bits_and_odd_sizes(name: str) -> None:
    assert agreement.difference(name) <= agreement.PEERS[name].bound


def hr_of(name: str) -> np.ndarray:
    side = 168 if name == "ms-ssim" else 72
    return np.round((0.1 + 0.8 * textured(3, side, side + 5, 3)).clip(0, 1) * 255) / 255


def blurred(image: np.ndarray, strength: int) -> np.ndarray:
    return gaussian_filter(image, (0.6 * strength, 0.6 * strength, 0))


def noisy(image: np.ndarray, strength: int) -> np.ndarray:
    return image + np.random.default_rng(0).normal(0, 0.03 * strength**1.5, image.shape)


def compressed(image: np.ndarray, strength: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray((image * 255).round().astype(np.uint8)).save(file, "jpeg", quality=(95, 75, 50)[strength - 1])
    return np.asarray(Image.open(file), np.float64) / 255


@pytest.mark.parametrize("degraded", [blurred, noisy, compressed])
@pytest.mark.parametrize("name", KINDS)
def test_the_stronger_a_degradation_the_worse_the_score(name: str, degraded) -> None:
    hr = hr_of(name)
    scores = [value(KINDS[name](), degraded(hr, strength).clip(0, 1), hr) for strength in (1, 2, 3)]
    best = value(KINDS[name](), hr, hr)
    sign = 1 if KINDS[name].higher_is_better else -1
    assert all(sign * before > sign * after for before, after in pairwise([best, *scores])), [best, *scores]


@pytest.mark.parametrize("name", KINDS)
def test_the_region_of_all_pixels_is_the_image(name: str) -> None:
    hr = hr_of(name)
    sr = blurred(hr, 2)
    everywhere = np.ones(hr.shape[:2], bool)
    assert value(KINDS[name](), sr, hr, everywhere) == pytest.approx(value(KINDS[name](), sr, hr), rel=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_in_a_region_more_noise_is_worse_and_none_is_best(name: str) -> None:
    hr = hr_of(name)
    part = np.zeros(hr.shape[:2], bool)
    part[20:50, 25:60] = True
    scores = [
        value(KINDS[name](), np.where(part[..., None], noisy(hr, strength).clip(0, 1), hr), hr, part)
        for strength in (0, 1, 2, 3)
    ]
    sign = 1 if KINDS[name].higher_is_better else -1
    assert all(sign * before > sign * after for before, after in pairwise(scores)), scores
    assert math.isinf(scores[0]) or scores[0] == pytest.approx(value(KINDS[name](), hr, hr), abs=1e-6)
