"""Score a cell: each metric made ready with what it needs, its images compared, its result told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from srbench.contract.dataset import Item
from srbench.contract.extractor import Extractor
from srbench.contract.metric import Metric
from srbench.errors import SrbenchError, in_words, machine_fault
from srbench.evaluate.score import ScoreColumn, TrainingSplit, result_of, score_split
from srbench.runner.job.channel import Measuring, Part, Scored
from srbench.runner.job.tasks import ExtractorTraining, Scoring
from srbench.runner.work.work import Work
from srbench.store.cell import digest
from srbench.store.record import MetricResult, Record
from srbench.store.records import CEILING_IMAGES, IMAGES, SAMPLE_IMAGES, TRAINING_IMAGES, Store
from srbench.weights.lookup import WeightsMissing, weights_path

Compare = Callable[[str, Metric], ScoreColumn]
"""What compares the images of a cell with a metric, given its key and the metric, its extractor bound."""


def score_cell(
    work: Work, record: Record, test: Sequence[Item], train: Sequence[Item], reference: Sequence[Item] = ()
) -> None:
    """Compute the metrics that the task asks for, and tell of each; with each, of the method's ceiling.

    train: the training split, where a metric needs its SR. reference: the same, where one compares with its HR.
    """
    folder = work.store.folder("cells", work.task.key)
    training = TrainingSplit(train, folder / TRAINING_IMAGES, record.training_images) if train else None
    learning = sum(bool(scoring.training_sr) for scoring in work.task.metrics)
    comparing = sum(scoring.reference == "train" for scoring in work.task.metrics)
    of_ceiling = sum(_is_of_ceiling(scoring) for scoring in work.task.metrics) if record.ceiling_images else 0
    comparisons = len(work.task.metrics) + of_ceiling
    times = 2 if record.ceiling_images else 1
    step = work.steps(comparisons * len(test) + learning * len(train) + times * comparing * len(reference))

    def compare(key: str, metric: Metric) -> ScoreColumn:
        return score_split(
            key,
            metric,
            test,
            work.task.protocol,
            folder / IMAGES,
            record.images,
            step,
            training=training,
            samples=folder / SAMPLE_IMAGES,
            reference=reference,
        )

    def compare_ceiling(key: str, metric: Metric) -> ScoreColumn:
        place, images = folder / CEILING_IMAGES, record.ceiling_images
        return score_split(key, metric, test, work.task.protocol, place, images, step, reference=reference)

    score_metrics(work, compare, compare_ceiling if record.ceiling_images else None)


def score_metrics(work: Work, compare: Compare, compare_ceiling: Compare | None = None) -> None:
    """Compute the metrics of the task one by one, and tell of each.

    compare_ceiling: of the method's ceiling, where there is one; a metric of the training split, or of samples, has
    none.
    """
    extractors = _Extractors(work.store, work.job.device)
    for scoring in work.task.metrics:
        _score_metric(work, scoring, extractors, compare, ceiling=False)
        if compare_ceiling is not None and _is_of_ceiling(scoring):
            _score_metric(work, scoring, extractors, compare_ceiling, ceiling=True)


def _is_of_ceiling(scoring: Scoring) -> bool:
    return not scoring.training_sr and not scoring.samples


def _score_metric(work: Work, scoring: Scoring, extractors: _Extractors, compare: Compare, *, ceiling: bool) -> None:
    try:
        begun = result_of(scoring.metric.registered.load(), scoring.key, status="failed")
    except SrbenchError as error:  # its class does not say what is better, say
        faulty = MetricResult(key=scoring.key, status="failed", reason=in_words(error))
        _describe(faulty, scoring)
        work.tell(Scored(faulty, ceiling=ceiling))
        return
    _describe(begun, scoring)
    work.tell(Measuring(begun, ceiling))
    column = None
    try:
        needs: dict[Part, object] = {"train": scoring.training_sr, "samples": scoring.samples}
        for part, needed in needs.items():
            if needed and (trouble := work.troubles.get(part)) is not None:
                raise _Unready(scoring, "failed", trouble.reason, again=trouble.again)
        column = compare(scoring.key, _made_ready(scoring, work, extractors))
        result = column.result()
        result.notes = [*extractors.notes(scoring), *scoring.notes]
    except _Unready as unready:
        result = unready.result
    _describe(result, scoring)
    ok = column is not None and result.status == "ok"
    images, whole = (column.images, column.whole) if column is not None and ok else ({}, None)
    work.tell(Scored(result, images, whole, ceiling))


def _describe(result: MetricResult, scoring: Scoring) -> None:
    result.name, result.packages = scoring.metric.name, dict(scoring.packages)
    result.extractor = "" if scoring.training is None else scoring.training.key


class _Unready(Exception):
    """A metric that cannot be computed, and the result that says so."""

    def __init__(
        self, scoring: Scoring, status: Literal["skipped", "failed"], reason: str, *, again: bool = False
    ) -> None:
        super().__init__(reason)
        kind = scoring.metric.registered.load()
        self.result = result_of(kind, scoring.key, status=status, reason=reason, again=again)


def _made_ready(scoring: Scoring, work: Work, extractors: _Extractors) -> Metric:
    """The metric, with its extractor bound. Raises `_Unready`."""
    if scoring.skip:
        raise _Unready(scoring, "skipped", scoring.skip)
    try:
        metric: Metric = scoring.metric.create()
        metric.device, metric.protocol = work.job.device, work.task.protocol
        _verify(metric.weights)
        extractor = extractors.get(scoring)
        if extractor is not None:
            metric.bind(extractor)
    except _Unready:
        raise
    except WeightsMissing as missing:
        raise _Unready(scoring, "skipped", str(missing)) from missing
    except Exception as error:  # a plugin's own fault: the other metrics go on
        raise _Unready(scoring, "failed", in_words(error), again=bool(machine_fault(error))) from error
    return metric


def _verify(weights: tuple[str, ...]) -> None:
    for name in weights:
        weights_path(name)


class _Extractors:
    """The extractors of one job; each is made once, however many metrics run on it."""

    def __init__(self, store: Store, device: str) -> None:
        self._store, self._device = store, device
        self._made: dict[str, Extractor] = {}

    def get(self, scoring: Scoring) -> Extractor | None:
        """The extractor that a metric runs on, able to extract. Raises `_Unready` where its training failed."""
        use = scoring.metric.extractor
        if use is None:
            return None
        if scoring.extractor_key not in self._made:
            extractor: Extractor = use.create()
            _verify(extractor.weights)
            learned = None if scoring.training is None else self._load(extractor, scoring, scoring.training)
            extractor.key = digest({"made of": scoring.extractor_key, "learned": learned})
            extractor.to(self._device)
            self._made[scoring.extractor_key] = extractor
        return self._made[scoring.extractor_key]

    def _load(self, extractor: Extractor, scoring: Scoring, training: ExtractorTraining) -> dict[str, str]:
        """Give it what it learned; returns the sha256 of each file, which two trainings of one key need not share."""
        folder = self._store.folder("extractors", training.key)
        record = self._store.read("extractors", training.key)
        if record is None or record.status != "ok":
            reason = f"{training.label}: {record.reason if record else 'was not done'}"
            raise _Unready(scoring, "failed", reason, again=record is None or record.status == "killed")
        damage = self._store.damage("extractors", record)
        if damage:
            reason = f"{training.label}: {damage}; run again, which trains it anew"
            raise _Unready(scoring, "failed", reason, again=True)
        extractor.load(folder)
        return record.files

    def notes(self, scoring: Scoring) -> list[str]:
        """What is known of the extractor that srbench trained: how it was, and how good it is."""
        record = None if scoring.training is None else self._store.read("extractors", scoring.training.key)
        if record is None or scoring.training is None:
            return []
        name, dataset = scoring.training.extractor.name, scoring.training.dataset.name
        facts = ", ".join(f"{fact.replace('_', ' ')} {value:.3g}" for fact, value in record.facts.items())
        said = f" and checked on the test split: {facts}" if facts else ""
        return [f"extractor {name} was trained on the training split of {dataset}{said}"]
