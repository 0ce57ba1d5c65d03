"""Every shipped metric that compares SR with HR: equal to its reference, moved as it says, at home in regions.

Those that look at SR alone, or at the baseline too, are compared where they are at home, in the tests of their plugins.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from benchmarks import agreement
from srbench.contract.metric import ImageMetric, NoReferenceMetric
from srbench.registry.registry import registry
from srbench.testing.pictures import textured

PLUGINS = Path(__file__).parents[1] / "plugins"


def compares(kind: type) -> bool:
    return issubclass(kind, ImageMetric) and not issubclass(kind, NoReferenceMetric) and "baseline" not in kind.needs


KINDS = {
    found.entry.name: found.load()
    for found in registry().entries("metric")
    if found.plugin.distribution.startswith("srbench-") and compares(found.load())
}


AT_HOME = {
    "brisque": "no-reference/tests/test_brisque.py: it_is_piq_s_number",
    "clip-iqa": "no-reference/tests/test_clip_iqa.py: it_is_piq_s_number",
    "niqe": "no-reference/tests/test_niqe.py: it_is_basicsr_s_number",
    "ntire": "ntire/tests/test_ntire.py: it_is_the_formula_of_the_means",
    "fid": "fid/tests/test_metrics.py: fid_of_sets_of_different_sizes_is_that_of_scipy_and_of_torch_fidelity",
    "kid": "fid/tests/test_metrics.py: kid_of_sets_of_different_sizes_is_that_of_torch_fidelity",
    "is": "fid/tests/test_kernels.py: the_inception_score_is_that_of_torch_fidelity",
    "precision": "fid/tests/test_kernels.py: precision_and_recall_are_those_of_torch_fidelity",
    "recall": "fid/tests/test_kernels.py: precision_and_recall_are_those_of_torch_fidelity",
    "mmd": "fid/tests/test_kernels.py: mmd_is_its_definition_written_out",
    "cmmd": "fid/tests/test_metrics.py: cmmd_is_mmd_at_ten_on_the_embeddings_of_clip",
    "cafd": "fid/tests/test_metrics.py: cafd_is_the_mean_over_classes_of_fid",
    "pairwise-ssim": "fidelity/tests/test_diversity.py: pairwise_ssim_is_the_mean_of_scikit_images_over_all_pairs",
    "pairwise-ms-ssim": "fidelity/tests/test_diversity.py: over_five_scales_it_is_pytorch_msssims_to_fourteen_digits",
    "cas": "cas/tests/test_confusion.py: it_agrees_with_scikit_learn",
    "nas": "cas/tests/test_confusion.py: it_agrees_with_scikit_learn",
    "hallucination": "../tests/pictures/test_correctness.py: it_has_the_numbers_of_opensr_test",
    "omission": "../tests/pictures/test_correctness.py: it_has_the_numbers_of_opensr_test",
    "improvement": "../tests/pictures/test_correctness.py: it_has_the_numbers_of_opensr_test",
    "coverage": "hallucination/tests/test_coverage.py: samples_of_the_true_distribution_cover_what_they_say",
    "calibration": "downstream/tests/test_calibration.py: deciles_and_slopes_are_those_of_scipy",
    "physical-error": "downstream/tests/test_calibration.py: errors_are_in_the_unit_of_the_pictures",
    "spot-contrast": "downstream/tests/test_contrast.py: what_is_left_of_the_height_is_kept_whatever_the_background",
    "detection": "downstream/tests/test_detection.py: detectability_falls_with_blur_as_the_ideal_observer_s_does",
    "segmentation": "downstream/tests/test_overlap.py: dice_is_f1_and_distances_are_those_of_monai_and_scipy",
    "segmentation-hd95": "downstream/tests/test_overlap.py: dice_is_f1_and_distances_are_those_of_monai_and_scipy",
    "completeness": "downstream/tests/test_photometry.py: missing_stars_are_incomplete_and_painted_ones_false",
    "false-stars": "downstream/tests/test_photometry.py: missing_stars_are_incomplete_and_painted_ones_false",
    "flux-error": "downstream/tests/test_photometry.py: stars_a_tenth_too_faint_have_a_flux_error_of_ten_per_cent",
    "position-error": "downstream/tests/test_photometry.py: shifted_stars_are_off_by_that_much",
}
"""The metrics that are not compared here, each with the test below `plugins/` that holds it, or all that it is made of,
against another program, a closed form, or numbers that are known by construction."""


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
    shown = {row[1].strip(" `"): float(row[4].strip(" <")) for row in rows}
    assert shown.keys() == KINDS.keys()
    assert all(shown[name] <= peer.bound for name, peer in agreement.PEERS.items())


def test_every_other_metric_is_held_against_something_independent_at_home() -> None:
    shipped = {one.entry.name for one in registry().entries("metric") if one.plugin.distribution.startswith("srbench-")}
    assert shipped - KINDS.keys() == AT_HOME.keys()
    for place in set(AT_HOME.values()):
        file, test = place.split(": ")
        assert f"def test_{test}(" in (PLUGINS / file).read_text(encoding="utf-8"), place


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
