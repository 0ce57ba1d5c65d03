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


class Twins(NamedTuple):
    """An image, another that shows the same, and how that lies: `mirrored`, say; empty where it lies alike."""

    image: str
    other: str
    turn: str = ""


class Resemblance(NamedTuple):
    """Twins with the splits that they are of. how: `the same pixels`, or how the other lies."""

    dataset: str
    split: str
    image: str
    other_dataset: str
    other_split: str
    other: str
    how: str = ""


SAME_PIXELS = "the same pixels"
ALL_OF_THEM = "`srbench plan --alike` lists all"


def seen_before(tested: Sequence[Look], learned: Sequence[Look]) -> tuple[Twins, ...]:
    """Test images that look like training images."""
    return tuple(Twins(one.id, other.id, turn) for one, other, turn in _pairs(tested, learned))


def repeated(looks: Sequence[Look]) -> tuple[Twins, ...]:
    """Images that a split has twice."""
    return tuple(Twins(one.id, other.id, turn) for one, other, turn in _pairs(looks))


def told_of_seen(found: Sequence[Twins], count: int, dataset: str, training: str) -> Iterator[str]:
    """What is to be said of test images that look like training images, in a sentence.

    count: of test images. dataset, training: what the sets are called that they are of.
    """
    if found:
        like = "looks like a training image" if len(found) == 1 else "look like training images"
        named = [f"{one.image} (like {', '.join(filter(None, [one.other, one.turn]))})" for one in found]
        yield (
            f"{len(found)} of {count} test images of {dataset} {like} of {training}, so probably seen in "
            f"training: {some_of(named)}"
        )


def told_of_repeated(found: Sequence[Twins]) -> Iterator[str]:
    """What is to be said of images that a split has twice, in a sentence."""
    if found:
        named = [f"{one.image} and {one.other}{one.turn and f' ({one.turn})'}" for one in found]
        yield f"{some_of(named)} look alike, and count as two{' each' if len(found) > 1 else ''}"


def some_of(names: Sequence[str]) -> str:
    """The first of some names, how many more there are, and where those are to be found."""
    said = listed(names)
    return said if said == ", ".join(names) else f"{said} ({ALL_OF_THEM})"


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
