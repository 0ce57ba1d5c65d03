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
from srbench.contract.masked import Masked
from srbench.contract.metric import ImageMetric, Metric, NoReferenceMetric, SetMetric, Skip, Source
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError, in_words, machine_fault
from srbench.evaluate.samples import sample_name
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
    """A result with the facts of its metric's class, where `fields` has no others.

    Raises `ScoreError` where the class does not say what is better.
    """
    if not isinstance(getattr(kind, "higher_is_better", None), bool):
        raise ScoreError(f"{kind.__name__} does not say `higher_is_better`, True or False, of its scores")
    lowest, highest = (end if math.isfinite(end) else None for end in kind.range)
    facts: dict[str, Any] = {
        "unit": kind.unit,
        "higher_is_better": kind.higher_is_better,
        "lowest": lowest,
        "highest": highest,
        "per_image": issubclass(kind, ImageMetric),
    }
    return MetricResult(key=key, **{**facts, **fields})


@dataclass(frozen=True)
class TrainingSplit:
    """The training split with its SR: where that lies, and its file names by image id."""

    items: Iterable[Item]
    folder: Path
    images: Mapping[str, str]


@dataclass
class ScoreColumn:
    """The scores of one metric while they are gathered: one an image, or why there are none.

    groups: of the images that have one, by image id. beside: what an image metric tells besides, by its name and image.
    bare: how many images have nothing of the region that is scored. whole: a set metric's value. counted: images of the
    set. again: the failure is the machine's.
    """

    metric: Metric
    key: str
    images: dict[str, float] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    beside: dict[str, dict[str, float]] = field(default_factory=dict)
    bare: int = 0
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

    def score(self, item: Item, seen: Seen) -> None:
        """Show the metric an image of the test split. Raises `ScoreError`."""
        self.counted += 1
        if isinstance(self.metric, SetMetric) and seen.samples is not None:
            self.metric.update_samples(seen.samples, seen.hr, seen.measured)
            return
        if isinstance(self.metric, SetMetric):
            self.metric.update_item(seen.sr, seen.hr, item)
            return
        assert isinstance(self.metric, ImageMetric)
        if seen.measured is not None and not seen.measured.any():
            self.bare += 1
        elif seen.baseline is not None:
            self.note(item, self.metric.score_beside(seen.sr, seen.hr, seen.baseline, seen.measured))
        elif seen.measured is not None:
            self.note(item, self.metric.score_measured(seen.sr, seen.hr, seen.measured))
        else:
            self.note(item, self.metric.score(seen.sr, seen.hr))

    def note(self, item: Item, answer: float | tuple[float, Details] | Skip) -> None:
        """Keep what a metric says of an image. Raises `ScoreError` for what is no score."""
        if isinstance(answer, Skip):
            self.skipped.append(answer.reason)
            return
        self.images[item.id], details = _checked(answer)
        if details != Details(further=details.further):
            raise ScoreError("beside the score of an image stands more than the `further` of srbench.Details")
        for name, number in details.further.items():
            self.beside.setdefault(name, {})[item.id] = number
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
        self.whole, self.details = _checked(answer)

    def result(self) -> MetricResult:
        """The column in one line: the mean over units, infinite images left out and counted.

        A unit is a group, with the mean over its images, or an image without a group. A metric that could not
        score every image has no mean at all: a mean over some would compare unequal sets. Images that have nothing of
        the region are left out and counted, since they are the same ones for every method.
        """
        result = partial(result_of, type(self.metric), self.key)
        if self.failure:
            return result(status="failed", reason=self.failure, again=self.again)
        if self.skipped:
            total = len(self.images) + len(self.skipped)
            where = f"{len(self.skipped)} of {total} images: " if isinstance(self.metric, ImageMetric) else ""
            return result(status="skipped", reason=where + self.skipped[0])
        if self.whole is not None:
            return result(value=self.whole, n=self.counted, details=self.details, unit=self.metric.unit)
        if self.bare and not self.images:
            return result(status="skipped", reason=f"nothing to score: none of {self.bare} images has {self._part}")
        finite = {image: score for image, score in self.images.items() if math.isfinite(score)}
        means = unit_means(finite, self.groups)
        further = {name: fmean(unit_means(numbers, self.groups)) for name, numbers in self.beside.items()}
        if self.bare:
            further[f"images without {self._part}"] = self.bare
        return result(
            value=fmean(means) if means else None,
            n=len(finite),
            groups=len(means) if finite.keys() & self.groups.keys() else 0,
            infinite=len(self.images) - len(finite),
            details=Details(further=further),
        )

    @property
    def _part(self) -> str:
        """What an image has to have to be scored, in words."""
        region = self.metric.masked.region if isinstance(self.metric, ImageMetric) else None
        if region is None:
            return "a pixel that is scored and was measured"
        return f"a pixel of its region {region!r} that is scored"


