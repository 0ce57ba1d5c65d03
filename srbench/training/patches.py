"""Aligned LR and HR patches, cut at random from the training images in memory.

A patch of LR is exactly what the protocol gives, with no border of its own, and a batch costs copying only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from srbench.training.heldout import HeldOut, chosen
from srbench.training.pairs import Channels, Floats, Pair, cut, read_pairs
from srbench.training.trainingset import TrainingSet


class Patches:
    """Aligned random patches of a training set.

    An image is chosen with a probability proportional to its area, a place in it uniformly, and one of the eight
    flips and quarter turns uniformly. An image smaller than the patch is continued by its mirror image, as the
    degradation itself does at borders; one that is too small for the protocol is left out, with a note in the log.
    sizes: factors at which each image is there; each counts as an image of its own. Raises `TrainingDataError` when
    no image is left.
    """

    def __init__(self, train: TrainingSet, channels: Channels, seed: int, sizes: Sequence[float] = (1.0,)) -> None:
        self.scale = train.scale
        self._pairs = read_pairs(train, sizes)
        colour = any(pair.hr.shape[-1] == 3 for pair in self._pairs)
        self.channels = 3 if colour and channels == "all" else 1
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._weigh()

    def _weigh(self) -> None:
        areas = np.array([pair.lr.shape[0] * pair.lr.shape[1] for pair in self._pairs], dtype=np.float64)
        self._upto = np.cumsum(areas) / areas.sum()

    def __len__(self) -> int:
        """How many images there are, each counted once whatever its sizes."""
        return len({pair.id for pair in self._pairs})

    def hold_out(self) -> HeldOut | None:
        """Take some images away from training, at all their sizes: what stages are validated on.

        About a tenth, 1 to 10, groups as a whole; the same ones whatever the seed. None when there are fewer than 5, or
        when their groups are too large.
        """
        pairs = {pair.id: pair for pair in sorted(self._pairs, key=lambda pair: pair.size)}  # the largest of each
        held = chosen({name: pair.group for name, pair in pairs.items()})
        if not held:
            return None
        self._pairs = [pair for pair in self._pairs if pair.id not in held]
        self._weigh()
        return HeldOut([pairs[name] for name in held], self.channels, self.scale)

    def draw(self, count: int, patch: int) -> tuple[Floats, Floats]:
        """LR `(count, C, patch, patch)` and HR `(count, C, patch * scale, patch * scale)`, with white at 1."""
        side = patch * self.scale
        lr = np.empty((count, self.channels, patch, patch), np.float32)
        hr = np.empty((count, self.channels, side, side), np.float32)
        which = np.searchsorted(self._upto, self._random.random(count), side="right")
        places = self._random.random((count, 2))
        turns = self._random.integers(0, 8, count)
        for i in range(count):
            # The last of the cumulated areas may be a rounding error below 1.
            pair: Pair = self._pairs[min(int(which[i]), len(self._pairs) - 1)]
            free = [max(0, length - patch) + 1 for length in pair.lr.shape[:2]]
            top, left = (int(place * choices) for place, choices in zip(places[i], free, strict=True))
            turn = int(turns[i])
            cut(pair.lr, pair.white, (top, left), lr[i], turn)
            cut(pair.hr, pair.white, (top * self.scale, left * self.scale), hr[i], turn)
        return lr, hr

    def state(self) -> str:
        """Where the random order stands, for `restore`."""
        return json.dumps(self._random.bit_generator.state)

    def restore(self, state: str) -> None:
        """Continue the random order from there."""
        self._random.bit_generator.state = json.loads(state)
