"""The features of VGG19 against torchvision's own network, on seeded weights in a data root of their own."""

from collections.abc import Callable
from typing import get_args

import pytest
import torch

from srbench.training.adversarial.vgg import (
    VGG_SMALLEST,
    VGGConvolution,
    vgg_features,
    vgg_layers,
    vgg_smallest,
)
from srbench.weights.lookup import WeightsDamaged, WeightsMissing
from srbench.weights.torchvision_shim import import_torchvision

State = dict[str, torch.Tensor]
LAYERS = ("vgg22", "vgg54", "conv54")
MEAN, STD = (torch.tensor(three)[:, None, None] for three in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))


def test_the_reference_is_torchvisions_vgg19(reference: torch.nn.Module) -> None:
    with torch.device("meta"):
        whole = import_torchvision().models.vgg19(weights=None).features
    assert str(whole) == str(reference)


# The names of torchvision's layers say where conv2_2 and conv5_4 are: the fourth and the last convolution.
@pytest.mark.parametrize(("layer", "convolution", "activated"), [("vgg22", 4, 1), ("vgg54", 16, 1), ("conv54", 16, 0)])
def test_features_are_those_of_torchvisions_network(
    put: Callable[[State], None],
    state: State,
    reference: torch.nn.Module,
    layer: str,
    convolution: int,
    activated: int,
) -> None:
    put(state)
    images = torch.rand(2, 3, 40, 33, generator=torch.Generator().manual_seed(1))
    expected = (images - MEAN) / STD
    seen = 0
    for part in reference:
        if seen == convolution and isinstance(part, torch.nn.Conv2d | torch.nn.MaxPool2d):
            break
        if seen == convolution and not activated:
            break
        expected = part(expected.clone())  # activations are in place
        seen += isinstance(part, torch.nn.Conv2d)
    features = vgg_features(layer)(images)
    torch.testing.assert_close(features, expected, atol=1e-4, rtol=1e-4)
    assert bool((features < 0).any()) is not bool(activated)
    assert features.std() > 0.1


def test_it_is_frozen_and_lets_gradients_through_to_the_image(put: Callable[[State], None], state: State) -> None:
    put(state)
    network = vgg_features("vgg54")
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    network(image).sum().backward()
    assert image.grad is not None and image.grad.abs().sum() > 0


@pytest.mark.parametrize("layer", LAYERS)
def test_the_smallest_side_is_the_smallest_that_has_features(
    put: Callable[[State], None], state: State, layer: str
) -> None:
    put(state)
    network = vgg_features(layer)
    side = VGG_SMALLEST[layer]
    assert network(torch.rand(1, 3, side, side)).shape[-2:] == (1, 1)
    with pytest.raises(RuntimeError, match="too small"):
        network(torch.rand(1, 3, side, side - 1))


def test_convolutions_are_called_as_in_the_table_of_the_paper(reference: torch.nn.Module) -> None:
    """Column E: two of 64 and of 128 channels, four of 256, of 512 and of 512, each set before a pooling."""
    names, block, place = [], 1, 1
    for layer in reference:
        if isinstance(layer, torch.nn.Conv2d):
            names.append(f"conv{block}_{place}")
            place += 1
        elif isinstance(layer, torch.nn.MaxPool2d):
            block, place = block + 1, 1
    assert tuple(names) == get_args(VGGConvolution)


@pytest.mark.parametrize("activated", [False, True])
def test_parts_go_on_with_what_the_one_before_gave(vgg19: torch.nn.Module, activated: bool) -> None:
    image = torch.rand(1, 3, 32, 32)
    parts = vgg_layers(["conv5_4", "conv1_1", "conv2_2"], activated=activated)
    assert list(parts) == ["conv1_1", "conv2_2", "conv5_4"]
    found, seen = {}, image
    for name, part in parts.items():
        seen = found[name] = part(seen)
    kept = {name: value.clone() for name, value in found.items()}
    known = {"conv5_4": "vgg54" if activated else "conv54"} | ({"conv2_2": "vgg22"} if activated else {})
    for name, layer in known.items():
        torch.testing.assert_close(found[name], vgg_features(layer)(image), rtol=1e-5, atol=1e-5)
    for part in parts.values():
        image = part(image)
    assert all(found[name].equal(kept[name]) for name in found), "a later part wrote into the features of an earlier"
    assert all((value < 0).any() != activated for value in found.values())


def test_the_smallest_side_is_that_of_the_deepest_convolution(vgg19: torch.nn.Module) -> None:
    assert vgg_smallest(["conv5_4", "conv1_2"]) == 16 and vgg_smallest(["conv1_2"]) == 1
    for layer in ("conv2_1", "conv3_4", "conv4_1"):
        ((_, part),) = vgg_layers([layer]).items()
        side = vgg_smallest([layer])
        assert part(torch.rand(1, 3, side, side)).shape[-2:] == (1, 1)
        with pytest.raises(RuntimeError, match="too small"):
            part(torch.rand(1, 3, side, side - 1))


def test_without_weights_the_command_that_fetches_them_is_named(put: Callable[[State], None]) -> None:
    with pytest.raises(WeightsMissing, match="`srbench fetch vgg19`"):
        vgg_features("vgg22")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda state: state.pop("features.34.bias"), "1 of 32 tensors are missing"),
        (lambda state: state.update({"extra": torch.ones(1)}), "1 tensors belong to no part"),
        (lambda state: state.update({"features.0.weight": torch.ones(64, 1, 3, 3)}), "another shape"),
    ],
)
def test_weights_that_do_not_fit_give_no_features(
    put: Callable[[State], None], state: State, spoil: Callable[[State], object], message: str
) -> None:
    spoil(state)
    put(state)
    # The part that `vgg22` needs may be whole: a file that is not a VGG19 is not used all the same.
    with pytest.raises(WeightsDamaged, match=message):
        vgg_features("vgg22")
