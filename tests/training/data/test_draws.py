"""LR that a degradation draws is another after every cover of the image, the same for a seed, also when resumed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from toys.training import Blown, Careful, many_images, picture

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.contract.protocol import Channel
from srbench.contract.training_set import TrainingSet
from srbench.pictures import Image, Values
from srbench.training.data.draws import Draws
from srbench.training.data.pairs import read_pairs
from srbench.training.data.patches import Patches


@dataclass(frozen=True)
class Noise(srbench.Degradation):
    """Noise of which no pixel is the same twice."""

    name: ClassVar[str] = "noise"
    draws: ClassVar[bool] = True

    def lr(self, hr: Image, values: Values, scale: int, rng: np.random.Generator) -> Image:
        return (rng.random(hr[::scale, ::scale].shape) * values.high).astype(hr.dtype)


PROTOCOL = srbench.Protocol("p", 2, degradation=Noise())


def noisy_set(*images: Image, **shipped: Image) -> TrainingSet:
    lr = {("noise", 2): shipped["lr"]} if shipped else {}
    return TrainingSet([srbench.Item(f"i{i}", image, lr) for i, image in enumerate(images)], PROTOCOL)


def test_an_image_is_drawn_anew_when_patches_have_covered_it() -> None:
    [pair] = read_pairs(noisy_set(picture(16, 16, 1, "float32")))  # LR has 64 pixels
    draws = Draws(0)
    seen = [draws.lr(pair, 16) for _ in range(12)]
    for first in (0, 4, 8):
        assert all(np.array_equal(seen[first], other) for other in seen[first + 1 : first + 4])
    assert not any(np.array_equal(seen[one], seen[other]) for one, other in ((0, 4), (4, 8), (0, 8)))
    assert not np.array_equal(Draws(1).lr(pair, 16), seen[0]), "another training meets other draws"
    assert not np.array_equal(pair.lr, seen[0]), "none is that of tests and validations"


@pytest.mark.parametrize("channel", ["rgb", "y8"])
def test_a_drawn_lr_is_the_protocol_s_of_the_whole_image(channel: Channel) -> None:
    hr, protocol = picture(17, 20, 3), srbench.Protocol("p", 2, channel, degradation=Noise())
    [pair] = read_pairs(TrainingSet([srbench.Item("i0", hr)], protocol))
    drawn = Draws(7).lr(pair, 1)
    assert drawn.shape == pair.lr.shape == (8, 10, 1 if channel == "y8" else 3)
    assert np.array_equal(drawn, protocol.lr(hr, Values.of(hr), "i0", draw=(7, 0)))
    assert np.array_equal(pair.lr, protocol.lr(hr, Values.of(hr), "i0"))


@pytest.mark.parametrize("why", ["nothing is drawn", "LR came with the dataset"])
def test_lr_stays_what_it_is_where(why: str) -> None:
    hr, shipped = picture(16, 16, 1, "float32"), np.zeros((8, 8, 1), np.float32)
    train = noisy_set(hr, lr=shipped)
    if why == "nothing is drawn":
        train = TrainingSet(train.items, srbench.Protocol("p", 2))
    [pair] = read_pairs(train)
    draws = Draws(0)
    assert all(draws.lr(pair, 1000) is pair.lr for _ in range(3)) and draws.covered == {}


def test_sizes_of_an_image_are_drawn_apart() -> None:
    draws = Draws(0)
    for pair in read_pairs(noisy_set(picture(16, 16, 1, "float32")), (1.0, 0.5)):
        draws.lr(pair, 5)
    assert draws.covered == {"1 i0": 5, "0.5 i0": 5}


def test_a_patch_hardly_ever_comes_twice_and_the_order_goes_on_where_it_was_saved() -> None:
    train = noisy_set(picture(12, 12, 1, "float32"), picture(16, 8, 1, "float32", seed=1))
    one, other = Patches(train, "all", 5), Patches(train, "all", 5)
    first = one.draw(40, 4)[0]
    assert len(np.unique(first)) > 0.5 * first.size, "of one draw there are 68 values"
    state = one.state()
    expected = [one.draw(9, 3) for _ in range(3)]
    other.restore(state)
    for lr, hr, _ in expected:
        same_lr, same_hr, _ = other.draw(9, 3)
        assert np.array_equal(lr, same_lr) and np.array_equal(hr, same_hr)


def test_a_training_that_was_cut_off_meets_the_draws_that_it_would_have_met(tmp_path: Path) -> None:
    def trained(folder: str, fuse: int | None) -> list[np.ndarray]:
        toy = Careful(fuse)
        toy.fit(noisy_set(*many_images()), FitContext(3, Budget("steps", 20), tmp_path / folder, checkpoint_seconds=0))
        return [value.numpy() for network in toy.networks.values() for value in network.state_dict().values()]

    whole = trained("whole", None)
    with pytest.raises(Blown):
        trained("cut", 30)
    for one, other in zip(whole, trained("cut", None), strict=True):
        np.testing.assert_array_equal(one, other)
