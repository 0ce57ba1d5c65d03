"""A plan: what a matrix asks for, cell by cell, and how much of it is there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from srbench.contract.protocol import Protocol
from srbench.matrix import Matrix
from srbench.registry.configured import Use
from srbench.registry.registry import registry
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Scoring, SeenFile, Training
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.lookalikes import Resemblance
from srbench.runner.planning.provenance import degradation_uses
from srbench.runner.planning.splits import SplitContents
from srbench.store.cell import Cell
from srbench.store.image_names import ImageName
from srbench.store.record import Record, Status
from srbench.store.records import Store
from srbench.store.summary import Summary

State = Literal["done", "new", "stale", "retry"]


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A cell of the matrix with everything needed to run it, and what is known of its record if there is one.

    state: `done`: nothing to do. `new`: never run. `stale`: something in its key or its metrics changed since.
    `retry`: its last attempt did not end well and is to be repeated. why: the reason for the state, in words.
    training: the model it was or is to be made with. metrics: those to be computed. verdict: how the cell ends without
    being run (its dataset is missing, the method does not support it). summary: of its record in `store`; none where a
    file of it is damaged. settings: the numbers of its task. seen_groups: the tested groups of which the model learned
    from other regions. keys: of all metrics that are asked for, by name. stored: the summary of a record whose SR is
    sound, so that it need not be made again. files: that its method reads, with their sha256. warnings: what is
    probably wrong with the data, a sentence each. damage: which file of the record, of a training or of what SR was
    compared with is not what was written, in words, if any. damaged: trainings of which that is so. tested: the images
    of the test split, as far as it could be read; none of a task whose images are not those. lr_files: that making LR
    reads, as files. pixels: of the largest LR of the test split, and of all together.
    """

    cell: Cell
    dataset: Use
    protocol: Protocol
    method: Use
    training: Training | None
    metrics: tuple[Scoring, ...]
    verdict: tuple[Status, str] | None
    state: State
    why: str
    summary: Summary | None
    store: Store
    settings: Mapping[str, int] = field(default_factory=dict)
    seen_groups: tuple[str, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)
    stored: Summary | None = None
    files: tuple[SeenFile, ...] = ()
    warnings: tuple[str, ...] = ()
    damage: str = ""
    damaged: tuple[Training | ExtractorTraining, ...] = ()
    tested: tuple[str, ...] = ()
    lr_files: tuple[SeenFile, ...] = ()
    pixels: tuple[int, int] | None = None

    @property
    def record(self) -> Record | None:
        """Its record as this plan asks for it, with its metrics by name: read each time, so that many fit in memory.

        None where a file of it is damaged.
        """
        record = None if self.summary is None else self.store.read("cells", self.cell.key)
        return None if record is None else record.as_asked(self.keys)

    @property
    def status(self) -> Status | None:
        """How it ended; None where it has no record that counts."""
        return None if self.summary is None else self.summary.status

    @property
    def failed_metrics(self) -> dict[str, str]:
        """Why metrics failed that are asked for, by name."""
        return {} if self.summary is None else self.summary.failed(self.keys)

    @property
    def went_well(self) -> bool:
        """Whether it has everything it was asked for, or a reason why it was skipped."""
        return self.status in ("ok", "skipped") and not self.failed_metrics

    def evaluation(self) -> Evaluation:
        """The task that brings this cell to its record."""
        model, learned = (None, ()) if self.training is None else (self.training.key, self.training.learned)
        return Evaluation(
            self.cell,
            self.method,
            self.dataset,
            self.protocol,
            self.metrics,
            model,
            self.settings,
            learned,
            self.seen_groups,
            self.files,
            self.warnings,
            degradation_uses(self.protocol),
            self.method.registered.load().ceiling,
            self.lr_files,
            _formats(self.method),
            self.pixels,
        )

    def prerequisites(self) -> list[Training | ExtractorTraining]:
        """The tasks whose results it uses: its model, if something is to be upscaled, and its metrics' extractors.

        Those whose results are damaged are among them, though nothing may need them now.
        """
        needed: dict[str, Training | ExtractorTraining] = {task.key: task for task in self.damaged}
        if self.training is not None and self._upscales():
            needed[self.training.key] = self.training
        for scoring in self.metrics:
            if scoring.training is not None:
                needed[scoring.training.key] = scoring.training
        return list(needed.values())

    def _upscales(self) -> bool:
        if self.stored is None:
            return True
        stored = self.stored
        return any(
            scoring.training_sr not in ("", stored.training_split) or scoring.samples > stored.samples
            for scoring in self.metrics
        )

    def with_record(self, record: Record) -> PlannedCell:
        """This cell, done, with a record of the store."""
        summary = Summary.of(record)
        return replace(self, summary=summary, state="done", why=summary.outcome(self.keys), damage="")


