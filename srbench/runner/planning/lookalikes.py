"""Images that show the same, though not pixel for pixel: tested and learned from, or twice in one split.

Likeness is no proof, so it is told and refuses nothing. Images of one group are passed over: that they have to do with
each other, the dataset has said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from srbench.pictures.likeness import Alike, alike
from srbench.runner.planning.doubts import listed
from srbench.store.cache import Cache
from srbench.store.seal import UNREADABLE

_JUDGEMENT = 2
"""To be raised when `alike` judges otherwise: then what is remembered is judged anew."""


class Look(NamedTuple):
    """What is known of how an image looks. group: of its item. thumbnail: of its HR."""

    id: str
    group: str | None
    thumbnail: bytes


def seen_before(tested: Sequence[Look], learned: Sequence[Look], dataset: str, training: str) -> Iterator[str]:
    """What is to be said of test images that look like training images, in a sentence.

    dataset, training: what the sets are called that they are of.
    """
    found = [
        f"{one.id} (like {', '.join(filter(None, [other.id, turn]))})" for one, other, turn in _pairs(tested, learned)
    ]
    if found:
        like = "looks like a training image" if len(found) == 1 else "look like training images"
        yield (
            f"{len(found)} of {len(tested)} test images of {dataset} {like} of {training}, so probably seen in "
            f"training: {listed(found)}"
        )


def repeated(looks: Sequence[Look]) -> Iterator[str]:
    """What is to be said of images that a split has twice, in a sentence."""
    found = [f"{one.id} and {other.id}{turn and f' ({turn})'}" for one, other, turn in _pairs(looks)]
    if found:
        yield f"{listed(found)} look alike, and count as two{' each' if len(found) > 1 else ''}"


def _pairs(some: Sequence[Look], others: Sequence[Look] | None = None) -> Iterator[tuple[Look, Look, str]]:
    """Images that show the same, and how the second lies: of `some` and others, or without these among themselves.

    Found once for the same pictures, and then remembered.
    """
    second = some if others is None else others
    own = [look.thumbnail for look in some]
    theirs = None if others is None else [look.thumbnail for look in others]

    def read(kept: bytes) -> list[Alike] | None:
        with suppress(*UNREADABLE):
            found = msgspec.json.decode(kept, type=list[Alike])
            return found if all(pair.first < len(some) and pair.second < len(second) for pair in found) else None
        return None

    key = hashlib.sha256(msgspec.msgpack.encode([_JUDGEMENT, own, theirs])).hexdigest()
    for pair in Cache("lookalikes").get(key, lambda: alike(own, theirs), msgspec.json.encode, read):
        one, other = some[pair.first], second[pair.second]
        if one.group is None or one.group != other.group:
            yield one, other, pair.turn
