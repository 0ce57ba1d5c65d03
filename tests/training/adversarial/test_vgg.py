"""The features of VGG19 against torchvision's own network, on seeded weights in a data root of their own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from srbench.registry.registry import registry
from srbench.store.files import sha256_of
from srbench.training.adversarial.vgg import VGG_SMALLEST, vgg_features
from srbench.weights.lookup import WeightsDamaged, WeightsMissing
from srbench.weights.torchvision_shim import import_torchvision

State = dict[str, torch.Tensor]
LAYERS = ("vgg22", "vgg54", "conv54")
MEAN, STD = (torch.tensor(three)[:, None, None] for three in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    """torchvision's trunk with seeded weights."""
    vgg19 = import_torchvision().models.vgg.make_layers(
        [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"]
    )
    torch.manual_seed(0)
    for parameter in vgg19.parameters():
        torch.nn.init.normal_(parameter, std=0.02 if parameter.ndim == 1 else (2 / parameter[0].numel()) ** 0.5)
    return vgg19.eval()


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[State], None]:
    """Make tensors the weights of VGG19: in an otherwise empty data root, and declared with the hash they have."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    (declared,) = registry()._weights["vgg19"]
    path = tmp_path / "weights" / declared.file.file
    path.parent.mkdir()

    def place(state: State) -> None:
        torch.save(state, path)
        true = replace(declared.file, sha256=sha256_of(path), size=path.stat().st_size)
        monkeypatch.setitem(registry()._weights, "vgg19", [replace(declared, file=true)])

    return place


@pytest.fixture
def state(reference: torch.nn.Module) -> State:
    """What the published file holds: the trunk, and a layer of the classifier after it."""
    return {**reference.state_dict(prefix="features."), "classifier.0.bias": torch.zeros(4)}


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
