"""Networks are those that spandrel makes of the same weights, with the same rules for sizes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from srbench_architectures.catalogue import ARCHITECTURES
from srbench_architectures.from_spandrel import SpandrelArchitecture
from srbench_architectures.method import Network
from tiny_networks import TINY, scrambled

from srbench.registry.parameters import resolve
from srbench.weights import import_torchvision

NAMES = [name for name, kind in ARCHITECTURES.items() if issubclass(kind, SpandrelArchitecture)]
GREY_IN_SPANDREL = [name for name in NAMES if ARCHITECTURES[name].grey and name not in ("seemore",)]
"""SeemoRe of spandrel takes a mean colour away from grey, too, and fails."""
UNTOLD: dict[str, dict[str, Any]] = {
    "atd": {"category_size": 256},
    "ditn": {"patch_size": 8},
    "grl": {"window_size": 32, "stripe_size": (64, 64), "anchor_window_down_factor": 4},
    "dctlsa": {"nf": 5, "num_head": 5},
    "drct": {"window_size": 16},
    "seemore": {"num_layers": 6, "embedding_dim": 36},
}
"""What weights do not tell, as spandrel takes it to be: in published networks it is so."""


@pytest.fixture(scope="module", autouse=True)
def torchvision() -> None:
    import_torchvision()


def loaded(method: Network) -> Any:
    """Spandrel's own network and rules, made of the weights alone."""
    import spandrel

    state = {name: tensor.clone() for name, tensor in method.networks["network"].state_dict().items()}
    return spandrel.ModelLoader().load_from_state_dict(state)


@pytest.mark.parametrize("size", [(16, 16), (33, 18), (7, 9)])
@pytest.mark.parametrize("name", NAMES)
def test_sr_is_what_spandrel_makes_with_the_same_weights(name: str, size: tuple[int, int]) -> None:
    method = scrambled(name, 2, **UNTOLD.get(name, {}))
    lr = torch.rand(1, 3, *size)
    with torch.inference_mode():
        expected = loaded(method)(lr.clone())  # a copy, for RCAN writes into it
    torch.testing.assert_close(method.upscale(lr, 2).clamp(0, 1), expected, atol=1e-5, rtol=0)
    assert expected.std() > 1e-3, "two black images are alike whatever made them"


@pytest.mark.parametrize("name", GREY_IN_SPANDREL)
def test_grey_networks_are_spandrels_too(name: str) -> None:
    method = scrambled(name, 2, 1, **UNTOLD.get(name, {}))
    lr = torch.rand(1, 1, 20, 17)
    with torch.inference_mode():
        torch.testing.assert_close(method.upscale(lr, 2).clamp(0, 1), loaded(method)(lr), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", [name for name in NAMES if not ARCHITECTURES[name].grey])
def test_a_network_for_colour_alone_sees_grey_three_times_and_is_averaged(name: str) -> None:
    method = scrambled(name, 2, 1, **UNTOLD.get(name, {}))
    lr = torch.rand(1, 1, 16, 24)
    with torch.inference_mode():
        expected = loaded(method).model.eval()(lr.repeat(1, 3, 1, 1)).mean(1, keepdim=True)
    torch.testing.assert_close(method.upscale(lr, 2), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_for_sizes_are_spandrels(name: str) -> None:
    method = scrambled(name, 2, **UNTOLD.get(name, {}))
    published = Network(**resolve(Network, {"architecture": name})).architecture
    rules = loaded(method).size_requirements
    assert not rules.square
    for height in (1, 7, 8, 15, 16, 17, 31, 32, 33, 64):
        for width in (1, 9, 16, 47):
            across, down = rules.get_padding(width, height)
            assert published.sides(height, width, 2) == (height + down, width + across)


def test_every_network_of_spandrel_for_single_images_is_here_or_left_out_for_a_reason() -> None:
    import spandrel

    here = {ARCHITECTURES[name].home for name in NAMES}
    reasons = {
        "IPT": "learns several tasks from ImageNet, of patches of 48 pixels",
        "MMRealSR": "estimates degradations",
        "RealCUGAN": "no paper, no training published",
        "AuraSR": "draws noise",
    }
    elsewhere = {
        *("GFPGAN", "RestoreFormer", "LaMa", "SCUNet", "FBCNN", "Uformer", "KBNet", "SAFMNBCIE", "FFTformer"),
        *("NAFNet", "MixDehazeNet", "DRUNet", "DnCNN", "RetinexFormer", "HVICIDNet"),
    }  # faces, inpainting, denoising, artefacts, blur, haze, dark
    known = {one.architecture.id for one in spandrel.MAIN_REGISTRY}
    assert here | reasons.keys() | elsewhere == known
    assert not here & (reasons.keys() | elsewhere)


def test_tiny_networks_are_there_for_all() -> None:
    assert TINY.keys() == ARCHITECTURES.keys()
