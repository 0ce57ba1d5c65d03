"""Which pictures show the same, though one was mirrored, turned, recompressed, resized, made grey or slightly cropped.

Thumbnails are compared, in two steps. Candidates are pairs whose coarse shapes are alike (the lowest frequencies of
their discrete cosine transform, as in perceptual hashes) in one of the eight ways that a square can be turned and
mirrored. A candidate counts when its details are alike, too, if need be after one picture was registered with the
other. A detail is how far an area differs from its surroundings, measured by how much these vary (Ruderman, "The
statistics of natural images", 1994): so neither a common frame nor a common gradient makes two pictures alike, and
where there is no detail, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from srbench.pictures.registration import Floats, averaging, displaced, from_afar, registered
from srbench.pictures.thumbnail import SIDE, SPREAD

ALIKE = 0.85
"""The correlation of details from which two pictures are told to show the same."""
_HOPEFUL = 0.4
"""The correlation of details, two pictures being registered from afar, from which that is gone on with. Of 791 crops of
photographs that are told in the end all but one had 0.56 or more; of other candidates one in twenty had 0.4."""
_DETAILED = 0.15
"""The part of their variance that details have to have on average, 1 where all surroundings are textured."""
_NOISE = SPREAD / 16
"""The deviation of surroundings, in steps of a thumbnail, below which they hold no detail."""
_AROUND = 7
"""The side of surroundings."""
_COARSE, _FREQUENCIES = 0.6, 8
"""The correlation of coarse shapes from which a pair is a candidate, and how many frequencies a side make a shape."""
_CANDIDATES = 4
"""How many a picture has at most: in a set of faces, all are like all others from afar."""
_AT_ONCE, _ROWS, _COLUMNS = 64, 128, 128
"""Pairs that are fitted, and shapes that are correlated with others, at once: as many as a processor's cache holds, and
so few that NumPy's library multiplies them in one thread. Two would spend most of their time waiting for each other."""
_THREADS = 4
_ALL = 0.999
"""The part of surroundings that lies inside a picture where all of them do, but for rounding."""
_TURNS = ("", "mirrored", "mirrored", "turned", "mirrored and turned", "turned", "turned", "mirrored and turned")
"""What is done to a square: none, one or both of its axes reversed; then the same with its axes exchanged."""


class Alike(NamedTuple):
    """Two pictures that show the same, by their places. turn: what became of the second; empty where it lies alike."""

    first: int
    second: int
    turn: str


def alike(some: Sequence[bytes], others: Sequence[bytes] | None = None) -> list[Alike]:
    """The pictures of `some` that show what one of `others` shows, each with the one that is most like it.

    Both are given by their `thumbnail`s. Without others: pairs among `some`, each with a later one.
    """
    first, second = _stacked(some), _stacked(some if others is None else others)
    best: dict[int, tuple[float, Alike]] = {}

    def judged(pairs: npt.NDArray[np.intp]) -> list[tuple[float, Alike]]:
        rows, columns = pairs
        found, turns = _likeness(first[rows].astype(np.float32), second[columns].astype(np.float32))
        return [
            (float(found[place]), Alike(int(rows[place]), int(columns[place]), _TURNS[turns[place]]))
            for place in np.flatnonzero(found >= ALIKE)
        ]

    with ThreadPoolExecutor(_THREADS) as pool:  # NumPy lets other threads of Python go on while it computes
        for batch in pool.map(judged, _candidates(_shapes(first), _shapes(second), later=others is None)):
            for found, pair in batch:
                best[pair.first] = max(best.get(pair.first, (0.0, pair)), (found, pair))
    return [pair for _, (_, pair) in sorted(best.items())]


def _stacked(thumbnails: Sequence[bytes]) -> npt.NDArray[np.int8]:
    """Thumbnails `(N, SIDE, SIDE)`; an empty one is zero everywhere, and like nothing."""
    blank = bytes(SIDE * SIDE)
    return np.frombuffer(b"".join(one or blank for one in thumbnails), np.int8).reshape(-1, SIDE, SIDE)


def _shapes(pictures: npt.NDArray[np.int8] | Floats) -> Floats:
    """The lowest frequencies `(N, 8, 8)` of pictures, with the weight that makes them about equal, and length 1."""
    frequencies = np.arange(_FREQUENCIES)
    cosines = np.cos(np.pi / SIDE * frequencies[:, None] * (np.arange(SIDE) + 0.5)).astype(np.float32)
    weights = np.minimum(np.hypot(*np.mgrid[:_FREQUENCIES, :_FREQUENCIES]), 6).astype(np.float32)
    shapes: Floats = cosines @ pictures @ cosines.T * weights
    lengths = np.sqrt(np.square(shapes).sum((1, 2), keepdims=True))
    return shapes / np.where(lengths > 0, lengths, 1)


