"""Can small signals still be told from none: points, blobs, microcalcifications, stars?"""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

import srbench
from srbench import Need
from srbench.types import Count, Positive

from .channels import Channels, channels
from .observer import Detectability, detectability
from .spots import drawn, room, spots
from .task_metric import Array, Version, grey, versions

if TYPE_CHECKING:
    import torch


class _Origin(NamedTuple):
    """What image, of what group, a patch was cut from."""

    group: str | None
    image: str

    @property
    def unit(self) -> Hashable:
        """The group, or the image where it has none."""
        return self if self.group is None else self.group


class Detection(srbench.SetMetric):
    """Detectability d' of small signals for a channelised Hotelling observer.

    Signals are the small connected parts of the masks, each in the middle of a square patch; patches without are drawn
    at random where the mask is empty, the same ones for every method. The observer learns from all groups but the one
    that it judges.
    """

    judges = "task"
    higher_is_better = True
    sees = "image"
    needs: ClassVar[frozenset[Need]] = frozenset({"masks"})

    def __init__(
        self,
        channels: Channels = "laguerre-gauss",
        radius: Count = 10,
        width: Positive | None = None,
        absent: Count = 20,
    ) -> None:
        """What the observer sees.

        channels: `laguerre-gauss`, 6 of them, which know no directions; or `gabor`, 20. radius: a patch has 2 radius +
        1 HR pixels a side, and a signal at most radius. width: of the Gaussian of the former, in HR pixels; by default
        three fifths of the radius. absent: patches without a signal, from each image.
        """
        self._kind: Channels = channels
        self._radius, self._width, self._absent = radius, width or 0.6 * radius, absent
        self._seen: dict[Version, tuple[list[Array], list[Array]]] = {}
        self._from: tuple[list[_Origin], list[_Origin]] = [], []

    def update_item(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
        """Take in the patches of one image, as the channels see them."""
        whole = item.read_mask()
        assert whole is not None
        mask = whole[: hr.shape[1], : hr.shape[2], 0] != 0
        known = item.read_measured()[2]
        unknown = np.zeros_like(mask) if known is None else ~known[: hr.shape[1], : hr.shape[2]]
        inside = room(unknown, self._radius)
        centres = np.array([place for spot in spots(mask, self._radius) if inside[place := spot.centre]], np.int64)
        random = np.random.default_rng(zlib.crc32(item.id.encode()))
        empty = drawn(room(mask | unknown, self._radius), self._absent, random)
        for origins, places in zip(self._from, (centres, empty), strict=True):
            origins += [_Origin(item.group, item.id)] * len(places)
        patterns = channels(self._kind, self._radius, self._width)
        for version, image in versions(sr, hr, item, self.protocol).items():
            picture = grey(image)
            for kept, places in zip(self._seen.setdefault(version, ([], [])), (centres, empty), strict=True):
                kept += [self._patch(picture, int(row), int(column)) @ patterns for row, column in places]

    def _patch(self, picture: Array, row: int, column: int) -> Array:
        reach = self._radius
        return picture[row - reach : row + reach + 1, column - reach : column + reach + 1].ravel()

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """d' with its interval, beside it the area under the ROC curve; skipped where nothing can be learned."""
        counts = [len(origins) for origins in self._from]
        side = 2 * self._radius + 1
        if min(counts) < 2:
            return srbench.Skip(
                f"needs signals of at most {self._radius} pixels in patches of {side} x {side}, and patches without; "
                f"the masks have {counts[0]} of the one and {counts[1]} of the other"
            )
        found = {version: self._detectability(version) for version in self._seen}
        own = found["sr"]
        if own is None:
            return srbench.Skip("the patches with a signal, or those without, come from one group, or are all alike")
        bounds = {"ceiling ": found["hr"], "floor ": found["bicubic"]}
        ends = {} if own.area.interval is None else dict(zip(("AUC low", "AUC high"), own.area.interval, strict=True))
        details = srbench.Details(
            n=len({origin.image for origins in self._from for origin in origins}),
            interval=own.interval,
            ceiling=_estimate(found["hr"]),
            floor=_estimate(found["bicubic"]),
            further={"AUC": own.area.value}
            | ends
            | {f"{name}AUC": one.area.value for name, one in bounds.items() if one is not None}
            | {"signals": counts[0], "patches without": counts[1]},
        )
        return own.d, details

    def _detectability(self, version: Version) -> Detectability | None:
        present, absent = (np.stack(kept) for kept in self._seen[version])
        return detectability(present, absent, *self._units())

    def _units(self) -> tuple[Sequence[Hashable], Sequence[Hashable]]:
        """What is left out at once: a group or an image without one, else an image, of a single image a patch."""
        present, absent = self._from
        units = [origin.unit for origin in present], [origin.unit for origin in absent]
        images = [origin.image for origin in present], [origin.image for origin in absent]
        for parts in (units, images):
            if min(len(set(some)) for some in parts) > 1:
                return parts
        return range(len(present)), range(len(absent))


def _estimate(found: Detectability | None) -> srbench.Estimate | None:
    return None if found is None else srbench.Estimate(found.d, interval=found.interval)
