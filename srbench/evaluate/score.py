"""Score the SR on disk against HR. Knows nothing of the method that made it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from srbench.contract.dataset import Item
from srbench.contract.fit import Interrupted
from srbench.contract.metric import ImageMetric, Metric, SetMetric, Skip, Source
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError, in_words, machine_fault
from srbench.pictures import Image, Scale, Values, read_image, reduced, to_tensor, under_middles
from srbench.statistics.scores import is_score
from srbench.statistics.units import unit_means
from srbench.store.details import Details
from srbench.store.record import MetricResult

if TYPE_CHECKING:
    import torch


class ScoreError(SrbenchError):
    """SR on disk that cannot be compared with its HR."""


def result_of(kind: type[Metric], key: str, **fields: Any) -> MetricResult:
    """A result with the facts of its metric's class. Raises `ScoreError` where that does not say what is better."""
    if not isinstance(getattr(kind, "higher_is_better", None), bool):
        raise ScoreError(f"{kind.__name__} does not say `higher_is_better`, True or False, of its scores")
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

    groups: of the images that have one, by image id. whole: a set metric's value. counted: images of the set. again:
    the failure is the machine's.
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
    again: bool = False

    @contextmanager
    def failing(self) -> Iterator[Callable[[str], None]]:
        """Note what is raised inside as the failure; what it yields is told, before each step, where that is."""
        where = ""

        def at(place: str) -> None:
            nonlocal where
            where = place

        try:
            yield at
        except Interrupted:
            raise
        except Exception as error:  # whatever a plugin does
            self.failure, self.again = where + in_words(error), bool(machine_fault(error))

    def score(self, item: Item, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor | None) -> None:
        """Show the metric an image of the test split. Raises `ScoreError`."""
        self.counted += 1
        if isinstance(self.metric, SetMetric):
            self.metric.update_item(sr, hr, item)
            return
        assert isinstance(self.metric, ImageMetric)
        score = self.metric.score(sr, hr) if measured is None else self.metric.score_measured(sr, hr, measured)
        if isinstance(score, Skip):
            self.skipped.append(score.reason)
        elif not is_score(score):
            raise ScoreError(f"the score is not a number, or beyond all bounds: {float(score):g}")
        else:
            self.images[item.id] = float(score)
            if item.group is not None:
                self.groups[item.id] = item.group

    def close(self) -> None:
        """Ask a set metric for its value, when it has seen all. Raises `ScoreError`."""
        if not isinstance(self.metric, SetMetric):
            return
        answer = self.metric.compute()
        if isinstance(answer, Skip):
            self.skipped.append(answer.reason)
            return
        value, details = answer if isinstance(answer, tuple) else (answer, Details())
        if not is_score(value):
            raise ScoreError(f"the score is not a number, or beyond all bounds: {float(value):g}")
        if type(details) is not Details:
            raise ScoreError(f"beside the score is a {type(details).__name__}, not srbench.Details")
        self.whole, self.details = float(value), details

    def result(self) -> MetricResult:
        """The column in one line: the mean over units, infinite images left out and counted.

        A unit is a group, with the mean over its images, or an image without a group. A metric that could not
        score every image has no mean at all: a mean over some would compare unequal sets.
        """
        result = partial(result_of, type(self.metric), self.key)
        if self.failure:
            return result(status="failed", reason=self.failure, again=self.again)
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
    key: str,
    metric: Metric,
    items: Iterable[Item],
    protocol: Protocol,
    folder: Path,
    images: Mapping[str, str],
    progress: Callable[[str], None] = lambda image: None,
    *,
    training: TrainingSplit | None = None,
    reference: Iterable[Item] = (),
) -> ScoreColumn:
    """Score every image with a metric, its extractor bound; one image at a time is in memory.

    key: of the metric. folder, images: where the SR lies and its file names, by image id. training: for a metric that
    needs the SR of the training split, which it sees first. reference: the training split, for one that compares with
    its HR. What goes wrong is the column's failure; only
    `Interrupted`, which `progress` may raise, ends it.
    """
    column = ScoreColumn(metric, key)
    with column.failing() as at:
        if training is not None and "training_sr" in metric.needs:
            assert isinstance(metric, SetMetric)
            for item in training.items:
                at(f"training split: image {item.id!r}: ")
                sr, hr, _ = _views(item, protocol, training.folder, training.images, metric.sees)
                metric.update_training(sr, hr, item)
                progress(item.id)
        for item in reference if metric.reference == "train" else ():
            assert isinstance(metric, SetMetric)
            at(f"training split: image {item.id!r}: ")
            metric.update_unpaired(_whole(*protocol.reference(*item.read_hr())), "training", item)
            progress(item.id)
        for item in items:
            at(f"image {item.id!r}: ")
            column.score(item, *_views(item, protocol, folder, images, metric.sees))
            progress(item.id)
        at("")
        column.close()
    return column


