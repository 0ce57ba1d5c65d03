"""Registration of thumbnails: one shifted and stretched so that it lies on another, as cropping displaces it.

Lucas and Kanade, "An iterative image registration technique with an application to stereo vision", 1981, from blurred
pictures to sharp ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from srbench.pictures.thumbnail import SIDE

Floats = npt.NDArray[np.floating[Any]]
"""A stack `(N, SIDE, SIDE)` in single precision, where nothing else is said."""

_REACH = 2.5
"""How far a point may be displaced, in areas of a thumbnail: what cropping a twentieth off each side does, and a little
more."""
_FAR, _NEAR = (7, 7), (7, 3, 3, 1, 1)
"""Neighbours over which thumbnails are averaged before each step: far displacements are found from afar."""
_LIMITS = np.array([_REACH, 2 * _REACH / SIDE] * 2, np.float32)
_LEAST_CONTRAST = 0.3
_MIDDLE = (SIDE - 1) / 2
_FROM_MIDDLE = np.arange(SIDE, dtype=np.float32) - np.float32(_MIDDLE)
_ROUND_OFF = np.float32(1e-3)


def from_afar(some: Floats, others: Floats) -> Floats:
    """How the others lie on their partners, in a first approximation: a fit, with which `registered` goes on."""
    return _fit(some, others, np.zeros((len(some), 4), np.float32), _FAR)


def registered(some: Floats, others: Floats, fit: Floats) -> tuple[Floats, Floats]:
    """The others as they lie on their partners; and 1 where they reach, 0 beyond their edge.

    One that would have to be displaced by more than slight cropping does reaches nowhere.
    """
    fit = _fit(some, others, fit, _NEAR)
    moved, inside = displaced(others, fit)
    near = (np.abs(fit) / _LIMITS).reshape(-1, 2, 2).sum(2).max(1) <= 1
    return moved, inside * near[:, None, None]


def _fit(some: Floats, others: Floats, fit: Floats, blurs: Sequence[int]) -> Floats:
    """How far to shift and by how much to stretch the others `(N, 4)`: rows, then columns, each shift first.

    fit: how far that is known. Each step solves the linear equations for brightness, contrast and motion together.
    """
    for width in blurs:
        blur = averaging(width)
        aim = blur @ some @ blur.T
        moved, inside = displaced(blur @ others @ blur.T, fit)
        down, across = np.gradient(moved, axis=(1, 2))
        motion = (down, down * _FROM_MIDDLE[:, None], across, across * _FROM_MIDDLE)
        columns = np.stack([np.ones_like(moved), moved, *motion], 1) * inside[:, None]
        columns = columns.reshape(len(some), 6, SIDE * SIDE)
        lengths = np.sqrt(np.square(columns).sum(2)) + _ROUND_OFF
        columns /= lengths[:, :, None]
        # A little is added to the diagonal, so that a picture without any gradient stays where it is.
        squares = columns @ columns.swapaxes(1, 2) + _ROUND_OFF * np.eye(6, dtype=np.float32)
        aims = columns @ (aim * inside).reshape(len(some), SIDE * SIDE, 1)
        solved = np.linalg.solve(squares, aims)[..., 0] / lengths
        step = solved[:, 2:] / np.maximum(solved[:, 1:2], _LEAST_CONTRAST)
        fit = np.clip(fit + np.clip(step, -_LIMITS / 2, _LIMITS / 2), -1.2 * _LIMITS, 1.2 * _LIMITS)
    return fit


@cache
def averaging(width: int) -> Floats:
    """The matrix `(SIDE, SIDE)` that averages over `width` neighbours; beyond the edge, all are as the one there."""
    matrix = np.zeros((SIDE, SIDE), np.float32)
    for shift in range(-(width // 2), width // 2 + 1):
        matrix[np.arange(SIDE), np.clip(np.arange(SIDE) + shift, 0, SIDE - 1)] += 1 / width
    return matrix


def displaced(pictures: Floats, fit: Floats) -> tuple[Floats, Floats]:
    """Pictures shifted and stretched, linearly interpolated, and 1 where they reach, 0 beyond their edge."""
    rows = _FROM_MIDDLE * (1 + fit[:, 1:2]) + fit[:, 0:1]
    columns = _FROM_MIDDLE * (1 + fit[:, 3:4]) + fit[:, 2:3]
    inside = (np.abs(rows) <= SIDE / 2)[:, :, None] & (np.abs(columns) <= SIDE / 2)[:, None]
    moved: Floats = _interpolation(rows) @ pictures @ _interpolation(columns).swapaxes(1, 2)
    return moved, inside.astype(np.float32)


def _interpolation(places: Floats) -> Floats:
    """The matrices `(N, SIDE, SIDE)` that read pictures at places `(N, SIDE)`, counted from the middle."""
    read = np.clip(places, -_MIDDLE, _MIDDLE)[..., None]
    weights: Floats = np.maximum(1 - np.abs(read - _FROM_MIDDLE), 0)
    return weights
