"""The chain of a TIFF's directories: which of them are pictures in full resolution, and the mask of each.

A file says itself where its next directory stands, and may lie: nothing is followed twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from srbench.pictures.directories import DEPTH, SUBDIRECTORIES, Directory, layout_of
from srbench.pictures.header import Refused, check_frames, check_size

_MOST = 100_000
_TOO_MANY = f"holds more than {_MOST:,} frames, previews and masks; split it"
_MOST_BELOW = 100
"""So many reduced pictures are looked below, and for so many pictures below each."""


def find(file: BinaryIO) -> tuple[Directory, Directory | None]:
    """The picture that a TIFF holds, wherever its directory stands, and the mask that belongs to it.

    Raises `Refused` where there are several, and as `pictures` does.
    """
    found = pictures(file)
    first = next(found)
    check_frames(1 + sum(1 for _ in found))
    check_size(*first[0].size)
    return first


def pictures(file: BinaryIO) -> Iterator[tuple[Directory, Directory | None]]:
    """Each picture of a TIFF in full resolution, and the mask that belongs to it, found as they are asked for.

    A mask belongs to the picture before it, or to the first. Reduced pictures are passed over; where there are no
    others, those below them are looked for. Raises `Refused` where that leaves none, and where directories follow each
    other in a circle.
    """
    found = _pictures(file)
    first = next(found)
    second = next(found, None)
    if second is not None:
        yield from (first, second)
        yield from found
    elif first[0].frames > _MOST:
        raise Refused(_TOO_MANY)
    elif first[0].frames > 1:
        yield from ((plane, first[1]) for plane in first[0].planes())
    else:
        yield first


def _pictures(file: BinaryIO) -> Iterator[tuple[Directory, Directory | None]]:
    """The same, where some may be stacks behind one directory."""
    layout, visited = layout_of(file), set[int]()
    file.seek(layout.first)
    start = file.read(struct.calcsize(layout.place))
    others: list[Directory] = []
    found = False
    for pair in _full(_chain(file, int.from_bytes(start, layout.byteorder), visited), others):
        found = True
        yield pair
    if found:
        return
    if not others:
        raise Refused("damaged: it holds no directory, and so no picture")
    below = [place for directory in others for place in directory.numbers(SUBDIRECTORIES, 0, _MOST_BELOW)]
    # What one of them leads to may be named as well.
    chains = (_chain(file, place, visited) for place in below if place not in visited)
    for pair in _full((directory for chain in chains for directory in chain), []):
        found = True
        yield pair
    if not found and (len(others) > 1 or others[0].is_mask):
        raise Refused("holds only reduced pictures (previews) and masks; save the picture itself")
    if not found:
        yield others[0], None


def _full(directories: Iterable[Directory], others: list[Directory]) -> Iterator[tuple[Directory, Directory | None]]:
    """Those that are neither reduced nor masks, with their masks; those before the first go to `others`."""
    picture, mask = None, None
    for directory in directories:
        if directory.is_reduced or directory.is_mask:
            if picture is None and len(others) < _MOST_BELOW:
                others.append(directory)
            if not directory.is_reduced:
                if mask is not None:
                    raise Refused("holds several transparency masks for one picture; flatten it first")
                mask = directory
            continue
        if directory.number(DEPTH, 1) > 1:
            raise Refused(f"is a volume of {directory.number(DEPTH)} slices; save each as a picture of its own")
        if picture is not None:
            yield picture, mask
            mask = None
        picture = directory
    if picture is not None:
        yield picture, mask


def _chain(file: BinaryIO, place: int, visited: set[int]) -> Iterator[Directory]:
    """All directories from the one at a place on."""
    while place:
        if place in visited:
            raise Refused("damaged: its directories follow each other in a circle")
        if len(visited) == _MOST:
            raise Refused(_TOO_MANY)
        visited.add(place)
        directory = Directory(file, place, len(visited) - 1)
        yield directory
        place = directory.following