def _checked(answer: float | tuple[float, Details]) -> tuple[float, Details]:
    """What a metric answered, as its value and what stands beside it. Raises `ScoreError`."""
    value, details = answer if isinstance(answer, tuple) else (answer, Details())
    if not is_score(value):
        raise ScoreError(f"the score is not a number, or beyond all bounds: {float(value):g}")
    if type(details) is not Details:
        raise ScoreError(f"beside the score is a {type(details).__name__}, not srbench.Details")
    return float(value), details


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
    samples: Path | None = None,
    reference: Iterable[Item] = (),
) -> ScoreColumn:
    """Score every image with a metric, its extractor bound; one image at a time is in memory.

    key: of the metric. folder, images: where the SR lies and its file names, by image id. training: for a metric that
    needs the SR of the training split, which it sees first. samples: where samples of SR lie, for one that needs these.
    reference: the training split, for one that compares with its HR. What goes wrong is the column's failure; only
    `Interrupted`, which `progress` may raise, ends it.
    """
    column = ScoreColumn(metric, key)
    with column.failing() as at:
        if training is not None and "training_sr" in metric.requires():
            assert isinstance(metric, SetMetric)
            for item in training.items:
                at(f"training split: image {item.id!r}: ")
                seen = _seen(item, protocol, training.folder, training.images, metric)
                metric.update_training(seen.sr, seen.hr, item)
                progress(item.id)
        for item in reference if metric.reference == "train" else ():
            assert isinstance(metric, SetMetric)
            at(f"training split: image {item.id!r}: ")
            metric.update_unpaired(_whole(*protocol.reference(*item.read_hr())), "training", item)
            progress(item.id)
        for item in items:
            at(f"image {item.id!r}: ")
            if isinstance(metric, NoReferenceMetric):
                column.counted += 1
                column.note(item, metric.judge(_alone(item, protocol, folder, images, metric.sees)))
            else:
                column.score(item, _seen(item, protocol, folder, images, metric, samples))
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


def _alone(item: Item, protocol: Protocol, folder: Path, images: Mapping[str, str], sees: str) -> torch.Tensor:
    """SR of an item as a metric sees it that looks at nothing else."""
    values = protocol.given(item)[1] if item.hr is None else protocol.reference(*item.read_hr())[1]
    view = protocol.scored if sees == "protocol" else _whole
    return view(_read(folder / images[item.id]), values)


@dataclass(frozen=True)
class Seen:
    """An image as a metric sees it, each part `(C, H, W)`.

    measured: which part counts, `(H, W)`: where HR was measured, and inside the region; None where that is everywhere.
    baseline, samples: where the metric needs them.
    """

    sr: torch.Tensor
    hr: torch.Tensor
    measured: torch.Tensor | None = None
    baseline: torch.Tensor | None = None
    samples: Iterator[torch.Tensor] | None = None


