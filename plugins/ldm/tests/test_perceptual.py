"""The perceptual distances against the package lpips and by hand, on seeded weights."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from srbench_ldm import perceptual
from srbench_ldm.parameters import PERCEPTUAL_SMALLEST
from srbench_ldm.perceptual import perceptual_loss
from torch import nn

from srbench.registry.registry import registry
from srbench.store.files import sha256_of
from srbench.weights import WeightsDamaged, WeightsMissing, import_torchvision

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def alexnet() -> nn.Module:
    """torchvision's trunk with seeded weights."""
    with torch.device("meta"):
        whole = import_torchvision().models.alexnet(weights=None)
    trunk = whole.features.to_empty(device="cpu")
    torch.manual_seed(0)
    for parameter in trunk.parameters():
        nn.init.normal_(parameter, std=0.02 if parameter.ndim == 1 else (2 / parameter[0].numel()) ** 0.5)
    return trunk.eval().requires_grad_(False)


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[State], None]:
    """Make tensors the weights of AlexNet: in an otherwise empty data root, and declared with the hash they have."""
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    (declared,) = registry()._weights["alexnet"]
    path = tmp_path / "weights" / declared.file.file
    path.parent.mkdir()

    def place(state: State) -> None:
        torch.save(state, path)
        true = replace(declared.file, sha256=sha256_of(path), size=path.stat().st_size)
        monkeypatch.setitem(registry()._weights, "alexnet", [replace(declared, file=true)])

    return place


@pytest.fixture
def state(alexnet: nn.Module) -> State:
    """What the published file holds: the trunk, and a layer of the classifier after it."""
    return {**alexnet.state_dict(prefix="features."), "classifier.1.bias": torch.zeros(4)}


def test_on_vgg19_it_is_the_distance_between_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    trunk = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Softplus()).eval().requires_grad_(False)
    monkeypatch.setattr(perceptual, "vgg_features", lambda layer, device: trunk)
    compare = perceptual_loss("vgg19", "cpu")
    image, real = torch.rand(2, 1, 8, 8, requires_grad=True), torch.rand(2, 1, 8, 8)
    one, other = (trunk(x.detach().repeat(1, 3, 1, 1)).double().numpy() for x in (image, real))
    one, other = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (one, other))
    distance = compare(image, real)
    assert float(distance.detach()) == pytest.approx(np.mean(np.sum((one - other) ** 2, axis=1)), rel=1e-4)
    distance.backward()
    assert image.grad is not None and float(image.grad.abs().max()) > 0
    assert float(compare(real, real).detach()) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.filterwarnings("ignore:The parameter 'pretrained':UserWarning")
@pytest.mark.filterwarnings("ignore:Arguments other than a weight enum:UserWarning")
def test_on_alexnet_it_is_lpips(channels: int, put: Callable[[State], None], state: State, alexnet: nn.Module) -> None:
    put(state)
    import lpips

    reference = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    layers = dict(alexnet.named_children())
    with torch.no_grad():
        for part in reference.net.children():
            for name, layer in part.named_children():
                layer.load_state_dict(layers[name].state_dict())
    image, real = torch.rand(2, 2, channels, 40, 33, generator=torch.Generator().manual_seed(1))
    expected = reference(*(one.expand(-1, 3, -1, -1) for one in (image, real)), normalize=True).mean()
    found = perceptual_loss("alexnet", "cpu")(image, real)
    assert float(found) == pytest.approx(float(expected.detach()), rel=1e-4)
    assert float(found) > 0.01


def test_gradients_run_to_the_image_alone_and_are_numbers_where_nothing_answers(
    put: Callable[[State], None], state: State
) -> None:
    """A layer without any answer has no direction: lpips' own normalisation would give NaN."""
    put({**state, "features.3.bias": torch.full_like(state["features.3.bias"], -1e3)})
    compare = perceptual_loss("alexnet", "cpu")
    image = torch.rand(1, 1, 40, 40, requires_grad=True)
    compare(image, torch.rand(1, 1, 40, 40)).backward()
    assert image.grad is not None and bool(image.grad.isfinite().all()) and float(image.grad.abs().max()) > 0


def test_the_smallest_side_is_the_smallest_that_has_features(put: Callable[[State], None], state: State) -> None:
    put(state)
    compare = perceptual_loss("alexnet", "cpu")
    side = PERCEPTUAL_SMALLEST["alexnet"]
    assert compare(*torch.rand(2, 1, 3, side, side)).isfinite()
    with pytest.raises(RuntimeError, match="too small"):
        compare(*torch.rand(2, 1, 3, side, side - 1))


def test_it_draws_no_random_number(put: Callable[[State], None], state: State) -> None:
    put(state)
    torch.manual_seed(3)
    perceptual_loss("alexnet", "cpu")
    found = torch.rand(4)
    torch.manual_seed(3)
    assert torch.equal(found, torch.rand(4))


@pytest.mark.parametrize("network", ["vgg19", "alexnet"])
def test_without_weights_the_command_that_fetches_them_is_named(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    with pytest.raises(WeightsMissing, match=f"`srbench fetch {network}`"):
        perceptual_loss(network, "cpu")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda state: state.pop("features.10.bias"), "1 of 10 tensors are missing"),
        (lambda state: state.update({"features.11.bias": torch.ones(1)}), "1 tensors belong to no part"),
        (lambda state: state.update({"features.0.weight": torch.ones(64, 1, 11, 11)}), "another shape"),
    ],
)
def test_weights_that_do_not_fit_give_no_distance(
    put: Callable[[State], None], state: State, spoil: Callable[[State], object], message: str
) -> None:
    spoil(state)
    put(state)
    with pytest.raises(WeightsDamaged, match=message):
        perceptual_loss("alexnet", "cpu")
