"""How bright small spots stand out: the contrast of microcalcifications."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from scipy.ndimage import binary_dilation

import srbench
from srbench import Need
from srbench.types import Count

from .overlap import Mask
from .own_values import OwnValues
from .spots import TOUCHING, spots
from .task_metric import Array, TaskMetric

if TYPE_CHECKING:
    import torch

GAP, RING = 2, 3
"""Pixels around a spot that are left out, and those beyond that are its surroundings."""


class _Truth(NamedTuple):
    """regions: of each spot that is brighter than its surroundings in HR, it and these. contrast: of all in HR."""

    own: OwnValues
    regions: list[tuple[Mask, Mask]]
    contrast: float


class SpotContrast(TaskMetric):
    """How far the contrast of small bright spots is from HR's: |C of SR / C of HR - 1|, an image at a time.

    C is the sum, over the small connected parts of the mask that are brighter than their surroundings in HR, of the
    mean inside less the mean of the ring about it, in the images' own values.
    """

    higher_is_better = False
    range = (0.0, math.inf)
    needs: ClassVar[frozenset[Need]] = frozenset({"masks"})
    number = "contrast error"
    of_hr = False
    nothing = "no mask has a small spot that is brighter than its surroundings"

    def __init__(self, largest: Count = 16) -> None:
        """What counts as a spot.

        largest: its height and width at most, in HR pixels.
        """
        super().__init__()
        self._largest = largest

    def _truth(self, hr: torch.Tensor, item: srbench.Item) -> _Truth:
        whole = item.read_mask()
        assert whole is not None
        own = OwnValues.of(item, self.protocol)
        mask = whole[: hr.shape[1], : hr.shape[2], 0] != 0
        picture = own.image(hr).mean(0)
        regions, contrast = [], 0.0
        for spot in spots(mask, self._largest):
            inside = np.zeros_like(mask)
            inside[spot.box] = spot.inside
            near = binary_dilation(inside, TOUCHING, GAP)
            around = binary_dilation(near, TOUCHING, RING) & ~near & ~mask & own.known
            inside &= own.known
            if inside.any() and around.any() and (one := _contrast(picture, inside, around)) > 0:
                regions.append((inside, around))
                contrast += one
        return _Truth(own, regions, contrast)

    def _measure(self, image: torch.Tensor, truth: _Truth) -> Mapping[str, float]:
        if not truth.regions:
            return {}
        picture = truth.own.image(image).mean(0)
        kept = sum(_contrast(picture, *region) for region in truth.regions) / truth.contrast
        return {self.number: abs(kept - 1), "contrast kept": kept, "spots an image": float(len(truth.regions))}


def _contrast(picture: Array, inside: Mask, around: Mask) -> float:
    return float(picture[inside].mean() - picture[around].mean())
