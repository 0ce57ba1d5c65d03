"""What cells that differ in their seed alone have in common: looked at once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import Any

from srbench.contract.dataset import Item
from srbench.contract.generator import Generator
from srbench.contract.method import Method
from srbench.contract.metric import Skip
from srbench.contract.protocol import Protocol
from srbench.contract.submission import Submission
from srbench.errors import in_words, machine_fault
from srbench.matrix import Matrix
from srbench.matrix.training import TrainedOn, name_of
from srbench.registry.configured import Use
from srbench.registry.registry import task_named
from srbench.runner.job.tasks import Scoring, SeenFile, Training
from srbench.runner.planning.given import SeenSubmission, look_at_submission
from srbench.runner.planning.learning import Learnings, read_or_unusable
from srbench.runner.planning.provenance import degradation_files, files_of, protocol_facts, provenance, task_facts
from srbench.runner.planning.scorings import scorings
from srbench.runner.planning.splits import Splits, Unusable
from srbench.runner.planning.survey import Survey
from srbench.store.cell import SCHEMA, Cell, Fixed, digest
from srbench.store.record import Status


@dataclass(frozen=True, eq=False)
class Outlook:
    """What a method meets on a dataset under a protocol, and the keys of cells and trainings but for their seed.

    trained_on: what the matrix calls the training set. verdict: how the cells end without being run. ingredients: of
    their keys, but for seed and model. learning: the training with a seed, where there is one; what is tested shares
    it. asked: the metrics.
    files, warnings, tested, pixels, seen_groups, lr_files: as of a planned cell.
    """

    dataset: Use
    protocol: Protocol
    method: Use
    trained_on: str | None
    verdict: tuple[Status, str] | None
    ingredients: Mapping[str, Any]
    learning: Callable[[int], Training] | None = None
    asked: tuple[Scoring, ...] = ()
    files: tuple[SeenFile, ...] = ()
    warnings: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    pixels: tuple[int, int] | None = None
    seen_groups: tuple[str, ...] = ()
    lr_files: tuple[SeenFile, ...] = ()

    @cached_property
    def keys(self) -> dict[str, str]:
        """The keys of the metrics, by name."""
        return {scoring.metric.name: scoring.key for scoring in self.asked}

    def training(self, seed: int | None) -> Training | None:
        """The training with this seed."""
        return None if self.learning is None or seed is None else self.learning(seed)

    def cell(self, seed: int | None, training: Training | None) -> Cell:
        """The cell with this seed, and this training's model."""
        model = None if training is None else training.ingredients
        return Cell(
            self.dataset.name,
            self.protocol.name,
            self.method.name,
            self.trained_on,
            seed,
            {**self.ingredients, "model": model, "seed": seed},
        )


@dataclass(frozen=True)
class _Tested:
    """A test split as a protocol meets it."""

    survey: Survey
    ids: tuple[str, ...]
    warnings: tuple[str, ...]


