"""Distances in feature space against the package lpips on the same seeded weights, and what must hold with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from srbench_hallucination.features import Features
from srbench_lpips.features import FeatureCache

from srbench.registry.registry import registry
from srbench.store.files import sha256
from srbench.weights.torchvision_shim import import_torchvision

torchvision = import_torchvision()
import lpips  # noqa: E402

NAMES = ("hallucination", "omission", "improvement")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lpips.LPIPS]:
    """The package's own network, pixel by pixel, on an AlexNet with seeded weights that the data root has, too."""
    torch.manual_seed(1)
    trunk = torchvision.models.alexnet(weights=None).eval()
    root = tmp_path_factory.mktemp("data")
    file = registry()._weights["alexnet"][0]
    path = root / "weights" / file.file.file
    path.parent.mkdir()
    torch.save({key: value for key, value in trunk.state_dict().items() if key.startswith("features.")}, path)
    true = replace(file, file=replace(file.file, sha256=sha256(path), size=path.stat().st_size))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRBENCH_DATA", str(root))
        patch.setitem(registry()._weights, "alexnet", [true])
        patch.setattr("srbench_hallucination.features.kept_features", FeatureCache().get)
        patch.setattr(lpips.pretrained_networks.tv, "alexnet", lambda pretrained: trunk)
        yield lpips.LPIPS(net="alex", version="0.1", spatial=True, verbose=False)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("levels", [255, 65535])
def test_a_distance_is_that_of_the_package_at_every_pixel(reference, channels: int, levels: int) -> None:
    rng = np.random.default_rng(channels)
    images = np.round(rng.random((2, channels, 45, 61)) * levels) / levels
    first, second = (torch.from_numpy(image) for image in images)
    with torch.no_grad():
        wanted = reference(*(image.float().expand(3, -1, -1)[None] for image in (first, second)), normalize=True)
    found = Features("alexnet", "cpu").distances(first, second)
    assert (found.shape, found.dtype) == ((45, 61), torch.float64)
    assert wanted.std() > 1e-3 and torch.allclose(found, wanted[0, 0].double(), atol=1e-6)


@pytest.mark.usefixtures("reference")
def test_in_feature_space_too_hr_is_all_improvement_and_bicubic_all_omission(phantom) -> None:
    assert [phantom.score(name, phantom.hr, distance="lpips") for name in NAMES] == [0, 0, 1]
    assert [phantom.score(name, phantom.bicubic, distance="lpips") for name in NAMES] == [0, 1, 0]


@pytest.mark.usefixtures("reference")
def test_in_feature_space_too_painted_blobs_are_worse_than_bicubic(phantom) -> None:
    painted = [phantom.painted(count, on=phantom.bicubic) for count in (0, 8, len(phantom.empty))]
    found = [phantom.score("hallucination", sr, distance="lpips", norm="softmin") for sr in painted]
    assert found == sorted(set(found))
    assert phantom.score("hallucination", painted[-1], distance="lpips") > 0