@dataclass(frozen=True)
class Plan:
    """All cells of a matrix, in the order of the file.

    names: of images that are not called by their ids. coded: the datasets of which no name may be published. contents:
    of the splits that were looked at, tested ones first. alike: images of these splits that show the same.
    """

    matrix: Matrix
    cells: tuple[PlannedCell, ...]
    names: frozenset[ImageName] = frozenset()
    coded: frozenset[str] = frozenset()
    contents: tuple[SplitContents, ...] = ()
    alike: tuple[Resemblance, ...] = ()

    def with_new_records(self, store: Store) -> Plan:
        """This plan with the records of cells that were not done read anew; those that have one are done."""
        damage = Damage(store, verify=False)
        cells = tuple(_with_record(planned, damage) for planned in self.cells)
        damage.write()
        return replace(self, cells=cells)

    @property
    def warnings(self) -> list[str]:
        """The warnings of all cells, each once."""
        return distinct_warnings(self.cells)

    @property
    def tells_of_folders(self) -> str:
        """That ids, which are published, hold names of folders, in a sentence; empty where none do.

        A dataset whose `ids: names` are written out is passed over: it is meant.
        """
        uses = (*self.matrix.datasets, *self.matrix.training_data, *self.matrix.instrument_data)
        meant = self.coded | {use.name for use in uses if use.given.get("ids") == "names"}
        found = {one.dataset: one.id for one in sorted(self.names, reverse=True) if "/" in one.name}
        told = [f"{dataset} ({image}, say)" for dataset, image in sorted(found.items()) if dataset not in meant]
        if not told:
            return ""
        return (
            f"ids of pictures hold names of folders, and are published with records and pages: of {', '.join(told)}; "
            "`ids: coded` keeps names here, `ids: names` says that they may go"
        )

    @property
    def lacking(self) -> dict[str, int]:
        """Why metrics cannot be computed, each with its name before, and in how many cells that is so."""
        return Counter(
            f"{scoring.metric.name}: {scoring.skip}"
            for planned in self.cells
            if planned.state != "done"
            for scoring in planned.metrics
            if scoring.skip
        )

    def extractors(self, store: Store) -> list[ExtractorTraining]:
        """The extractors that a run would train."""
        return [task for task in self._trainings(store) if isinstance(task, ExtractorTraining)]

    def first(self, store: Store) -> list[tuple[Training, str]]:
        """The trainings that a run would do for others, and for what, in words."""
        trainings = [task for task in self._trainings(store) if isinstance(task, Training)]
        gone_on_from = {task.earlier.key for task in trainings if task.earlier is not None}
        started_from = {task.start.training.key for task in trainings if task.start and task.start.training}
        words = (("another training goes on from it", gone_on_from), ("another training starts from it", started_from))
        told = [(task, [said for said, keys in words if task.key in keys]) for task in trainings]
        return [(task, "; ".join(said)) for task, said in told if said]

    def _trainings(self, store: Store) -> Iterable[Training | ExtractorTraining]:
        cells = (planned for planned in self.cells if planned.state != "done" and planned.verdict is None)
        return Damage(store, verify=False).to_do(task for one in cells for task in one.prerequisites()).values()


def distinct_warnings(cells: Iterable[PlannedCell]) -> list[str]:
    """What is probably wrong with the data of these cells, each sentence once."""
    return list(dict.fromkeys(warning for planned in cells for warning in planned.warnings))


def _with_record(planned: PlannedCell, damage: Damage) -> PlannedCell:
    record = None if planned.state == "done" else damage.new_record(planned.cell.key)
    return planned if record is None else planned.with_record(record)


def _formats(method: Use) -> tuple[str, ...]:
    """The distributions whose plugins read formats, but for the method's: a scorer loads nothing of a method's."""
    offering = {registered.plugin.distribution for registered in registry().entries("format")}
    return tuple(sorted(offering - {method.registered.plugin.distribution}))