def score_set(
    key: str,
    metric: Metric,
    sources: Iterable[tuple[Source, Iterable[tuple[Item, Image, Values]]]],
    progress: Callable[[str], None] = lambda image: None,
) -> ScoreColumn:
    """Score a generated set of images with a metric of unpaired images; one image at a time is in memory.

    sources: in the order of `SetMetric.update_unpaired`, each with its images and their values. n of a result counts
    the generated images. What goes wrong is the column's failure, as of `score_split`.
    """
    column = ScoreColumn(metric, key)
    assert isinstance(metric, SetMetric)
    with column.failing() as at:
        for source, images in sources:
            for item, image, values in images:
                at(f"{source} image {item.id!r}: ")
                column.counted += source == "generated"
                metric.update_unpaired(_whole(image, values), source, item)
                progress(item.id)
        at("")
        column.close()
    return column


def _views(
    item: Item, protocol: Protocol, folder: Path, images: Mapping[str, str], sees: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """SR and HR of an item as a metric sees them; where HR was measured, `(H, W)`, None where that is everywhere.

    Where it was not, HR is what stands in SR, which goes on as its surroundings do, as what HR is filled with does not:
    that is neither an error nor a share in any other. Of sets, and in LR, SR is what stands in HR.
    """
    import torch

    native_hr, native, known = item.read_measured()
    hr, values = protocol.reference(native_hr, native)
    path = folder / images[item.id]
    if not path.exists():
        raise ScoreError(
            f"{path} is not there any more; remove the folder {folder.parent}, so that the next run makes it again"
        )
    sr = read_image(path)
    if sr.shape != hr.shape or sr.dtype != hr.dtype:
        raise ScoreError(f"{path} does not match its HR in size or depth")
    if known is not None:
        known = known[: hr.shape[0], : hr.shape[1]]
        if sees == "protocol":
            hr = np.where(known[..., None], hr, sr)
        else:
            sr = np.where(known[..., None], sr, hr)
    if sees == "protocol":
        view = protocol.scored
        known = None if known is None else protocol.without_border(known)
    elif sees == "lr":
        known = None if known is None else _in_lr(known, protocol.scale)
        # The LR of upscaling: the shipped one, or made from HR.
        hr = protocol.lr(native_hr, native, item.id, protocol.shipped_lr(item))
        sr = protocol.lr(sr, values, item.id)
        view = protocol.in_channel
    else:
        view = _whole
    seen = view(sr, values)
    del sr  # a large picture should be in memory once, beside the eight times as large one that metrics see
    return seen, view(hr, values), None if known is None else torch.from_numpy(known.copy())


def _in_lr(known: npt.NDArray[np.bool_], scale: Scale) -> npt.NDArray[np.bool_]:
    """Where LR was measured: where the HR pixel was that lies under the middle of its pixel."""
    rows, columns = (under_middles(reduced(side, scale), scale) for side in known.shape)
    return known[np.ix_(rows, columns)]


def _whole(image: Image, values: Values) -> torch.Tensor:
    import torch

    return to_tensor(image, values, torch.float64)
