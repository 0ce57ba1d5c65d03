"""What a matrix file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from srbench.contract.executor import Limits, Resources
from srbench.contract.names import SUPER_RESOLUTION
from srbench.contract.protocol import Protocol
from srbench.matrix.published import PublishedValues
from srbench.matrix.training import TrainedOn, TrainOptions, lessons_of
from srbench.registry.configured import Use

Order = Literal["file", "shortest-first"]


@dataclass(frozen=True)
class Matrix:
    """A validated matrix file.

    fields: what its pictures are of (microscopy, photographs), as the index of boards sorts them.
    train_on: the training sets; the string `same` among them stands for the tested dataset's own training split.
    task: by name. settings: the numbers that it needs besides, by key.
    train, train_of: how trainings are done, and those of methods, by name, that have options of their own. rank_by: the
    metric that ranks, if the file says so. executor: where jobs run, likewise. resources: what a job needs there;
    resources_of: of methods, by name, where they need others. limits, limits_of: what a job may use, likewise.
    sections: what plugins add to the pages. trackers: what hears of a run besides. order: which jobs begin first, of
    those that can. whole_pictures_mb: what whole pictures may take of the pages, in megabytes.
    """

    path: Path
    name: str
    title: str
    datasets: tuple[Use, ...]
    protocols: tuple[Protocol, ...]
    methods: tuple[Use, ...]
    metrics: tuple[Use, ...]
    fields: tuple[str, ...] = ()
    task: str = SUPER_RESOLUTION
    settings: Mapping[str, int] = field(default_factory=dict)
    train_on: tuple[TrainedOn, ...] = ()
    train: TrainOptions = field(default_factory=TrainOptions)
    train_of: Mapping[str, TrainOptions] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    limits: Limits = field(default_factory=Limits)
    limits_of: Mapping[str, Limits] = field(default_factory=dict)
    rank_by: str | None = None
    executor: Use | None = None
    resources: Resources = field(default_factory=Resources)
    resources_of: Mapping[str, Resources] = field(default_factory=dict)
    sections: tuple[Use, ...] = ()
    published: tuple[PublishedValues, ...] = ()
    trackers: tuple[Use, ...] = ()
    order: Order = "file"
    whole_pictures_mb: float = 8.0

    def training(self, method: Use) -> TrainOptions:
        """How a method is trained."""
        return self.train_of.get(method.name, self.train)

    @property
    def training_data(self) -> list[Use]:
        """The datasets that methods learn from besides the tested ones' own training splits, each once."""
        found: dict[str, Use] = {}
        for one in self.train_on:
            for lesson in lessons_of(one):
                if isinstance(lesson.on, Use):
                    found.setdefault(lesson.on.name, lesson.on)
        return list(found.values())

    @property
    def instrument_data(self) -> list[Use]:
        """The datasets that extractors learn on in place of the tested ones, each once."""
        on = (use.extractor.on for use in self.metrics if use.extractor is not None)
        return list({one.name: one for one in on if one is not None}.values())
