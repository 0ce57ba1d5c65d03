"""The distance of features against torchvision's own network and basicsr's formula, written down again."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import l1_loss, mse_loss

from srbench.training.adversarial.perceptual import feature_loss, note_without_vgg19
from srbench.weights.lookup import WeightsMissing

MEAN, STD = (torch.tensor(three)[:, None, None] for three in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
PUBLISHED = {"conv1_2": 0.1, "conv2_2": 0.1, "conv3_4": 1.0, "conv4_4": 1.0, "conv5_4": 1.0}
"""Real-ESRGAN's; the places of these convolutions in torchvision's trunk, as others have counted them."""
PLACES = {"conv1_2": 2, "conv2_2": 7, "conv3_4": 16, "conv4_4": 25, "conv5_4": 34}


def pair(channels: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    seeded = torch.Generator().manual_seed(1)
    return tuple(torch.rand(2, channels, 33, 40, generator=seeded) for _ in range(2))


def features(network: torch.nn.Module, image: torch.Tensor, activated: bool) -> dict[str, torch.Tensor]:
    seen = (image.expand(-1, 3, -1, -1) - MEAN) / STD
    found = {}
    for place, layer in enumerate(network):
        seen = layer(seen.clone())  # activations are in place
        found |= {name: seen for name, at in PLACES.items() if place == at + activated}
    return found


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("activated", [False, True])
@pytest.mark.parametrize("distance", ["l1", "mse"])
def test_it_is_the_weighted_sum_over_layers(
    vgg19: torch.nn.Module, channels: int, activated: bool, distance: str
) -> None:
    sr, hr = pair(channels)
    sr.requires_grad_()
    loss = feature_loss(PUBLISHED, "cpu", activated=activated, distance=distance, factor=0.5)(sr, hr)
    reference = sr.detach().clone().requires_grad_()
    seen, wanted = (features(vgg19, image, activated) for image in (reference, hr))
    compare = l1_loss if distance == "l1" else mse_loss
    expected = sum(
        weight * compare(0.5 * seen[name], 0.5 * wanted[name].detach()) for name, weight in PUBLISHED.items()
    )
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-6)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(sr.grad, reference.grad, rtol=1e-3, atol=1e-6)
    assert sr.grad.abs().sum() > 0


def test_the_order_in_which_layers_are_named_does_not_matter(vgg19: torch.nn.Module) -> None:
    sr, hr = pair()
    turned = dict(reversed(PUBLISHED.items()))
    assert feature_loss(turned, "cpu")(sr, hr) == pytest.approx(float(feature_loss(PUBLISHED, "cpu")(sr, hr)), rel=1e-6)


def test_features_without_weights_are_not_replaced_in_silence(empty_data_root: None) -> None:
    with pytest.raises(WeightsMissing, match="srbench fetch vgg19"):
        feature_loss({"conv1_2": 1.0}, "cpu")


def test_a_note_is_made_once() -> None:
    notes: list[str] = ["another"]
    for _ in range(2):
        note_without_vgg19(notes, "Learned from pixels")
    assert notes[0] == "another" and len(notes) == 2
    assert notes[1].startswith("Learned from pixels: ") and "`srbench fetch vgg19`" in notes[1]
