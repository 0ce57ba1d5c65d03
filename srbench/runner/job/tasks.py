"""What a worker can be asked to do: train a model, train an extractor, or evaluate a cell.

Plain data, so that it can travel. Each task has a key, a shelf of the store where its record goes, and what it needs
done first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from srbench.contract.executor import Limits
from srbench.contract.fit import Budget, Precision
from srbench.contract.metric import Reference
from srbench.contract.protocol import Protocol
from srbench.registry.configured import Use
from srbench.store.cell import Cell
from srbench.store.records import Shelf

Point = dict[str, str | int | None]


@dataclass(frozen=True)
class SeenSplit:
    """A split as the plan saw it: its fingerprint as a protocol meets it, or (None) as it is without one."""

    split: Literal["train", "test"]
    protocol: Protocol | None
    fingerprint: str


@dataclass(frozen=True)
class SeenFile:
    """A file as the plan saw it: its sha256, or None where whoever reads it compares it with what was published."""

    path: Path
    sha256: str | None


@dataclass(frozen=True)
class Learned:
    """A training split that a model has seen: of which dataset, and what the plan saw of it."""

    dataset: Use
    seen: SeenSplit


@dataclass(frozen=True)
class StartingWeights:
    """The weights that a training starts from: of a file, or of another training.

    told: whose they are, in words: `srcnn, trained on t91 x4 (300 steps)`.
    """

    told: str
    file: Path | None = None
    training: Training | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """Train one model; several cells may use it.

    split: `train` of the dataset is learned from. ingredients: what the key is made of. files: that the method reads.
    degradations: of plugins, that make the LR. earlier: the training that this one goes on from. start: the weights
    that it starts from, where these are given.
    """

    shelf: ClassVar[Shelf] = "models"
    key: str
    ingredients: dict[str, Any]
    method: Use
    dataset: Use
    protocol: Protocol
    budget: Budget
    seed: int
    precision: Precision = "32"
    compile: bool = False
    micro_batches: int = 1
    files: tuple[SeenFile, ...] = ()
    degradations: tuple[Use, ...] = ()
    earlier: Training | None = None
    start: StartingWeights | None = None

    @property
    def first(self) -> tuple[Training, ...]:
        """The trainings that it needs: the one that it goes on from, and the one whose weights it starts from."""
        started = None if self.start is None else self.start.training
        return tuple(one for one in (self.earlier, started) if one is not None)

    @property
    def datasets(self) -> tuple[Use, ...]:
        """What was learned from: by the weights that it starts from, as far as that is known, and then by it."""
        before = () if self.start is None or self.start.training is None else self.start.training.datasets
        return (*(one for one in before if one != self.dataset), self.dataset)

    @property
    def learned(self) -> tuple[Learned, ...]:
        """What its model has seen of `datasets`."""
        before = () if self.start is None or self.start.training is None else self.start.training.learned
        own = Learned(self.dataset, self.reads[0])
        return (*(one for one in before if one != own), own)

    @property
    def reads(self) -> tuple[SeenSplit, ...]:
        """What the plan saw of the dataset."""
        return (SeenSplit("train", self.protocol, self.ingredients["train"]["fingerprint"]),)

    @property
    def uses(self) -> tuple[Use, ...]:
        """The plugins' things of whose code its key is made."""
        return (self.method, *self.degradations)

    @property
    def label(self) -> str:
        """The name for people: `training srcnn on t91 x4, seed 0`; also `..., from 20,000 steps`.

        Of one that starts from given weights: `..., started from srcnn, trained on t91 x4 (300 steps)`.
        """
        after = "" if self.budget.earlier is None else f", from {self.budget.earlier}"
        after += "" if self.start is None else f", started from {self.start.told}"
        return f"training {self.method.name} on {self.dataset.name} {self.protocol.name}, seed {self.seed}{after}"

    def point(self) -> Point:
        """The coordinates, by name."""
        return {
            "dataset": self.dataset.name,
            "protocol": self.protocol.name,
            "method": self.method.name,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class ExtractorTraining:
    """Train one extractor on the training split of a dataset, the tested one or another; cells and metrics share it.

    ingredients: what the key is made of. files: that it reads. seed: the same for all, whatever the seeds
    of the matrix: an extractor is a measuring instrument, and two cells are only comparable when measured with the same
    one.
    """

    shelf: ClassVar[Shelf] = "extractors"
    seed: ClassVar[int] = 0
    key: str
    ingredients: dict[str, Any]
    extractor: Use
    dataset: Use
    files: tuple[SeenFile, ...] = ()

    @property
    def reads(self) -> tuple[SeenSplit, ...]:
        """What the plan saw of the dataset."""
        return tuple(SeenSplit(split, None, self.ingredients[split]["fingerprint"]) for split in ("train", "test"))

    @property
    def uses(self) -> tuple[Use, ...]:
        """The plugins' things of whose code its key is made."""
        return (self.extractor,)

    @property
    def label(self) -> str:
        """The name for people: `training extractor skinlesnet on textures`."""
        return f"training extractor {self.extractor.name} on {self.dataset.name}"

    def point(self) -> Point:
        """The coordinates, by name."""
        return {"dataset": self.dataset.name, "extractor": self.extractor.name}


@dataclass(frozen=True)
class Scoring:
    """One metric to be computed in an evaluation.

    key: of its values. skip: why it cannot be computed here, known before anything runs. extractor_key: of the
    extractor that it runs on, if on any; training: of that extractor, where it learns. training_sr: which SR of the
    training split it needs: the split's fingerprint, made one with the hashes of SR that was made elsewhere; empty
    where it needs none. samples: how many of each SR it needs. reference: the split whose HR it compares with. reads:
    what the plan saw of splits that its key is made of. files: that it and its extractor read, and SR of the training
    split that was made elsewhere. packages: the versions that are part of its key. notes: what to know of the value
    beforehand, a sentence each.
    """

    metric: Use
    key: str
    skip: str = ""
    extractor_key: str = ""
    training: ExtractorTraining | None = None
    training_sr: str = ""
    samples: int = 0
    reference: Reference = "test"
    reads: tuple[SeenSplit, ...] = ()
    files: tuple[SeenFile, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """Make the images of one cell and score them; where they are there already, only score what is missing.

    metrics: those to be computed. model: the key of the training it needs. settings: the numbers of the protocol's
    task. learned: the training splits that the model saw, the last one last; none where there is no model.
    seen_groups: groups of the test split of which these hold other regions.
    method_files: that the method reads.
    warnings: what is probably wrong with the data, for the record. degradations: as of a training. ceiling: what the
    method calls its ceiling, where it has one. lr_files: that making LR reads. formats: the distributions whose plugins
    read formats of files, but for the method's own. pixels: of the largest LR of the test split, and of all together.
    """

    shelf: ClassVar[Shelf] = "cells"
    cell: Cell
    method: Use
    dataset: Use
    protocol: Protocol
    metrics: tuple[Scoring, ...]
    model: str | None = None
    settings: Mapping[str, int] = field(default_factory=dict)
    learned: tuple[Learned, ...] = ()
    seen_groups: tuple[str, ...] = ()
    method_files: tuple[SeenFile, ...] = ()
    warnings: tuple[str, ...] = ()
    degradations: tuple[Use, ...] = ()
    ceiling: str = ""
    lr_files: tuple[SeenFile, ...] = ()
    formats: tuple[str, ...] = ()
    pixels: tuple[int, int] | None = None

    @property
    def files(self) -> tuple[SeenFile, ...]:
        """The files that the method and scoring read."""
        return (*self.method_files, *self.judging_files)

    @property
    def judging_files(self) -> tuple[SeenFile, ...]:
        """The files that scoring reads."""
        return (*self.lr_files, *(file for scoring in self.metrics for file in scoring.files))

    @property
    def reads(self) -> tuple[SeenSplit, ...]:
        """What the plan saw of the dataset."""
        test = SeenSplit("test", self.protocol, self.ingredients["test"]["fingerprint"])
        return (test, *(seen for scoring in self.metrics for seen in scoring.reads))

    @property
    def key(self) -> str:
        """The cell's key."""
        return self.cell.key

    @property
    def ingredients(self) -> dict[str, Any]:
        """What the key is made of."""
        return self.cell.ingredients

    @property
    def uses(self) -> tuple[Use, ...]:
        """The plugins' things of whose code its key, or one of its metrics', is made."""
        metrics = [scoring.metric for scoring in self.metrics]
        return _known(self.method, *metrics, *(metric.extractor for metric in metrics), *self.degradations)

    @property
    def judges(self) -> tuple[Use, ...]:
        """The plugins' things that scoring needs: all but the method."""
        metrics = [scoring.metric for scoring in self.metrics]
        extractors = _known(*(metric.extractor for metric in metrics))
        learned_on = _known(*(extractor.on for extractor in extractors))
        return _known(self.dataset, *metrics, *extractors, *learned_on, *self.degradations)

    @property
    def instruments(self) -> tuple[Use, ...]:
        """The plugins' things that scoring alone needs: metrics, and extractors that are trained for them."""
        trained = [None if scoring.training is None else scoring.training.extractor for scoring in self.metrics]
        return _known(*(scoring.metric for scoring in self.metrics), *trained)

    @property
    def judged_by(self) -> set[str]:
        """The distributions of all plugins that scoring needs, the task's and those of formats of files among them."""
        task = self.ingredients.get("task", {})
        own = {task["distribution"]} if "distribution" in task else set()
        return own | set(self.formats) | {use.registered.plugin.distribution for use in self.judges}

    @property
    def label(self) -> str:
        """The name for people: the cell's label."""
        return self.cell.label

    def point(self) -> Point:
        """The cell's coordinates, by name."""
        return self.cell.point()


Task = Training | ExtractorTraining | Evaluation


def _known(*uses: Use | None) -> tuple[Use, ...]:
    return tuple(use for use in uses if use is not None)


@dataclass(frozen=True)
class Job:
    """A task with the circumstances it runs under.

    devices: torch devices, all of which a training uses, a process each; everything else is done on the first. rank:
    which of these processes this is.
    sources: the sha256 of the code of the plugins that the task uses, as the plan saw it, by distribution.
    """

    task: Task
    store: Path
    data_root: Path
    limits: Limits = field(default_factory=Limits)
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    devices: tuple[str, ...] = ("cpu",)
    threads: int = 1
    rank: int = 0

    @property
    def device(self) -> str:
        """The device of this process."""
        return self.devices[self.rank]
