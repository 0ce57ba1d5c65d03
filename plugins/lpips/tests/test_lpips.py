"""LPIPS against the package lpips itself, on seeded trunks; and what happens without good weights."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from srbench_lpips.features import FeatureCache
from srbench_lpips.metric import SHORT_SIDE, Lpips
from srbench_lpips.network import Network

import srbench
from srbench.pictures import to_tensor
from srbench.testing import check_metrics
from srbench.weights.lookup import WeightsDamaged

NETS = ("alex", "vgg", "squeeze")

pytestmark = pytest.mark.usefixtures("data")

test_keeps_the_contract = check_metrics("lpips")


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch):
    """A cache of its own for every test."""
    monkeypatch.setattr("srbench_lpips.metric.kept_features", FeatureCache().get)


def pair(height: int, width: int, channels: int, depth: type = np.uint8) -> tuple[torch.Tensor, torch.Tensor]:
    """A picture in the given depth and a noisy copy, float64 in [0, 1]."""
    rng = np.random.default_rng(height)
    white = float(np.iinfo(depth).max)
    rows, columns = np.mgrid[0:height, 0:width]
    waves = 0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7)
    hr = (waves[..., None] + rng.normal(0, 0.1, (height, width, channels))).clip(0, 1)
    sr = (hr + rng.normal(0, 0.05, hr.shape)).clip(0, 1)
    return tuple(
        to_tensor((image * white).round().astype(depth), srbench.Values(0, white), torch.float64) for image in (sr, hr)
    )


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize(
    ("height", "width", "channels", "depth"),
    [(64, 64, 3, np.uint8), (75, 61, 3, np.uint16), (64, 97, 1, np.uint8), (33, 41, 1, np.uint16)],
)
def test_it_is_the_packages_own_number(references, net, height, width, channels, depth):
    sr, hr = pair(height, width, channels, depth)
    grey_as_colour = [image.float().repeat(3 // channels, 1, 1)[None] for image in (sr, hr)]
    with torch.no_grad():
        expected = float(references[net](*grey_as_colour, normalize=True))
    assert expected > 1e-3
    assert Lpips(net).score(sr, hr) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("net", NETS)
def test_distances_at_each_pixel_are_the_packages_own(references, monkeypatch, net):
    """Those of its option `spatial`."""
    images = [image.float().expand(3, -1, -1)[None] * 2 - 1 for image in pair(64, 75, 1)]
    monkeypatch.setattr(references[net], "spatial", True)
    with torch.no_grad():
        expected = references[net](*images)[0, 0]
    network = Network(net, Lpips(net).weights[0])
    found = network.distances(*(network.features(image) for image in images), (64, 75))
    assert expected.std() > 1e-3 and found.shape == (64, 75)
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_grey_image_has_the_score_of_the_same_image_in_three_equal_channels():
    sr, hr = pair(48, 52, 1)
    assert Lpips().score(sr, hr) == Lpips().score(sr.repeat(3, 1, 1), hr.repeat(3, 1, 1))


def test_the_nets_are_told_apart():
    sr, hr = pair(64, 64, 3)
    assert len({Lpips(net).score(sr, hr) for net in NETS}) == len(NETS)


@pytest.mark.parametrize("net", NETS)
def test_the_smallest_image_is_the_smallest_that_the_trunk_can_take(net):
    side = SHORT_SIDE[net]
    metric = Lpips(net)
    for height, width in ((side, 50), (50, side)):
        assert isinstance(metric.score(*pair(height, width, 3)), float)
    for height, width in ((side - 1, 50), (50, side - 1)):
        skip = metric.score(*pair(height, width, 3))
        assert isinstance(skip, srbench.Skip)
        assert f"{side} pixels" in skip.reason
        assert f"{width} x {height}" in skip.reason
        with pytest.raises(RuntimeError, match="too small"):
            metric._network.features(torch.rand(1, 3, height, width))


def test_images_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="the same"):
        Lpips().score(torch.rand(1, 64, 64), torch.rand(3, 64, 64))


def test_it_names_its_weights():
    assert [Lpips(net).weights for net in NETS] == [("alexnet",), ("vgg16",), ("squeezenet1_1",)]


@pytest.mark.parametrize("net", NETS)
def test_without_the_trunk_it_is_skipped_with_the_command_that_gets_it(net, tmp_path):
    for file in (tmp_path / "weights").iterdir():
        file.unlink()
    metric = Lpips(net)
    skip = metric.score(*pair(64, 64, 3))
    assert isinstance(skip, srbench.Skip)
    assert f"`srbench fetch {metric.weights[0]}`" in skip.reason


@pytest.mark.parametrize("net", NETS)
def test_trunk_and_heads_are_those_of_the_files(references, net):
    network = Network(net, *Lpips(net).weights)
    reference = references[net]
    assert same_tensors(network._trunk.state_dict(), reference.net.state_dict())
    assert same_tensors(network._heads.state_dict(), reference.lins.state_dict())


def same_tensors(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> bool:
    return list(ours) == list(theirs) and all(tensor.equal(theirs[key]) for key, tensor in ours.items())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda state: state.pop("features.3.bias"), "1 of 10 tensors are missing"),
        (lambda state: state.update({"features.12.weight": torch.ones(1)}), "features.12.weight, which the trunk"),
        (lambda state: state.update({"extra": torch.ones(1)}), "extra, which the trunk"),
        (
            lambda state: state.update({"features.3.weight": state["features.3.weight"].transpose(0, 1)}),
            "as if transposed",
        ),
        (lambda state: [state.pop(key) for key in list(state)[1:]], "9 of 10 tensors are missing"),
    ],
)
def test_a_trunk_that_does_not_fit_gives_no_number(put, states, tmp_path, spoil, message):
    state = dict(states["alex"])
    spoil(state)
    torch.save(state, tmp_path / "spoiled")
    put("alex", tmp_path / "spoiled")
    with pytest.raises(WeightsDamaged, match=message):
        Lpips().score(*pair(64, 64, 3))


def test_heads_that_do_not_fit_give_no_number(monkeypatch, tmp_path):
    import lpips

    folder = tmp_path / "lpips" / "weights" / "v0.1"
    folder.mkdir(parents=True)
    heads = torch.load(f"{lpips.__path__[0]}/weights/v0.1/alex.pth", map_location="cpu")
    torch.save({**heads, "lin5.model.1.bias": torch.zeros(1, 1)}, folder / "alex.pth")
    monkeypatch.setattr(lpips, "__file__", str(tmp_path / "lpips" / "__init__.py"))
    with pytest.raises(WeightsDamaged, match="heads for alex"):
        Lpips().score(*pair(64, 64, 3))


class TestTheFeaturesOfHrAreKept:
    @pytest.fixture
    def seen(self, monkeypatch):
        """What the trunk is run on."""
        images = []
        run = Network.features

        def note(network, image):
            images.append(image)
            return run(network, image)

        monkeypatch.setattr(Network, "features", note)
        return images

    def test_the_trunk_runs_once_on_each_sr_and_once_on_hr(self, seen):
        _, hr = pair(64, 64, 3)
        methods = [(hr + 0.01 * step).clip(0, 1) for step in (1, 2, 3)]
        alone = [Lpips().score(sr, hr.clone()) for sr in methods]
        assert len(seen) == 4
        # The same numbers as without anything kept.
        assert alone == [
            Network("alex", "alexnet").distance(
                *(Network("alex", "alexnet").features(2 * image.float()[None] - 1) for image in (sr, hr))
            )
            for sr in methods
        ]

    def test_another_image_or_another_net_is_computed_anew(self, seen):
        sr, hr = pair(64, 64, 3)
        other = hr.clone()
        other[0, 0, 0] += 1e-3
        Lpips().score(sr, hr)
        Lpips().score(sr, other)
        Lpips("squeeze").score(sr, hr)
        assert len(seen) == 6

    def test_other_weights_under_the_same_name_are_computed_anew(self, seen, put, states, tmp_path):
        sr, hr = pair(64, 64, 3)
        before = Lpips().score(sr, hr)
        other = {key: tensor * 1.5 if "weight" in key else tensor for key, tensor in states["alex"].items()}
        torch.save(other, tmp_path / "other")
        put("alex", tmp_path / "other")
        assert Lpips().score(sr, hr) != before
        assert len(seen) == 4

    @given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12), limit=st.integers(1, 400))
    def test_memory_is_bounded_and_the_latest_stay(self, sizes, limit):
        cache = FeatureCache(limit)
        for index, size in enumerate(sizes):
            image = torch.full((1, 2, 2), float(index))
            made = (torch.zeros(size),)
            assert cache.get("net", image, lambda made=made: made) is made
            assert cache.memory_bytes <= limit
            if 4 * size <= limit:
                assert cache.get("net", image, lambda: pytest.fail("computed twice")) is made
