"""Score the SR on disk against HR. Knows nothing of the method that made it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from srbench.contract.dataset import Item
from srbench.contract.metric import ImageMetric, Metric, SetMetric, Skip, Source
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.pictures import Image, Values, read_image, to_tensor
from srbench.statistics.scores import is_score
from srbench.statistics.units import unit_means
from srbench.store.details import Details
from srbench.store.records import MetricResult

if TYPE_CHECKING:
    import torch


class ScoreError(SrbenchError):
    """SR on disk that cannot be compared with its HR."""


def result_of(kind: type[Metric], key: str, **fields: Any) -> MetricResult:
    """A result with the facts of its metric's class."""
    lowest, highest = (end if math.isfinite(end) else None for end in kind.range)
    return MetricResult(
        key=key,
        unit=kind.unit,
        higher_is_better=kind.higher_is_better,
        lowest=lowest,
        highest=highest,
        per_image=issubclass(kind, ImageMetric),
        **fields,
    )


@dataclass(frozen=True)
class TrainingSplit:
    """The training split with its SR: where that lies, and its file names by image id."""

    items: Iterable[Item]
    folder: Path
    images: Mapping[str, str]


@dataclass
class ScoreColumn:
    """The scores of one metric while they are gathered: one an image, or why there are none.

    groups: of the images that have one, by image id.
    """

    metric: Metric
    key: str
    images: dict[str, float] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    whole: float | None = None
    details: Details = field(default_factory=Details)
    counted: int = 0
    skipped: list[str] = field(default_factory=list)
    failure: str = ""

    def result(self) -> MetricResult:
        """The column in one line: the mean over units, infinite images left out and counted.

        A unit is a group, with the mean over its images, or an image without a group. A metric that could not
        score every image has no mean at all: a mean over some would compare unequal sets.
        """
        result = partial(result_of, type(self.metric), self.key)
        if self.failure:
            return result(status="failed", reason=self.failure)
        if self.skipped:
            total = len(self.images) + len(self.skipped)
            where = f"{len(self.skipped)} of {total} images: " if isinstance(self.metric, ImageMetric) else ""
            return result(status="skipped", reason=where + self.skipped[0])
        if self.whole is not None:
            return result(value=self.whole, n=self.counted, details=self.details)
        finite = {image: score for image, score in self.images.items() if math.isfinite(score)}
        means = unit_means(finite, self.groups)
        return result(
            value=fmean(means) if means else None,
            n=len(finite),
            groups=len(means) if finite.keys() & self.groups.keys() else 0,
            infinite=len(self.images) - len(finite),
        )


def score_split(
    metrics: Mapping[str, tuple[str, Metric]],
    items: Iterable[Item],
    protocol: Protocol,
    folder: Path,
    images: Mapping[str, str],
    progress: Callable[[str], None] = lambda image: None,
    *,
    training: TrainingSplit | None = None,
) -> dict[str, ScoreColumn]:
    """Score every image with every metric; one image at a time is in memory.

    metrics: by name, the key and the metric, its extractor bound. folder, images: where the SR lies and its file names,
    by image id. training: for metrics that need the SR of the training split; they see it first. A metric that raises
    fails alone; the others go on.
    """
    columns = {name: ScoreColumn(metric, key) for name, (key, metric) in metrics.items()}
    learners = [column for column in columns.values() if "training_sr" in column.metric.needs]
    if training is not None:
        try:
            for item, seen in _pairs(training.items, protocol, training.folder, training.images):
                _for_each(learners, f"image {item.id!r}: ", partial(_learn, item, seen))
                progress(item.id)
        except Exception as error:  # a picture that cannot be read: the other metrics do not need it
            for column in learners:
                column.failure = column.failure or f"training split: {type(error).__name__}: {error}"
    counted = 0
    for item, seen in _pairs(items, protocol, folder, images):
        _for_each(columns.values(), f"image {item.id!r}: ", partial(_score, item, seen))
        counted += 1
        progress(item.id)
    _for_each(columns.values(), "", partial(_close, counted))
    return columns


def score_set(
    metrics: Mapping[str, tuple[str, Metric]],
    sources: Iterable[tuple[Source, Iterable[tuple[Item, Image, Values]]]],
    progress: Callable[[str], None] = lambda image: None,
) -> dict[str, ScoreColumn]:
    """Score a generated set of images, one image in memory at a time, with metrics of unpaired images.

    sources: in the order of `SetMetric.update_unpaired`, each with its images and their values. n of a result counts
    the generated images. A metric that raises fails alone; the others go on.
    """
    columns = {name: ScoreColumn(metric, key) for name, (key, metric) in metrics.items()}
    counted: Counter[Source] = Counter()
    for source, images in sources:
        for item, image, values in images:
            counted[source] += 1
            seen = partial(_see, item, source, _whole(image, values))
            _for_each(columns.values(), f"{source} image {item.id!r}: ", seen)
            progress(item.id)
    _for_each(columns.values(), "", partial(_close, counted["generated"]))
    return columns


