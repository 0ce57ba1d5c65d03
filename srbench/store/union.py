"""What two records of one key make together, and where they contradict each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from srbench.store.copies import PICTURES, below
from srbench.store.frames import TOLERANCE
from srbench.store.record import SCORES, MetricResult, Record
from srbench.store.records import CEILING_IMAGES, SAMPLE_IMAGES, TRAINING_IMAGES

_TIMED = ("history.csv", "training.json")
"""Files of trainings with times in them, which differ between trainings that are equal."""
_RESULTS = ("failed", "skipped", "ok")
"""How metrics end, the better the later."""


@dataclass(frozen=True)
class Difference:
    """One thing that two records of a key say otherwise. what: a metric or a file. kept, other: its value, in words."""

    what: str
    kept: str
    other: str

    def __str__(self) -> str:
        return f"{self.what} {self.kept} and {self.other}"


def is_better(record: Record, than: Record) -> bool:
    """Whether a record takes the place of another, as one that is ok does of one that is not.

    Of two that are not, one that says something about the method, then the later.
    """
    if "ok" in (record.status, than.status):
        return record.status == "ok" != than.status
    mine, its = ((one.status != "killed", one.started, one.status, one.reason) for one in (record, than))
    return mine > its


def differences(kept: Record, other: Record) -> list[Difference]:
    """Where two records that are ok contradict each other: other files that were made, other results of a metric."""
    files = list(other_files(kept, other))
    shared = kept.metrics.keys() & other.metrics.keys()
    found = [
        Difference(mine.name, _score(mine), _score(its))
        for key, mine in kept.metrics.items()
        if key in shared and not _agree(mine, its := other.metrics[key])
    ]
    if files:
        name, more = files[0], f" and {len(files) - 1} more" if len(files) > 1 else ""
        found.append(Difference(name + more, *(f"sha256 {one.files.get(name, '-')[:12]}" for one in (kept, other))))
    return found


def made_the_same(kept: Record, other: Record) -> bool:
    """Whether results of one hold for the other, too: what was made are the same files."""
    return next(other_files(kept, other), None) is None


def other_files(kept: Record, other: Record) -> Iterator[str]:
    """The names of files in which two records that are ok contradict each other."""
    optional = {
        TRAINING_IMAGES: bool(kept.training_images) and kept.training_split == other.training_split,
        CEILING_IMAGES: bool(kept.ceiling_images and other.ceiling_images),
    }
    either, both = kept.files.keys() | other.files.keys(), kept.files.keys() & other.files.keys()
    for name in sorted(both if kept.images == other.images else either):
        compared = name not in (SCORES, *_TIMED) and optional.get(name.partition("/")[0], True)
        if compared and kept.files.get(name) != other.files.get(name):
            yield name


def _agree(kept: MetricResult, other: MetricResult) -> bool:
    if "ok" not in (kept.status, other.status) or kept.status != other.status:
        return True  # the better one stays
    counted = all(getattr(kept, name) == getattr(other, name) for name in ("n", "groups", "infinite"))
    if kept.value is None or other.value is None:
        return counted and kept.value == other.value
    return counted and math.isclose(kept.value, other.value, rel_tol=TOLERANCE)


def _score(result: MetricResult) -> str:
    value = "inf" if result.value is None else f"{result.value:.12g}"
    return f"{value} {result.unit}".rstrip() + f" (n = {result.n})"


def united(kept: Record, other: Record) -> Record:
    """A record with what another one has beside it, both ok and made the same; where they contradict, as it is.

    Its `files` name the scores of `kept` still.
    """
    whole = msgspec.structs.replace(
        kept, metrics=_better(kept.metrics, other.metrics), ceiling=_better(kept.ceiling, other.ceiling)
    )
    if other.training_images and not kept.training_images:
        whole.training_images, whole.training_split = other.training_images, other.training_split
        whole.files = whole.files | below(other, TRAINING_IMAGES)
    if other.ceiling_images and not kept.ceiling_images:
        whole.ceiling_images, whole.files = other.ceiling_images, whole.files | below(other, CEILING_IMAGES)
    if other.samples > kept.samples:
        whole.samples, whole.files = other.samples, below(other, SAMPLE_IMAGES) | whole.files
    return whole


def _better(kept: Mapping[str, MetricResult], other: Mapping[str, MetricResult]) -> dict[str, MetricResult]:
    """The results of both, of two for one key the better."""

    def rank(result: MetricResult) -> tuple[int, bool]:
        return _RESULTS.index(result.status), not result.again

    more = {key: result for key, result in other.items() if key not in kept or rank(result) > rank(kept[key])}
    return {**kept, **more}


def without(record: Record, part: str) -> Record:
    """A record of a cell as if its folder `part` had never been made; that of SR is always there."""
    nothing: dict[str, dict[str, Any]] = {
        TRAINING_IMAGES: {"training_images": {}, "training_split": ""},
        CEILING_IMAGES: {"ceiling_images": {}},
        SAMPLE_IMAGES: {"samples": 0},
    }
    if part not in nothing:
        return record
    files = {name: known for name, known in record.files.items() if name not in below(record, part)}
    return msgspec.structs.replace(record, files=files, **nothing[part])


def alone(record: Record, part: str) -> Record:
    """A record of a cell without any result, and of what was made beside SR with its folder `part` alone."""
    bare = msgspec.structs.replace(record, metrics={}, ceiling={})
    for other in PICTURES:
        bare = bare if other == part else without(bare, other)
    return bare
