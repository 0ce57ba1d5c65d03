"""Score the SR on disk against HR. Knows nothing of the method that made it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.dataset import Item
from srbench.errors import SrbenchError
from srbench.image import Image, read_image, to_tensor
from srbench.metric import ImageMetric, Metric, SetMetric, Skip
from srbench.protocol import Protocol
from srbench.store import MetricResult

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


class ScoreError(SrbenchError):
    """SR on disk that cannot be compared with its HR."""


@dataclass
class Column:
    """The scores of one metric while they are gathered: one an image, or why there are none."""

    metric: Metric
    key: str
    images: dict[str, float] = field(default_factory=dict)
    whole: float | None = None
    counted: int = 0
    skipped: list[str] = field(default_factory=list)
    failure: str = ""

    def result(self) -> MetricResult:
        """The column in one line: the mean over images, the infinite ones left out and counted.

        A metric that could not score every image has no mean at all: a mean over some would compare unequal sets.
        """
        lowest, highest = (end if math.isfinite(end) else None for end in self.metric.range)
        result = partial(
            MetricResult,
            lowest=lowest,
            highest=highest,
            key=self.key,
            unit=self.metric.unit,
            higher_is_better=self.metric.higher_is_better,
            per_image=isinstance(self.metric, ImageMetric),
        )
        if self.failure:
            return result(status="failed", reason=self.failure)
        if self.skipped:
            total = len(self.images) + len(self.skipped)
            where = f"{len(self.skipped)} of {total} images: " if isinstance(self.metric, ImageMetric) else ""
            return result(status="skipped", reason=where + self.skipped[0])
        if self.whole is not None:
            return result(value=self.whole, n=self.counted)
        finite = [score for score in self.images.values() if math.isfinite(score)]
        mean = math.fsum(finite) / len(finite) if finite else None
        return result(value=mean, n=len(finite), infinite=len(self.images) - len(finite))


def score_split(
    metrics: Mapping[str, tuple[str, Metric]],
    items: Iterable[Item],
    protocol: Protocol,
    folder: Path,
    images: Mapping[str, str],
    progress: Callable[[str], None] = lambda image: None,
) -> dict[str, Column]:
    """Score every image with every metric.

    metrics: by name, the key and the metric. folder, images: where the SR lies and its file names, by image id.
    A metric that raises fails alone; the others go on.
    """
    columns = {name: Column(metric, key) for name, (key, metric) in metrics.items()}
    counted = 0
    for item in items:
        hr, peak = item.read_hr()
        reference, white = protocol.reference(hr, peak)
        sr = read_image(folder / images[item.id])
        if sr.shape != reference.shape or sr.dtype != reference.dtype:
            raise ScoreError(f"{folder / images[item.id]} does not match its HR in size or depth")
        seen = _Views(sr, reference, white, protocol, partial(_lr, item, hr, peak, protocol))
        for column in columns.values():
            if not column.failure:
                _take(column, item.id, seen)
        counted += 1
        progress(item.id)
    for column in columns.values():
        _close(column, counted)
    return columns


class _Views:
    """SR and HR as metrics see them; each view is made once an image, however many metrics ask.

    lr: the LR that the method was given, read or made when a metric asks for it.
    """

    def __init__(self, sr: Image, hr: Image, peak: float, protocol: Protocol, lr: Callable[[], Image]) -> None:
        self._pair, self._peak, self._protocol, self._lr = (sr, hr), peak, protocol, lr
        self._made: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def get(self, sees: str) -> tuple[torch.Tensor, torch.Tensor]:
        if sees not in self._made:
            sr, hr = self._pair
            if sees == "protocol":
                view = self._protocol.scored
            elif sees == "lr":
                sr, hr = self._protocol.lr(sr, self._peak), self._lr()
                view = self._protocol.in_channel
            else:
                view = _whole
            self._made[sees] = view(sr, self._peak), view(hr, self._peak)
        return self._made[sees]


def _lr(item: Item, hr: Image, peak: float, protocol: Protocol) -> Image:
    """The LR of upscaling: the shipped one, or made from HR."""
    return protocol.lr(hr, peak, item.read_lr(protocol.degradation, protocol.scale))


def _whole(image: Image, peak: float) -> torch.Tensor:
    import torch

    return to_tensor(image, peak, torch.float64)


def _take(column: Column, image: str, seen: _Views) -> None:
    try:
        sr, hr = seen.get(column.metric.sees)
        if isinstance(column.metric, SetMetric):
            column.metric.update(sr, hr)
            return
        assert isinstance(column.metric, ImageMetric)
        score = column.metric.score(sr, hr)
        if isinstance(score, Skip):
            column.skipped.append(score.reason)
        elif math.isnan(score):
            column.failure = f"the score of image {image!r} is not a number"
        else:
            column.images[image] = float(score)
    except Exception as error:  # a metric's own fault: the other metrics go on
        column.failure = f"image {image!r}: {type(error).__name__}: {error}"


def _close(column: Column, images: int) -> None:
    column.counted = images
    if column.failure or not isinstance(column.metric, SetMetric):
        return
    try:
        value = column.metric.compute()
    except Exception as error:  # a metric's own fault: the other metrics go on
        column.failure = f"{type(error).__name__}: {error}"
        return
    if isinstance(value, Skip):
        column.skipped.append(value.reason)
    elif math.isnan(value):
        column.failure = "the score is not a number"
    else:
        column.whole = float(value)