class Outlooks:
    """Looks at what the combinations of a matrix meet."""

    def __init__(self, matrix: Matrix, splits: Splits) -> None:
        self._matrix, self._splits = matrix, splits
        self._tested: dict[tuple[int, Protocol], _Tested] = {}
        self._facts: dict[Protocol, Fixed] = {}
        self._submitted: dict[tuple[str, str, str], Protocol] = {}
        self._learnings = Learnings(matrix, splits, self._protocol)

    def of(self, dataset: Use, protocol: Protocol, method: Use, train_on: TrainedOn | None) -> Outlook:
        """The outlook for a method. train_on: what it learns from, where it learns.

        A plugin's own fault is a verdict: its cells fail, the others go on. Raises what a fault of the machine raises.
        """
        dataset = self._splits.shown(dataset, protocol)
        found: dict[str, Any] = {}
        warnings: list[str] = []
        test: Mapping[str, Any]
        read: Mapping[str, Any] = {}
        verdict: tuple[Status, str] | None = None
        seen_sr: SeenSubmission | None = None
        try:
            tested = self._test_split(dataset, protocol)
            test = {"fingerprint": tested.survey.fingerprint}
            found["tested"] = () if task_named(protocol.task).unpaired else tested.ids
            found["pixels"] = tested.survey.pixels
            warnings += tested.warnings
            sources = [dataset]
            if train_on is not None:
                found["learning"], sources = self._learnings.of(dataset, protocol, method, train_on)
                seen = dict[str, None]()
                for source in sources:
                    warnings += self._splits.warnings(source, "train", protocol.for_training())
                    seen |= dict.fromkeys(self._splits.check_leak(dataset, tested.survey, source, protocol))
                    warnings += self._splits.resembling(dataset, source, protocol)
                found["seen_groups"] = tuple(sorted(seen))
            made: Method = method.create()
            if isinstance(made, Submission):
                seen_sr = self._submission(made, method, dataset, protocol, tested.survey)
                warnings += seen_sr.warnings
            if isinstance(made, Generator) and made.labelled:
                self._splits.require(sources[-1], "train", "labels")
            read, found["files"] = read_or_unusable(made), files_of(method, made)
            if seen_sr is not None:
                read, found["files"] = {"given": seen_sr.hashes}, seen_sr.files
            answer = made.supports(tested.survey.problem(protocol))
            if isinstance(answer, Skip):
                verdict = ("skipped", answer.reason)
            elif train_on is not None and (said := self._learnings.why_not(made, method, train_on)):
                verdict = ("skipped", said)
        except Unusable as unusable:
            verdict = unusable.verdict
            test = {"unusable": unusable.verdict}
        except Exception as error:
            if machine_fault(error):
                raise
            verdict = ("failed", in_words(error))
            test = {"unusable": verdict}
        ingredients = {
            "schema": SCHEMA,
            "method": Fixed({**provenance(method, method.params if seen_sr is not None else ()), **read}),
            "protocol": self._protocol(protocol),
            "test": Fixed(test),
            **task_facts(protocol),
            **self._matrix.settings,
        }
        if verdict is None:
            found["asked"] = scorings(self._matrix.metrics, dataset, protocol, method, self._splits)
        return Outlook(
            dataset,
            protocol,
            method,
            None if train_on is None else name_of(train_on),
            verdict,
            ingredients,
            warnings=tuple(dict.fromkeys(warnings)),
            lr_files=degradation_files(protocol),
            **found,
        )

    def _test_split(self, dataset: Use, protocol: Protocol) -> _Tested:
        key = id(dataset), protocol
        if key not in self._tested:
            survey = self._splits.survey(dataset, "test", protocol)
            ids = tuple(item.id for item in self._splits.items(dataset, "test"))
            warnings = self._splits.warnings(dataset, "test", protocol)
            earlier = takewhile(lambda other: other.name != dataset.name, self._matrix.datasets)
            seen = (self._splits.shown(other, protocol) for other in earlier)
            warnings += self._splits.counted_twice(dataset, seen, protocol)
            self._tested[key] = _Tested(survey, ids, tuple(warnings))
        return self._tested[key]

    def _submission(
        self, made: Submission, method: Use, dataset: Use, protocol: Protocol, survey: Survey
    ) -> SeenSubmission:
        """The SR that a submission has for a test split; that it also has it for another LR is a warning."""
        coded = dataset.name in self._splits.coded
        items = self._splits.items(dataset, "test")
        seen = look_at_submission(
            made, method.name, items, dataset.name, protocol, survey, coded, lambda: self._training_items(dataset)
        )
        earlier = self._submitted.setdefault((method.name, dataset.name, digest(seen.hashes)), protocol)
        if (earlier.scale, earlier.degradation) == (protocol.scale, protocol.degradation):
            return seen
        said = f"{method.name}: the SR of {dataset.name} is the same files under {earlier.name} and {protocol.name}, "
        return replace(seen, warnings=(*seen.warnings, f"{said}whose LR is not the same: is that meant?"))

    def _training_items(self, dataset: Use) -> list[Item]:
        """The training split, where there is one that can be read."""
        try:
            return self._splits.items(dataset, "train")
        except Unusable:
            return []

    def _protocol(self, protocol: Protocol) -> Fixed:
        if protocol not in self._facts:
            self._facts[protocol] = Fixed(protocol_facts(protocol))
        return self._facts[protocol]