def _for_each(columns: Iterable[ScoreColumn], where: str, use: Callable[[ScoreColumn], None]) -> None:
    """Call a function with every metric that has not failed yet; a fault is the metric's own, and the others go on."""
    for column in columns:
        if not column.failure:
            try:
                use(column)
            except Exception as error:
                column.failure = f"{where}{type(error).__name__}: {error}"


def _pairs(
    items: Iterable[Item], protocol: Protocol, folder: Path, images: Mapping[str, str]
) -> Iterator[tuple[Item, _Views]]:
    """Each item with its SR and HR, read when the last one is done with."""
    for item in items:
        hr, native = item.read_hr()
        reference, values = protocol.reference(hr, native)
        path = folder / images[item.id]
        if not path.exists():
            raise ScoreError(
                f"{path} is not there any more; remove the folder {folder.parent}, so that the next run makes it again"
            )
        sr = read_image(path)
        if sr.shape != reference.shape or sr.dtype != reference.dtype:
            raise ScoreError(f"{path} does not match its HR in size or depth")
        yield item, _Views(sr, reference, values, protocol, item.id, partial(_lr, item, hr, native, protocol))


class _Views:
    """SR and HR as metrics see them; each view is made once an image, however many metrics ask.

    image: the id. lr: the LR that the method was given, read or made when a metric asks for it.
    """

    def __init__(
        self, sr: Image, hr: Image, values: Values, protocol: Protocol, image: str, lr: Callable[[], Image]
    ) -> None:
        self._pair, self._values, self._protocol, self._image, self._lr = (sr, hr), values, protocol, image, lr
        self._made: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def get(self, sees: str) -> tuple[torch.Tensor, torch.Tensor]:
        if sees not in self._made:
            sr, hr = self._pair
            if sees == "protocol":
                view = self._protocol.scored
            elif sees == "lr":
                sr, hr = self._protocol.lr(sr, self._values, self._image), self._lr()
                view = self._protocol.in_channel
            else:
                view = _whole
            self._made[sees] = view(sr, self._values), view(hr, self._values)
        return self._made[sees]


def _lr(item: Item, hr: Image, values: Values, protocol: Protocol) -> Image:
    """The LR of upscaling: the shipped one, or made from HR."""
    return protocol.lr(hr, values, item.id, protocol.shipped_lr(item))


def _whole(image: Image, values: Values) -> torch.Tensor:
    import torch

    return to_tensor(image, values, torch.float64)


def _learn(item: Item, seen: _Views, column: ScoreColumn) -> None:
    assert isinstance(column.metric, SetMetric)
    column.metric.update_training(*seen.get(column.metric.sees), item)


def _see(item: Item, source: Source, image: torch.Tensor, column: ScoreColumn) -> None:
    assert isinstance(column.metric, SetMetric)
    column.metric.update_unpaired(image, source, item)


def _score(item: Item, seen: _Views, column: ScoreColumn) -> None:
    sr, hr = seen.get(column.metric.sees)
    if isinstance(column.metric, SetMetric):
        column.metric.update_item(sr, hr, item)
        return
    assert isinstance(column.metric, ImageMetric)
    score = column.metric.score(sr, hr)
    if isinstance(score, Skip):
        column.skipped.append(score.reason)
    elif not is_score(score):
        column.failure = f"the score of image {item.id!r} is not a number, or beyond all bounds: {float(score):g}"
    else:
        column.images[item.id] = float(score)
        if item.group is not None:
            column.groups[item.id] = item.group


def _close(images: int, column: ScoreColumn) -> None:
    if not isinstance(column.metric, SetMetric):
        return
    column.counted = images
    answer = column.metric.compute()
    if isinstance(answer, Skip):
        column.skipped.append(answer.reason)
        return
    value, details = answer if isinstance(answer, tuple) else (answer, Details())
    if not is_score(value):
        column.failure = f"the score is not a number, or beyond all bounds: {float(value):g}"
    elif type(details) is not Details:
        column.failure = f"beside the score is a {type(details).__name__}, not srbench.Details"
    else:
        column.whole, column.details = float(value), details
