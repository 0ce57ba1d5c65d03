"""What it takes to compute a metric on a dataset: its key, the extractor to be trained first, or why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from srbench.contract.extractor import Extractor
from srbench.contract.generator import Generator
from srbench.contract.method import Method
from srbench.contract.metric import Metric, Reference, Skip
from srbench.contract.protocol import Protocol
from srbench.contract.submission import Submission
from srbench.errors import in_words, machine_fault
from srbench.evaluate.given import asked_of
from srbench.registry.configured import Use
from srbench.registry.registry import task_named
from srbench.runner.job.tasks import ExtractorTraining, Scoring, SeenFile, SeenSplit
from srbench.runner.planning.given import SeenSubmission, look_at_submission, some
from srbench.runner.planning.provenance import files_of, instrument, packages, read_by
from srbench.runner.planning.splits import Split, Splits, Unusable
from srbench.runner.planning.survey import Survey
from srbench.store.cell import SCHEMA, digest


def scorings(
    metrics: Iterable[Use], dataset: Use, protocol: Protocol, method: Use, splits: Splits
) -> tuple[Scoring, ...]:
    """The metrics of a cell whose test split is sound, each with its key."""
    return tuple(_Planner(metric, dataset, protocol, method, splits).scoring() for metric in metrics)


class _Planner:
    """Turns what one metric needs into ingredients of its key, and into shared jobs."""

    def __init__(self, use: Use, dataset: Use, protocol: Protocol, method: Use, splits: Splits) -> None:
        self._use, self._dataset, self._protocol, self._method, self._splits = use, dataset, protocol, method, splits
        self._ingredients: dict[str, Any] = {"schema": SCHEMA, **instrument(use)}
        self._extractor_key = ""
        self._training: ExtractorTraining | None = None
        self._training_sr = ""
        self._samples = 0
        self._reference: Reference = "test"
        self._reads: list[SeenSplit] = []
        self._files: tuple[SeenFile, ...] = ()
        self._notes: list[str] = []

    def scoring(self) -> Scoring:
        """The metric and its key, which says too if it cannot be computed: it is to be scored once it can."""
        skip = ""
        try:
            self._look(self._use.create())
        except Unusable as unusable:
            skip = str(unusable)
        except Exception as error:  # a plugin's own fault: the other metrics go on
            if machine_fault(error):
                raise
            skip = in_words(error)
        if skip:
            return Scoring(self._use, digest({**self._ingredients, "skipped": True}), skip)
        return Scoring(
            self._use,
            digest(self._ingredients),
            extractor_key=self._extractor_key,
            training=self._training,
            training_sr=self._training_sr,
            samples=self._samples,
            reference=self._reference,
            reads=tuple(self._reads),
            files=self._files,
            packages=self._packages(),
            notes=tuple(self._notes),
        )

    def _look(self, metric: Metric) -> None:
        unpaired, needs = task_named(self._protocol.task).unpaired, metric.requires()
        trained = "training_sr" in needs or metric.reference == "train"
        touched: list[Split] = ["test", "train"] if unpaired or trained else ["test"]
        if metric.needs_hr():
            for split in touched:
                self._splits.require(self._dataset, split, "HR")
        for split in touched:
            if "labels" in needs:
                self._splits.require(self._dataset, split, "labels")
            if "masks" in needs:
                self._splits.require(self._dataset, split, "masks")
                self._ingredients[f"{split}_masks"] = self._seen(split)
        if unpaired:
            self._look_at_generator(metric)
        elif "training_sr" in needs:
            self._look_at_training_split()
        if "samples" in metric.requires():
            self._samples = metric.samples
            if not self._method.registered.load().samples:
                raise Unusable("skipped", f"needs samples; {self._method.name} draws none, its SR is always the same")
        if metric.reference == "train":
            self._look_at_reference(unpaired=unpaired)
        self._ingredients |= read_by(metric.weights, ())
        self._files += files_of(self._use, metric)
        if self._use.extractor is not None:
            self._look_at_extractor(self._use.extractor, self._use.extractor.create())

    def _look_at_generator(self, metric: Metric) -> None:
        """Metrics of generated images also see the training split, to tell what a real set of images gets."""
        self._ingredients["training"] = self._seen("train")
        generator: Generator = self._method.create()
        if "labels" in metric.requires() and not generator.labelled:
            raise Unusable("skipped", f"needs labels; {self._method.name} makes images of no class")

    def _look_at_training_split(self) -> None:
        self._check_leak()
        survey = self._splits.survey(self._dataset, "train", self._protocol)
        self._ingredients["training"] = self._training_sr = survey.fingerprint
        self._reads.append(SeenSplit("train", self._protocol, survey.fingerprint))
        method: Method = self._method.create()
        if isinstance(method, Submission):
            given = self._look_at_given(method, survey)
            self._ingredients["given"] = given.hashes
            self._training_sr = digest({"training": survey.fingerprint, "given": given.hashes})
            self._files += given.files
        answer = method.supports(survey.problem(self._protocol))
        if isinstance(answer, Skip):
            raise Unusable("skipped", f"{self._method.name} cannot upscale the training split: {answer.reason}")

    def _look_at_given(self, method: Submission, survey: Survey) -> SeenSubmission:
        """The SR of the training split that was made elsewhere. No file of it may be that of a tested image."""
        own, tested = (self._splits.items(self._dataset, split) for split in ("train", "test"))
        name, dataset, protocol = self._method.name, self._dataset.name, self._protocol
        seen = look_at_submission(method, name, own, dataset, protocol, survey, dataset in self._splits.coded)
        theirs = set(method.find(asked_of(tested, dataset, protocol)).files.values())
        if shared := [item.id for item, file in zip(own, seen.files, strict=True) if file.path in theirs]:
            raise Unusable(
                "failed",
                f"{name}: of {dataset}, the SR of a test image is that of a training image, too: {some(shared)}",
            )
        return seen

    def _look_at_reference(self, *, unpaired: bool) -> None:
        """A metric compares with the training split: that, and what is tested and in it, too, are noted."""
        if not unpaired:
            self._ingredients["reference"] = self._seen("train")
        self._reference = "train"
        self._notes.append(
            f"compared with the training split of {self._dataset.name}: a method that learned from it has seen "
            "what its images are compared with"
        )
        if known := self._splits.known_to(self._dataset, self._dataset, self._protocol):
            self._notes.append(f"{known} are in that training split, too")
        if known := self._splits.groups_known_to(self._dataset, self._dataset, self._protocol):
            self._notes.append(f"{known} have other images in that training split")

    def _look_at_extractor(self, use: Use, extractor: Extractor) -> None:
        ingredients: dict[str, Any] = {"schema": SCHEMA, "extractor": instrument(use)}
        ingredients |= read_by(extractor.weights, extractor.files)
        files = files_of(use, extractor)
        self._files += files
        if extractor.learns:
            dataset = self._learned_on(use)
            for split in ("train", "test"):
                self._splits.require(dataset, split, "HR")
                if extractor.wants is not None:
                    self._splits.require(dataset, split, extractor.wants)
                ingredients[split] = {"fingerprint": self._splits.fingerprint(dataset, split)}
            ingredients["seed"] = ExtractorTraining.seed
            self._training = ExtractorTraining(digest(ingredients), ingredients, use, dataset, files)
        self._extractor_key = digest(ingredients)
        self._ingredients["extractor"] = ingredients

    def _learned_on(self, use: Use) -> Use:
        """The dataset that an extractor learns on, as the protocol shows it; that it saw what is tested is noted."""
        if use.on is None:
            self._check_leak()
            return self._dataset
        dataset = self._splits.shown(use.on, self._protocol)
        if known := self._splits.known_to(self._dataset, dataset, self._protocol):
            self._notes.append(f"{known} are among those that the extractor {use.name} learned from")
        return dataset

    def _packages(self) -> dict[str, str]:
        used = [self._use] if self._use.extractor is None else [self._use, self._use.extractor]
        return {name: version for use in used for name, version in packages(use).items()}

    def _seen(self, split: Split) -> str:
        fingerprint = self._splits.fingerprint(self._dataset, split)
        self._reads.append(SeenSplit(split, None, fingerprint))
        return fingerprint

    def _check_leak(self) -> None:
        test = self._splits.survey(self._dataset, "test", self._protocol)
        self._splits.check_leak(self._dataset, test, self._dataset, self._protocol)
