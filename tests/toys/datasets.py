"""A right dataset, and for each check of datasets a wrong one that breaks only its promise."""

from __future__ import annotations

import socket
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np

import srbench
from srbench.testing.pictures import textured_uint8


def _shrunk(seed):
    return textured_uint8(seed, 24, 32)[::4, ::4]


def _mask(height):
    return np.zeros((height, 32, 1), dtype=np.uint8)


class Pictures(srbench.Dataset):
    """Made pictures with everything that an item can have."""

    def train(self):
        for seed in range(3):
            yield self.item(seed)

    def test(self):
        for seed in range(3, 6):
            yield self.item(seed)

    def item(self, seed):
        return srbench.Item(
            id=f"picture-{seed}",
            hr=partial(textured_uint8, seed, 24, 32),
            lr={("bicubic", 4): partial(_shrunk, seed)},
            label="odd" if seed % 2 else "even",
            mask=partial(_mask, 24),
            group=f"patient {seed // 3}",
        )


class OnlyTest(srbench.Dataset):
    """Nothing to train on, nothing but HR."""

    def test(self):
        return [srbench.Item("one", partial(textured_uint8, 0, 24, 32))]


class TermsOfNobody(Pictures):
    terms: ClassVar = (srbench.Terms("", "CC0"),)


class RemarksAreOneText(Pictures):
    def remarks(self):
        return "left out: 3 files"


class NotHere(OnlyTest):
    def prepare(self, root):
        raise srbench.DatasetMissing(f"no folder {root / 'not-here'}.")


class FailsWithoutFiles(Pictures):
    def prepare(self, root):
        (root / "pictures").stat()


class NeedsANetwork(Pictures):
    def prepare(self, root):
        socket.create_connection(("localhost", 9), timeout=1)


class OnlyTrain(Pictures):
    """Nothing to test on."""

    def test(self):
        return ()


class Nothing(OnlyTrain):
    def train(self):
        return ()


class NotItems(Pictures):
    def test(self):
        return ["picture.png"]


class OneIdForAll(Pictures):
    def item(self, seed):
        return replace(super().item(seed), id="picture")


class IdsAreFolders(Pictures):
    def item(self, seed):
        return replace(super().item(seed), id=f"../{seed}")


class HoldsPixels(Pictures):
    def item(self, seed):
        return replace(super().item(seed), hr=textured_uint8(seed, 24, 32))


class TwoChannels(Pictures):
    def item(self, seed):
        return replace(super().item(seed), hr=partial(textured_uint8, seed, 24, 32, 2))


class NoPixels(Pictures):
    def item(self, seed):
        return replace(super().item(seed), hr=partial(np.zeros, (0, 32, 3), np.uint8))


class NotANumber(Pictures):
    def item(self, seed):
        return replace(super().item(seed), hr=partial(np.full, (24, 32, 3), np.nan, np.float32))


class WhiteTooLow(Pictures):
    def item(self, seed):
        return replace(super().item(seed), values=srbench.Values(0, 100))


class AnotherOrder(Pictures):
    made = 0

    def __init__(self):
        type(self).made += 1
        self.order = range(5, 2, -1) if type(self).made % 2 else range(3, 6)

    def test(self):
        return [self.item(seed) for seed in self.order]


class OtherPixels(Pictures):
    reads = 0

    def item(self, seed):
        return replace(super().item(seed), hr=self.read)

    def read(self):
        type(self).reads += 1
        return textured_uint8(self.reads, 24, 32)


class TrainsOnTheTest(Pictures):
    def train(self):
        yield replace(self.item(3), id="renamed", group=None)


class SplitsAPatient(Pictures):
    def item(self, seed):
        return replace(super().item(seed), group="patient")


class SplitsASlide(Pictures):
    """Both splits are of one slide, and right: their regions lie side by side."""

    def item(self, seed):
        return replace(super().item(seed), group="slide", region=(0, 32 * seed, 24, 32))


class RegionsOverlap(Pictures):
    def item(self, seed):
        return replace(super().item(seed), group="slide", region=(0, 31 * seed, 24, 32))


class RegionWithoutGroup(SplitsASlide):
    def item(self, seed):
        return replace(super().item(seed), group=None)


class RegionAboveThePicture(SplitsASlide):
    def item(self, seed):
        return replace(super().item(seed), region=(-1, 32 * seed, 24, 32))


class RegionTurned(SplitsASlide):
    def item(self, seed):
        return replace(super().item(seed), region=(0, 32 * seed, 32, 24))


class WrongLr(Pictures):
    def item(self, seed):
        return replace(super().item(seed), lr={("bicubic", 2): partial(_shrunk, seed)})


class SomeLabels(Pictures):
    def item(self, seed):
        return replace(super().item(seed), label="odd" if seed % 2 else None)


class WrongMask(Pictures):
    def item(self, seed):
        return replace(super().item(seed), mask=partial(_mask, 23))
