"""Training images, decoded: HR in native depth, with the LR that the protocol makes of the whole image."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from srbench.contract.dataset import Item
from srbench.contract.protocol import Y_OFFSET, Y_WEIGHTS, Protocol
from srbench.contract.training_set import TrainingSet
from srbench.errors import SrbenchError
from srbench.pictures import Image, Values
from srbench.pictures.resize import resize_picture
from srbench.training.data.cache import PictureCache

Channels = Literal["y", "all"]
"""What a method trains on: `y`: one channel, Y of colour images and grey images as they are. `all`: the channels as
they come, three when any image is in colour (grey ones are then repeated), otherwise one."""

EVERY_TURN = tuple(range(8))
"""The eight orientations of a square, as `turned` numbers them."""

Floats = npt.NDArray[np.float32]

_log = logging.getLogger(__name__)


class TrainingDataError(SrbenchError):
    """A training set that nothing can be learned from, or sizes to learn it at that make no sense."""


@dataclass(frozen=True)
class Pair:
    """LR and HR of a training image at one size.

    id, group, label: the image's. size: the factor, 1 for its own size. redraw: another draw of LR, by its numbers;
    None where the degradation draws nothing, or LR came with the dataset.
    """

    id: str
    group: str | None
    label: str | None
    size: float
    lr: Image
    hr: Image
    values: Values
    redraw: Callable[[tuple[int, ...]], Image] | None = None


def read_pairs(train: TrainingSet, sizes: Sequence[float] = (1.0,), cache: PictureCache | None = None) -> list[Pair]:
    """Every image of a training set at every size, those left out that are then too small for the protocol.

    cache: what keeps the pictures; memory alone unless told. Raises `TrainingDataError` when no image is left.
    """
    if not sizes or not all(0 < size <= 1 for size in sizes):
        raise TrainingDataError(f"training_scales are factors above 0 and at most 1, not {list(sizes)}")
    protocol = train.protocol
    cache = PictureCache() if cache is None else cache
    pairs = []
    too_small = []
    for item in train.items:
        hr, values = item.read_hr()
        found = [_pair(item, hr, values, size, protocol, cache) for size in dict.fromkeys(sizes)]
        pairs += [pair for pair in found if pair is not None]
        if not any(found):
            too_small.append(item.id)
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


def _pair(item: Item, hr: Image, native: Values, size: float, protocol: Protocol, cache: PictureCache) -> Pair | None:
    shipped = None
    if size == 1:
        shipped = protocol.shipped_lr(item)
    else:
        hr = resize_picture(hr, size, native)
    shortest = min(hr.shape[:2])
    if shortest - shortest % protocol.scale <= 2 * protocol.border:
        return None
    lr = cache.keep(protocol.lr(hr, native, item.id, shipped)).image
    reference, values = protocol.reference(hr, native)
    kept = cache.keep(reference).image
    redraw = None
    if shipped is None and protocol.degradation.draws:
        # Of the part of HR that is compared, LR is what it is of the whole, unless a protocol compares other channels.
        whole = kept if reference.shape[-1] == hr.shape[-1] else cache.keep(hr).image
        redraw = partial(protocol.lr, whole, native, item.id, None)
    return Pair(item.id, item.group, item.label, size, lr, kept, values, redraw)


def cut(image: Image, values: Values, place: tuple[int, int], out: Floats, turn: int = 0) -> None:
    """Copy the part of an image `(H, W, C)` that begins at `place` into `out` `(1 or 3, h, w)`, with black at 0 and
    white at 1.

    What lies beyond the image is its mirror image. turn: the orientation, see `turned`; odd
    ones want h = w. One channel of a colour image is its Y, three of a grey one are that grey.
    """
    top, left = place
    height, width = out.shape[-2:]
    crop = image[top : top + height, left : left + width]
    missing = [(0, height - crop.shape[0]), (0, width - crop.shape[1])]
    if any(after for _, after in missing):
        crop = np.pad(crop, [*missing, (0, 0)], mode="symmetric")
    planes = turned(crop, turn).transpose(2, 0, 1)
    if planes.shape[0] == 3 and out.shape[0] == 1 and values.curve != "linear":
        out[0] = np.tensordot(np.asarray(Y_WEIGHTS), values.to_unit(planes), 1) + Y_OFFSET
    elif planes.shape[0] == 3 and out.shape[0] == 1:
        # The weights are those of native values: one pass over the patch.
        weights = np.asarray(Y_WEIGHTS, np.float32) / np.float32(values.high - values.low)
        native = planes - np.float32(values.low) if values.low else planes
        np.einsum("c,chw->hw", weights, native, out=out[0], casting="unsafe")
        out += np.float32(Y_OFFSET)
    else:
        values.to_unit(planes, out)


def turned(image: npt.NDArray[Any], turn: int) -> npt.NDArray[Any]:
    """A view `(H, W, C)` of an image in one of the eight orientations: `turn` % 4 quarter turns, from 4 on mirrored."""
    return np.rot90(image[:, ::-1] if turn >= 4 else image, turn % 4)


def place_of(label: str | None, labels: Sequence[str]) -> int:
    """The place of a class among the sorted names of all; -1 where there is none."""
    return -1 if label is None else labels.index(label)
