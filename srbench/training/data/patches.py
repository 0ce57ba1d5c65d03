"""Aligned LR and HR patches, cut at random from the decoded training images.

A patch of LR is exactly what the protocol gives, with no border of its own, and a batch costs copying only, unless
the degradation draws.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from srbench.contract.training_set import TrainingSet
from srbench.pictures import enlarged
from srbench.training.data.cache import PictureCache
from srbench.training.data.draws import Draws
from srbench.training.data.heldout import HeldOut, chosen, in_turn
from srbench.training.data.pairs import EVERY_TURN, Channels, Pair, TrainingDataError, cut, place_of, read_pairs
from srbench.training.data.source import Drawn


@dataclass(frozen=True)
class _Choice:
    """Images to draw from. upto: their areas, cumulated, as a share of all."""

    pairs: Sequence[Pair]
    upto: npt.NDArray[np.float64]

    @classmethod
    def of(cls, pairs: Sequence[Pair], label: str | None) -> _Choice | None:
        """The choice among the pairs of a class, or among all; None when there are none."""
        chosen = [pair for pair in pairs if label is None or pair.label == label]
        areas = np.array([pair.lr.shape[0] * pair.lr.shape[1] for pair in chosen], dtype=np.float64)
        return cls(chosen, np.cumsum(areas) / areas.sum()) if chosen else None


class Patches:
    """Aligned random patches of a training set.

    An image is chosen with a probability proportional to its area, a place in it uniformly, and one of `turns`
    uniformly: orientations as `pairs.turned` numbers them, by default all eight flips and quarter turns. An image
    smaller than the patch is continued by its mirror image; one that is too
    small for the protocol is left out, with a note in the log. LR that a degradation draws is drawn again and again.
    sizes: factors at which each image is there; each counts as an image of its own. labels: the names of the classes,
    sorted. cache: what keeps the images; memory alone unless told. Raises `TrainingDataError` when no image is left.
    """

    def __init__(
        self,
        train: TrainingSet,
        channels: Channels,
        seed: int,
        sizes: Sequence[float] = (1.0,),
        turns: Sequence[int] = EVERY_TURN,
        held_out_by_class: bool = False,
        cache: PictureCache | None = None,
    ) -> None:
        if not turns or not set(turns) <= set(EVERY_TURN):
            raise TrainingDataError(f"turns are one or more of the numbers 0 to 7, not {list(turns)}")
        self.scale = train.scale
        self.labels = train.labels
        self._turns, self._by_class = tuple(turns), held_out_by_class
        self._cache = PictureCache() if cache is None else cache
        self._pairs = read_pairs(train, sizes, self._cache)
        colour = any(pair.hr.shape[-1] == 3 for pair in self._pairs)
        self.channels = 3 if colour and channels == "all" else 1
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._draws = Draws(seed, self._cache.rest())
        self._weigh()

    def _weigh(self) -> None:
        self._choices = {label: _Choice.of(self._pairs, label) for label in (None, *self.labels)}

    def __len__(self) -> int:
        """How many images there are, each counted once whatever its sizes."""
        return len({pair.id for pair in self._pairs})

    def hold_out(self) -> HeldOut | None:
        """Take some images away from training, at all their sizes: what stages are validated on.

        About a tenth, 1 to 10, groups as a whole; the same ones whatever the seed. None when there are fewer than 5, or
        when their groups are too large. By class: so many of each, as if the others were not there, in turn.
        """
        pairs = {pair.id: pair for pair in sorted(self._pairs, key=lambda pair: pair.size)}  # the largest of each
        classes = self.labels if self._by_class and self.labels else (None,)
        held = in_turn(
            chosen({p.id: p.group for p in pairs.values() if label is None or p.label == label}) for label in classes
        )
        if not held:
            return None
        self._pairs = [pair for pair in self._pairs if pair.id not in held]
        self._weigh()
        return HeldOut([pairs[name] for name in held], self.channels, self.scale, self.labels)

    def draw(self, count: int, patch: int, label: str | None = None) -> Drawn:
        """LR `(count, C, patch, patch)` and HR `(count, C, patch * scale, patch * scale)`, white at 1, and classes.

        At a scale that is a fraction, `patch` is a multiple of its denominator.

        Classes `(count,)` are places in `labels`, -1 where an image has none. label: the one to draw from; raises
        `TrainingDataError` when no image is of it.
        """
        choice = self._choices.get(label)
        if choice is None:
            raise TrainingDataError(f"there is no training image of the class {label!r}")
        side = enlarged(patch, self.scale)
        lr = np.empty((count, self.channels, patch, patch), np.float32)
        hr = np.empty((count, self.channels, side, side), np.float32)
        labels = np.empty(count, np.int64)
        for i, (pair, top, left, turn) in enumerate(self._chosen(choice, count, patch)):
            labels[i] = place_of(pair.label, self.labels)
            cut(self._draws.lr(pair, patch * patch), pair.values, (top, left), lr[i], turn)
            cut(pair.hr, pair.values, self._in_hr(top, left), hr[i], turn)
        self._draws.cache.release()
        self._cache.release()
        if self._cache.has_file:
            self._expect(choice, count, patch)
        return lr, hr, labels

    def _expect(self, choice: _Choice, count: int, patch: int) -> None:
        """Have the disk read, while a batch is learned from, what the next is cut from, if that is asked for alike."""
        stands = self._random.bit_generator.state
        for pair, top, left, _ in self._chosen(choice, count, patch):
            self._cache.expect(pair.lr[top : top + patch])
            begin, _ = self._in_hr(top, left)
            self._cache.expect(pair.hr[begin : begin + enlarged(patch, self.scale)])
        self._random.bit_generator.state = stands

    def _chosen(self, choice: _Choice, count: int, patch: int) -> Iterator[tuple[Pair, int, int, int]]:
        """What a batch is cut from: images, where their LR patches begin, from above and from the left, and turns."""
        step = self.scale.denominator
        which = np.searchsorted(choice.upto, self._random.random(count), side="right")
        places = self._random.random((count, 2))
        turns = self._random.integers(0, len(self._turns), count)
        for i in range(count):
            # The last of the cumulated areas may be a rounding error below 1.
            pair = choice.pairs[min(int(which[i]), len(choice.pairs) - 1)]
            free = [max(0, length - patch) // step + 1 for length in pair.lr.shape[:2]]
            top, left = (int(place * choices) * step for place, choices in zip(places[i], free, strict=True))
            yield pair, top, left, self._turns[turns[i]]

    def _in_hr(self, top: int, left: int) -> tuple[int, int]:
        """The pixel of HR where that of LR begins."""
        return enlarged(top, self.scale), enlarged(left, self.scale)

    def state(self) -> str:
        """Where the random order stands, for `restore`."""
        return json.dumps({"random": self._random.bit_generator.state, "covered": self._draws.covered})

    def restore(self, state: str) -> None:
        """Continue the random order from there."""
        stood = json.loads(state)
        self._random.bit_generator.state, self._draws.covered = stood["random"], stood["covered"]