def _candidates(some: Floats, others: Floats, later: bool) -> Iterator[npt.NDArray[np.intp]]:
    """Places `(2, N)` of pairs with alike shapes, the most alike ones of each of `some`.

    later: only pairs with one of `others` that stands behind it.
    """
    quarters = [(slice(one, None, 2), slice(other, None, 2)) for one in (0, 1) for other in (0, 1)]
    parts = [_flat(some[:, ys, xs]) for ys, xs in quarters]
    ways = [[_flat(way[:, ys, xs]).T for ys, xs in quarters] for way in (others, others.swapaxes(1, 2))]
    for top in range(0, len(some), _ROWS):
        found = np.zeros((3, 0))
        for left in range(top if later else 0, len(others), _COLUMNS):
            columns = slice(left, left + _COLUMNS)
            rows = [part[top : top + _ROWS] for part in parts]
            bound = np.maximum(*(_bound(rows, [part[:, columns] for part in way]) for way in ways))
            if later and left < top + _ROWS:
                bound = np.triu(bound, top - left + 1)
            row, column = np.nonzero(bound >= _COARSE)
            if len(row):
                more = np.stack([row + top, column + left, bound[row, column]])
                found = _best(np.concatenate([found, more], 1))
        pairs = found[:2].astype(np.intp)
        for start in range(0, pairs.shape[1], _AT_ONCE):
            yield pairs[:, start : start + _AT_ONCE]


def _bound(some: Sequence[Floats], others: Sequence[Floats]) -> Floats:
    """What the correlation of shapes is at most `(N, M)`, however one of them is mirrored.

    Mirroring changes the signs of odd frequencies, so their parts of the correlation count either way. That takes a
    quarter of the time of all correlations.
    """
    bound: Floats = some[0] @ others[0]
    for one, other in zip(some[1:], others[1:], strict=True):
        part = one @ other
        bound += np.abs(part, out=part)
    return bound


def _best(found: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The candidates of each picture whose shapes are most alike. found: rows of pictures, others, correlations."""
    found = found[:, np.lexsort((-found[2], found[0]))]
    rank = np.arange(found.shape[1]) - np.searchsorted(found[0], found[0])
    return found[:, rank < _CANDIDATES]


def _flat(stack: Floats) -> Floats:
    return stack.reshape(len(stack), stack.shape[1] * stack.shape[2])


def _likeness(some: Floats, others: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The correlation `(N,)` of details, and the way in which the others are turned for it.

    They are compared as they lie, and where that is too small, fitted to each other.
    """
    turned, turns = _turned_onto(some, others)
    found = _correlation(some, turned, np.ones_like(some))
    doubtful = np.flatnonzero(found < ALIKE)
    if len(doubtful):
        some, turned = some[doubtful], turned[doubtful]
        fit = from_afar(some, turned)
        hopeful = np.flatnonzero(_correlation(some, *displaced(turned, fit)) >= _HOPEFUL)
        some, turned = some[hopeful], turned[hopeful]
        found[doubtful[hopeful]] = _correlation(some, *registered(some, turned, fit[hopeful]))
    return found, turns


def _turned_onto(some: Floats, others: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Each of the others in the way whose shape is most like that of its partner, and which way that is."""
    wanted, turned = _shapes(some), []
    for way in (others, others.swapaxes(1, 2)):
        turned += [way, way[:, :, ::-1], way[:, ::-1], way[:, ::-1, ::-1]]
    best = np.argmax([(wanted * _shapes(way)).sum((1, 2)) for way in turned], 0)
    return np.stack(turned)[best, np.arange(len(others))], best


def _correlation(some: Floats, others: Floats, inside: Floats) -> Floats:
    """The correlation of details where the surroundings are inside both; 0 where there are too few details."""
    counted = _around(inside) > _ALL
    one, other = _details(some) * counted, _details(others) * counted
    own, others_own = np.square(one).sum((1, 2)), np.square(other).sum((1, 2))
    enough = np.minimum(own, others_own) >= _DETAILED * np.maximum(counted.sum((1, 2)), 1)
    correlation: Floats = (one * other).sum((1, 2)) / np.sqrt(np.where(enough, own * others_own, 1))
    return np.where(enough, correlation, np.float32(0))


def _details(pictures: Floats) -> Floats:
    """Each area but those at the edge: its difference to its surroundings, in standard deviations of these."""
    edge = _AROUND // 2
    means = _around(pictures)
    variances = np.maximum(_around(np.square(pictures)) - np.square(means), 0)
    details: Floats = (pictures[:, edge:-edge, edge:-edge] - means) / np.sqrt(variances + _NOISE**2)
    return details


def _around(pictures: Floats) -> Floats:
    """The means of the surroundings that are whole."""
    edge = _AROUND // 2
    averaged = averaging(_AROUND)[edge:-edge]
    means: Floats = averaged @ pictures @ averaged.T
    return means
