"""A training whose pictures are in a file learns, bit for bit, what one with all of them in memory learns."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from toys.degradations import Noisy
from toys.ranks import together
from toys.training import Blown, Careful, Steady, many_images, picture

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.contract.training_set import TrainingSet
from srbench.pictures import Image, Values
from srbench.training.data.cache import PictureCache
from srbench.training.data.pairs import Channels
from srbench.training.data.patches import Patches
from srbench.training.loop.group import Group

FOUR_PICTURES = 4 * 20 * 24 * 3 / 1e9


PLAIN, NOISY = srbench.Protocol("p", 2), srbench.Protocol("p", 2, degradation=Noisy())


def items(*images: Image, **changes: object) -> list[srbench.Item]:
    return [srbench.Item(f"i{place}", image, **changes) for place, image in enumerate(images)]


def labelled() -> list[srbench.Item]:
    return [dataclasses.replace(item, label="ab"[place % 2]) for place, item in enumerate(items(*many_images()))]


def with_lr() -> list[srbench.Item]:
    return [
        dataclasses.replace(item, lr={("bicubic", 2): np.flip(picture(10 + place % 3, 12, seed=99 + place))})
        for place, item in enumerate(items(*many_images()))
    ]


def grey(depth: str) -> list[Image]:
    return [picture(20 + place, 24, 1, depth, place) for place in range(12)]


SETS: dict[str, tuple[list[srbench.Item], srbench.Protocol, Channels]] = {
    "grey": (items(*grey("uint8")), PLAIN, "all"),
    "colour": (items(*many_images()), PLAIN, "all"),
    "Y of colour": (items(*many_images()), PLAIN, "y"),
    "grey and colour": (items(*many_images(6), *grey("uint8")[6:]), PLAIN, "all"),
    "16 bits": (items(*grey("uint16")), PLAIN, "all"),
    "floats with values": (items(*grey("float32"), values=Values(-0.5, 2.0)), PLAIN, "all"),
    "LR that came with it": (with_lr(), PLAIN, "all"),
    "labels": (labelled(), PLAIN, "all"),
    "8-bit Y": (items(*many_images()), srbench.Protocol("p", 2, "y8"), "all"),
    "draws": (items(*many_images()), NOISY, "all"),
    "draws, 8-bit Y": (items(*many_images()), dataclasses.replace(NOISY, channel="y8"), "all"),
}


class Chosen(Careful):
    """On chosen channels."""

    def __init__(self, trains_on: Channels, fuse: int | None = None) -> None:
        super().__init__(fuse)
        self.trains_on = trains_on


def learned(kind: str, folder: Path, pictures_gb: float, fuse: int | None = None) -> list[torch.Tensor]:
    """Weights after 20 steps, with several sizes of each picture, validations, and a checkpoint after each step."""
    chosen, protocol, channels = SETS[kind]
    toy = Chosen(channels, fuse)
    context = FitContext(3, Budget("steps", 20), folder, checkpoint_seconds=0, pictures_gb=pictures_gb)
    toy.fit(TrainingSet(chosen, protocol), context)
    return [value for network in toy.networks.values() for value in network.state_dict().values()]


@pytest.mark.parametrize("kind", SETS)
def test_weights_are_those_of_a_training_in_memory(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory = learned(kind, tmp_path / "memory", 1)
    monkeypatch.setattr(PictureCache, "rest", lambda cache: PictureCache(0, tmp_path))  # draws are in a file, too
    for pictures_gb in (0, FOUR_PICTURES):
        streamed = learned(kind, tmp_path / f"{pictures_gb}", pictures_gb)
        assert all(torch.equal(one, other) for one, other in zip(in_memory, streamed, strict=True))


def test_one_that_was_cut_off_goes_on_whatever_its_memory_is_by_then(tmp_path: Path) -> None:
    whole = learned("draws", tmp_path / "whole", 1)
    with pytest.raises(Blown):
        learned("draws", tmp_path / "cut", 0, fuse=30)
    for one, other in zip(whole, learned("draws", tmp_path / "cut", FOUR_PICTURES), strict=True):
        assert torch.equal(one, other)


def test_patches_are_the_same_at_a_fraction_and_beyond_the_picture(tmp_path: Path) -> None:
    train = TrainingSet(items(picture(33, 50), picture(14, 16, seed=1)), srbench.Protocol("p", Fraction(3, 2)))
    one, other = Patches(train, "all", 0), Patches(train, "all", 0, cache=PictureCache(0, tmp_path))
    for patch in (4, 10, 60):
        for mine, theirs in zip(one.draw(7, patch), other.draw(7, patch), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def shared(folder: Path, pictures_gb: float) -> list[torch.Tensor]:
    own = folder / str(Group.here().rank)
    method = Steady()
    context = FitContext(3, Budget("steps", 12), own, pictures_gb=pictures_gb)
    method.fit(TrainingSet(items(*many_images()), NOISY), context)
    return list(method.networks["generator"].state_dict().values())


def test_processes_that_share_a_training_share_its_file(tmp_path: Path) -> None:
    one, other = (together(2, tmp_path / name, shared, tmp_path / name, gb) for name, gb in (("a", 1), ("b", 1e-5)))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(one[0], other[0], strict=True))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(other[0], other[1], strict=True))
