"""Masks found on SR against true ones, by networks whose answers are known."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.ndimage import gaussian_filter
from srbench_downstream.given_unet import GivenUNet
from srbench_downstream.segmentation import Segmentation, SegmentationDistance
from srbench_fid.trained.extractors import UNetEncoder
from srbench_fid.trained.networks import SegmentationUNet
from srbench_fid.trained.pictures import fitted

import srbench
from srbench.contract.dataset import Item
from srbench.contract.extractor import Extractor
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.pictures import to_tensor
from srbench.testing import ExtractorSubject, run_checks

SIDE = 40


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A U-Net with random weights, as a training leaves it."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("unet") / "weights.safetensors"
    save_file(SegmentationUNet().state_dict(), path)
    return path


class Bright(Extractor):
    """Takes for foreground what is brighter than half."""

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((1, 2, 3))[:, None]

    def foreground(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(1, keepdim=True)


class Blind(Extractor):
    """Tells no foreground."""

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((1, 2, 3))[:, None]


def _item(number: int, spacing: tuple[float, float] | None = None, stripes: bool = True) -> Item:
    """A bright square that the mask shows; fine stripes beside it that bicubic SR loses."""
    picture = np.full((SIDE, SIDE, 1), 40, np.uint8)
    picture[8:20, 6 + number : 22 + number] = 220
    mask = (picture > 128).astype(np.uint8)
    if stripes:
        picture[28:36:2, 4:34], mask[28:36:2, 4:34] = 220, 1
    return Item(f"square-{number}", picture, mask=mask, group=f"patient-{number // 2}", spacing=spacing)


def _scored(kind: type, extractor: Extractor, sr=None, spacing=None, stripes: bool = True):  # type: ignore[no-untyped-def]
    metric = kind()
    metric.protocol = Protocol("x4-rgb", 4, "rgb", border=4)
    metric.bind(extractor)
    for number in range(3):
        item = _item(number, spacing, stripes)
        hr = to_tensor(*item.read_hr(), torch.float64)
        metric.update_item(hr if sr is None else sr(hr), hr, item)
    return metric.compute(), metric.unit


def test_sr_that_is_hr_finds_all_and_bicubic_loses_the_stripes() -> None:
    (value, details), _ = _scored(Segmentation, Bright())
    assert value == 1.0
    assert details.ceiling == srbench.Estimate(1.0, n=3)
    assert details.floor is not None and 0.5 < details.floor.value < 0.95
    assert details.further["HD95"] == 0.0


def test_a_mask_that_grew_by_two_pixels_is_two_pixels_off() -> None:
    def grown(hr: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.max_pool2d(hr[None], 5, 1, 2)[0]

    for spacing, step, unit in ((None, 1.0, "px"), ((0.5, 0.5), 0.5, "mm")):
        (value, details), told = _scored(SegmentationDistance, Bright(), grown, spacing, stripes=False)
        assert told == unit
        assert 2 * step <= value <= 2 * 2**0.5 * step, "two pixels along sides, more at corners"
        assert details.further["Dice"] < 1


def test_what_segments_nothing_is_a_reason() -> None:
    answer, _ = _scored(Segmentation, Blind())
    assert isinstance(answer, srbench.Skip)
    assert "tells no foreground" in answer.reason


def test_spacings_of_several_units_are_a_reason() -> None:
    metric = SegmentationDistance()
    metric.protocol = Protocol("x4-rgb", 4, "rgb", border=4)
    metric.bind(Bright())
    for item in (_item(0), _item(1, (1.0, 1.0))):
        hr = to_tensor(*item.read_hr(), torch.float64)
        metric.update_item(hr, hr, item)
    answer = metric.compute()
    assert isinstance(answer, srbench.Skip)
    assert "mm and in px" in answer.reason


def test_a_network_that_learned_segments_what_it_learned() -> None:
    subject = ExtractorSubject("unet-encoder", {"epochs": 1})
    extractor = subject.ready
    assert isinstance(extractor, UNetEncoder)
    images = torch.rand(2, 3, 50, 70)
    found = extractor.foreground(images)
    assert found.shape == (2, 1, 50, 70)
    assert 0 <= found.min() < found.max() <= 1
    # At its own size there is nothing to resize: the same as the network's answer.
    own = torch.rand(1, 3, 128, 128)
    assert torch.allclose(extractor.foreground(own), extractor.network(own).sigmoid(), atol=1e-6)
    with pytest.raises(SrbenchError, match="learned nothing"):
        UNetEncoder().foreground(images)


def test_given_weights_make_the_same_network(weights: Path) -> None:
    network = SegmentationUNet()
    torch.manual_seed(0)
    network = SegmentationUNet().eval()
    images = torch.rand(2, 1, 33, 47)
    given = GivenUNet(weights)
    assert torch.allclose(given.foreground(images), network.foreground(images, 128), atol=1e-6)
    assert torch.allclose(given.extract(images), network.features(fitted(images, 128)), atol=1e-6)
    assert given.extract(images).shape == (2, 256)
    metric = Segmentation(weights=weights)
    assert metric.extractor() == srbench.ExtractorUse("given-unet", {"weights": str(weights)})
    assert Segmentation().extractor() == srbench.ExtractorUse("unet-encoder")


def test_a_file_that_holds_no_weights_is_named(tmp_path: Path) -> None:
    for content in (b"nothing", b""):
        path = tmp_path / "unet.safetensors"
        path.write_bytes(content)
        with pytest.raises(SrbenchError, match=r"unet\.safetensors"):
            GivenUNet(path).extract(torch.rand(1, 1, 16, 16))
    with pytest.raises(SrbenchError, match="away"):
        GivenUNet(tmp_path / "away").extract(torch.rand(1, 1, 16, 16))
    save_file({"output.bias": torch.zeros(1)}, path)
    with pytest.raises(SrbenchError, match="do not fit SegmentationUNet"):
        GivenUNet(path).extract(torch.rand(1, 1, 16, 16))


def test_more_blur_finds_less() -> None:
    found = [_scored(Segmentation, Bright(), partial(_blurred, sigma=sigma))[0][0] for sigma in (0.0, 0.8, 1.5, 4.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] > 0.1


def _blurred(hr: torch.Tensor, sigma: float) -> torch.Tensor:
    return torch.from_numpy(gaussian_filter(hr.numpy(), (0, sigma, sigma)))


def test_the_given_network_is_an_extractor_as_any_other(weights: Path) -> None:
    assert [
        one.message
        for one in run_checks(ExtractorSubject("given-unet", {"weights": weights}))
        if one.status == "failed"
    ] == []
