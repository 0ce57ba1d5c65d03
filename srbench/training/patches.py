"""Training images in memory, and aligned LR and HR patches cut from them at random.

Images stay in native depth (a byte a sample for most), with the LR that the protocol makes of the whole image. So a
patch of LR is exactly what the protocol gives, with no border of its own, and a batch costs copying only.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from srbench.errors import SrbenchError
from srbench.image import Image
from srbench.protocol import Y_OFFSET, Y_WEIGHTS
from srbench.training.trainingset import TrainingSet

Channels = Literal["y", "all"]
"""What a method trains on: `y`: one channel, Y of colour images and grey images as they are. `all`: the channels as
they come, three when any image is in colour (grey ones are then repeated), otherwise one."""

Floats = npt.NDArray[np.float32]

_log = logging.getLogger(__name__)


class TrainingDataError(SrbenchError):
    """A training set that nothing can be learned from."""


@dataclass(frozen=True)
class _Pair:
    lr: Image
    hr: Image
    white: float


class Patches:
    """Aligned random patches of a training set.

    An image is chosen with a probability proportional to its area, a place in it uniformly, and one of the eight
    flips and quarter turns uniformly. An image smaller than the patch is continued by its mirror image, as the
    degradation itself does at borders; one that is too small for the protocol is left out, with a note in the log.
    Raises `TrainingDataError` when no image is left.
    """

    def __init__(self, train: TrainingSet, channels: Channels, seed: int) -> None:
        self.scale = train.scale
        self._pairs = _read(train)
        colour = any(pair.hr.shape[-1] == 3 for pair in self._pairs)
        self.channels = 3 if colour and channels == "all" else 1
        areas = np.array([pair.lr.shape[0] * pair.lr.shape[1] for pair in self._pairs], dtype=np.float64)
        self._upto = np.cumsum(areas) / areas.sum()
        self._random = np.random.Generator(np.random.PCG64(seed))

    def __len__(self) -> int:
        """How many images there are."""
        return len(self._pairs)

    def draw(self, count: int, patch: int) -> tuple[Floats, Floats]:
        """LR `(count, C, patch, patch)` and HR `(count, C, patch * scale, patch * scale)`, with white at 1."""
        side = patch * self.scale
        lr = np.empty((count, self.channels, patch, patch), np.float32)
        hr = np.empty((count, self.channels, side, side), np.float32)
        chosen = np.searchsorted(self._upto, self._random.random(count), side="right")
        places = self._random.random((count, 2))
        turns = self._random.integers(0, 8, count)
        for i in range(count):
            # The last of the cumulated areas may be a rounding error below 1.
            pair = self._pairs[min(int(chosen[i]), len(self._pairs) - 1)]
            free = [max(0, length - patch) + 1 for length in pair.lr.shape[:2]]
            top, left = (int(place * choices) for place, choices in zip(places[i], free, strict=True))
            self._copy(pair, pair.lr, top, left, int(turns[i]), lr[i])
            self._copy(pair, pair.hr, top * self.scale, left * self.scale, int(turns[i]), hr[i])
        return lr, hr

    def _copy(self, pair: _Pair, image: Image, top: int, left: int, turn: int, out: Floats) -> None:
        side = out.shape[-1]
        crop = image[top : top + side, left : left + side]
        missing = [(0, side - length) for length in crop.shape[:2]]
        if any(after for _, after in missing):
            crop = np.pad(crop, [*missing, (0, 0)], mode="symmetric")
        planes = turned(crop, turn).transpose(2, 0, 1)
        white = np.float32(pair.white)
        if planes.shape[0] == 3 and self.channels == 1:
            np.einsum("c,chw->hw", np.asarray(Y_WEIGHTS, np.float32) / white, planes, out=out[0], casting="unsafe")
            out += np.float32(Y_OFFSET)
        else:
            np.divide(planes, white, out=out, casting="unsafe")

    def state(self) -> str:
        """Where the random order stands, for `restore`."""
        return json.dumps(self._random.bit_generator.state)

    def restore(self, state: str) -> None:
        """Continue the random order from there."""
        self._random.bit_generator.state = json.loads(state)


def turned(image: npt.NDArray[Any], turn: int) -> npt.NDArray[Any]:
    """A view `(H, W, C)` of an image in one of the eight orientations: `turn` % 4 quarter turns, from 4 on mirrored."""
    return np.rot90(image[:, ::-1] if turn >= 4 else image, turn % 4)


def _read(train: TrainingSet) -> list[_Pair]:
    protocol = train.protocol
    pairs = []
    too_small = []
    for item in train.items:
        hr, peak = item.read_hr()
        shortest = min(hr.shape[:2])
        if shortest - shortest % protocol.scale <= 2 * protocol.border:
            too_small.append(item.id)
            continue
        reference, white = protocol.reference(hr, peak)
        lr = protocol.lr(hr, peak, item.read_lr(protocol.degradation, protocol.scale))
        pairs.append(_Pair(lr, reference, white))
    if not pairs:
        raise TrainingDataError(
            f"none of the {len(too_small)} training images is larger than {2 * protocol.border} x "
            f"{2 * protocol.border} pixels once cut to multiples of {protocol.scale}, as {protocol.name} needs"
            if too_small
            else "the training set has no images"
        )
    if too_small:
        _log.warning(
            "%d training images are too small for %s and left out: %s",
            len(too_small),
            protocol.name,
            ", ".join(too_small[:10]) + (", ..." if len(too_small) > 10 else ""),
        )
    return pairs
