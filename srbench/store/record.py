"""What a cell, or the training of a model or an extractor, left behind, and the file that holds it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from srbench.store.details import Details
from srbench.store.seal import UNREADABLE, sealed, unsealed
from srbench.store.texts import brief, each, tail, visible

Status = Literal["ok", "skipped", "failed", "timeout", "out_of_memory", "killed"]
SCORES = "scores.parquet"
_KEY = re.compile(r"[0-9A-Za-z_-]+")


def is_key(text: str) -> bool:
    """Whether a text may be the key of a record, and so a folder's name."""
    return _KEY.fullmatch(text) is not None


class MetricResult(msgspec.Struct, kw_only=True):
    """One metric of one cell.

    key: of the metric's plugin, parameters, and whatever it runs on. name: what the matrix that asked for it called it.
    again: it says nothing about the metric, and the next run tries again without being asked. value: the mean over
    units, where a unit is a group, with the mean over its images, or an image without a group (for a set metric, its
    value); None unless ok. n: images in it. groups: units in it where any of these images has a group, otherwise 0.
    infinite: images left out of the mean because their score is infinite (identical images). lowest, highest: the ends
    of its range, None where there is none. details: what stands beside the value: of an image metric the means of its
    further numbers, of a set metric whatever it gave. notes: what to know of the value: how good the extractor is that
    it was measured with. extractor: the key of that, where srbench trained it. packages: the versions of packages that
    are part of its key.
    """

    key: str
    name: str = ""
    status: Literal["ok", "skipped", "failed"] = "ok"
    reason: str = ""
    again: bool = False
    value: float | None = None
    n: int = 0
    groups: int = 0
    infinite: int = 0
    unit: str = ""
    higher_is_better: bool = True
    lowest: float | None = None
    highest: float | None = None
    per_image: bool = True
    details: Details = Details()
    notes: list[str] = []
    extractor: str = ""
    packages: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Texts as they may be kept and shown."""
        self.reason, self.notes = brief(self.reason), [brief(note) for note in self.notes]


class Record(msgspec.Struct, kw_only=True):
    """What a cell (or the training of a model or an extractor) left behind.

    reason: why it is not ok, in words. A cell is ok when it has SR; its metrics have a status each. point: the cell's
    coordinates. ingredients: what its key is made of. metrics: its results; in the store by the metric's key, so that
    matrices that call different metrics alike share a cell, and as a plan or a person reads them by name. cost: numbers
    by name: `train_seconds`, `train_steps`, `upscale_seconds`, `ms_per_megapixel` (of SR), `latency_ms`,
    `peak_memory_gb`, `parameters`, `macs` and others, all in docs/cost.md. lr: whether the LR was `made`, `shipped`,
    `mixed`, or `alone`, without HR. images: the SR files' names, by image id; training_images: those of the training
    split, training_split: which SR of it that is (a fingerprint). groups: the group of each image that has one.
    seen_groups: groups of the test split of which the model learned from other regions. warnings: what is probably
    wrong with the data or the SR, a sentence each. labels: the class of each image that has one, of a generated one the
    class that was asked for. ceiling: the metrics of what the method made of HR itself, ceiling_images: the files'
    names of that; both are empty where it has no ceiling. samples: how many samples were drawn of each SR. model: the
    key of the model it used. facts: what a model or an extractor said of itself when trained. job: what the executor
    called the job that made it. files: the sha256 of each file that belongs to it, by its name below the record's
    folder: SR and scores, or what was saved. notes: what its method wants readers to know, a sentence each.
    environment: where it ran.

    Texts are short and hold nothing that a terminal obeys. A name that would lead out of the record's folder is a
    `ValueError`, so that a record which somebody wrote by hand leads nowhere else.
    """

    key: str
    schema: int
    status: Status
    reason: str = ""
    point: dict[str, str | int | None] = {}
    ingredients: dict[str, Any] = {}
    metrics: dict[str, MetricResult] = {}
    cost: dict[str, float | None] = {}
    lr: str | None = None
    images: dict[str, str] = {}
    groups: dict[str, str] = {}
    seen_groups: list[str] = []
    warnings: list[str] = []
    labels: dict[str, str] = {}
    training_images: dict[str, str] = {}
    training_split: str = ""
    ceiling: dict[str, MetricResult] = {}
    ceiling_images: dict[str, str] = {}
    samples: int = 0
    model: str | None = None
    facts: dict[str, float] = {}
    files: dict[str, str] = {}
    notes: list[str] = []
    environment: dict[str, Any] = {}
    job: str | None = None
    started: str = ""
    seconds: float = 0.0
    log_tail: str = ""

    def __post_init__(self) -> None:
        """Texts made fit to be kept; names checked."""
        self.reason, self.log_tail = brief(self.reason), tail(self.log_tail)
        self.job = None if self.job is None else brief(self.job)
        self.notes, self.warnings = ([brief(text) for text in texts] for texts in (self.notes, self.warnings))
        for key in (self.key, *([] if self.model is None else [self.model])):
            if not is_key(key):
                raise ValueError(f"{key!r} is no key")
        for name in (*self.images.values(), *self.training_images.values(), *self.ceiling_images.values()):
            if name in ("", ".", "..") or "/" in name or "\0" in name:
                raise ValueError(f"{name!r} is no file name")
        for name in self.files:
            if name.startswith("/") or ".." in name.split("/") or "\0" in name:
                raise ValueError(f"{name!r} leads out of the folder")

    @property
    def label(self) -> str:
        """The name for people and the command line: `set5/x4-y/srcnn/t91/0`."""
        return "/".join(str(part) for part in self.point.values() if part is not None)

    @property
    def went_well(self) -> bool:
        """Whether it has everything it was asked for, or a reason why it was skipped."""
        return self.status in ("ok", "skipped") and not self.metric_failures

    @property
    def metric_failures(self) -> str:
        """Which metrics failed, and why; empty when none did."""
        failed = [f"{result.name}: {result.reason}" for result in self.metrics.values() if result.status == "failed"]
        return "; ".join(failed)

    @property
    def outcome(self) -> str:
        """How it ended, in words: the reason, the metrics that failed, or else the status."""
        return self.reason or self.metric_failures or self.status

    @property
    def sr_files(self) -> list[str]:
        """The files of a cell but for the scores, which are made from them."""
        return [name for name in self.files if name != SCORES]

    def as_asked(self, keys: Mapping[str, str]) -> Record:
        """This record of a store as a matrix asks for it: results by name, only those with these keys.

        keys: of the metrics, by the names that the matrix gives them.
        """

        def chosen(results: Mapping[str, MetricResult]) -> dict[str, MetricResult]:
            there = {name: results[key] for name, key in keys.items() if key in results}
            return {name: msgspec.structs.replace(result, name=name) for name, result in there.items()}

        return msgspec.structs.replace(self, metrics=chosen(self.metrics), ceiling=chosen(self.ceiling))

    def by_name(self) -> Record:
        """This record of a store with all results by name; where several share one, it is followed by their keys."""
        counts = Counter(result.name for result in self.metrics.values())
        return self.as_asked(
            {
                result.name if counts[result.name] == 1 else f"{result.name}@{key[:8]}": key
                for key, result in self.metrics.items()
            }
        )


def encoded(record: Record) -> bytes:
    """The file of a record."""
    record = msgspec.structs.replace(record)  # made anew, so that what was added to it since is looked at, too
    try:
        data = msgspec.json.encode(record)
    except UnicodeEncodeError:  # half a character somewhere, in the name of a class, say
        data = msgspec.json.encode(each(msgspec.to_builtins(record), visible))
    return sealed(data)


def decoded(data: bytes, key: str) -> Record | None:
    """The record of a file; None where it cannot be read, or is of another key."""
    try:
        content = unsealed(data)
        record = None if content is None else msgspec.json.decode(content, type=Record)
    except (*UNREADABLE, TypeError, AttributeError):  # of other types than text, in an index that was damaged
        return None
    return record if record is not None and record.key == key else None