def _seen(
    item: Item,
    protocol: Protocol,
    folder: Path,
    images: Mapping[str, str],
    metric: Metric,
    samples: Path | None = None,
) -> Seen:
    """What a metric sees of an item.

    Where HR was not measured, it is what stands in SR, which goes on as its surroundings do, as what HR is filled with
    does not: that is neither an error nor a share in any other. Of sets, and in LR, SR is what stands in HR. Outside a
    region, too, SR is what stands in HR, so that no error there has a share in the score.
    """
    import torch

    masked = metric.masked if isinstance(metric, ImageMetric) else Masked()
    if item.hr is None:
        if metric.sees != "lr" or masked.region is not None:
            raise ScoreError("there is no HR")
        lr, values, _ = protocol.given(item)
        shrunk = protocol.lr(_read(folder / images[item.id]), values, item.id)
        return Seen(protocol.in_channel(shrunk, values), protocol.in_channel(lr, values))
    native_hr, native, known = item.read_measured()
    inside = masked.inside(item, *native_hr.shape[:2])
    hr, values = protocol.reference(native_hr, native)
    sr = _read(folder / images[item.id], hr)
    baseline = None
    if "baseline" in metric.requires():
        lr = protocol.lr(native_hr, native, item.id, protocol.shipped_lr(item))
        baseline = protocol.baseline(lr, values)
    if known is not None:
        known = known[: hr.shape[0], : hr.shape[1]]
        if metric.sees == "protocol":
            hr = np.where(known[..., None], hr, sr)
            baseline = None if baseline is None else np.where(known[..., None], baseline, sr)
        else:
            sr = np.where(known[..., None], sr, hr)
            baseline = None if baseline is None else np.where(known[..., None], baseline, hr)
    if inside is not None:
        inside = inside[: hr.shape[0], : hr.shape[1]]
        known = inside if known is None else known & inside
    if metric.sees == "lr":
        known, inside = (None if part is None else _in_lr(part, protocol.scale) for part in (known, inside))
        # The LR of upscaling: the shipped one, or made from HR.
        hr = protocol.lr(native_hr, native, item.id, protocol.shipped_lr(item))
        sr = protocol.lr(sr, values, item.id)
    if inside is not None:
        sr = np.where(inside[..., None], sr, hr)
        baseline = None if baseline is None else np.where(inside[..., None], baseline, hr)
    if metric.sees == "protocol":
        view = protocol.scored
        known = None if known is None else protocol.without_border(known)
    elif metric.sees == "lr":
        view = protocol.in_channel
    else:
        view = _whole

    def drawn(samples: Path) -> Iterator[torch.Tensor]:
        for place in range(1, metric.samples + 1):
            yield view(_read(samples / sample_name(images[item.id], place), hr), values)

    seen = view(sr, values)
    del sr  # a large picture should be in memory once, beside the eight times as large one that metrics see
    return Seen(
        seen,
        view(hr, values),
        None if known is None else torch.from_numpy(known.copy()),
        None if baseline is None else view(baseline, values),
        None if samples is None or "samples" not in metric.requires() else drawn(samples),
    )


def _read(path: Path, hr: Image | None = None) -> Image:
    """The picture that a method made, which should be as large as HR, where there is one, and as deep.

    Raises `ScoreError`.
    """
    if not path.exists():
        again = path.parents[1]
        raise ScoreError(
            f"{path} is not there any more; remove the folder {again}, so that the next run makes it again"
        )
    made = read_image(path)
    if hr is not None and (made.shape != hr.shape or made.dtype != hr.dtype):
        raise ScoreError(f"{path} does not match its HR in size or depth")
    return made


def _in_lr(known: npt.NDArray[np.bool_], scale: Scale) -> npt.NDArray[np.bool_]:
    """Where LR was measured: where the HR pixel was that lies under the middle of its pixel."""
    rows, columns = (under_middles(reduced(side, scale), scale) for side in known.shape)
    return known[np.ix_(rows, columns)]


def _whole(image: Image, values: Values) -> torch.Tensor:
    import torch

    return to_tensor(image, values, torch.float64)
