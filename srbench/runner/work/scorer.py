"""Score a cell: metrics made ready with what they need, images compared, results put into the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from srbench.contract.dataset import Item
from srbench.contract.extractor import Extractor
from srbench.contract.metric import Metric
from srbench.errors import in_words
from srbench.evaluate.score import ScoreColumn, TrainingSplit, result_of, score_set, score_split
from srbench.pictures import Values, read_image
from srbench.runner.job.tasks import Evaluation, ExtractorTraining, Scoring
from srbench.store.cell import digest
from srbench.store.files import write_table
from srbench.store.records import CEILING_IMAGES, IMAGES, SCORES, MetricResult, Record, Store
from srbench.weights.lookup import WeightsMissing, weights_path

Ready = Mapping[str, tuple[str, Metric]]
"""Metrics that can be computed, by key, with their keys."""


def with_sound_sr(store: Store, key: str) -> Record | None:
    """The record of a cell whose SR is there and what was written; None where it is to be made.

    Results whose scores are damaged are taken out of it.
    """
    record = store.read("cells", key)
    if record is None or record.status != "ok" or store.damage("cells", record, record.sr_files):
        return None
    if SCORES in record.files and store.damage("cells", record, [SCORES]):
        (store.folder("cells", key) / SCORES).unlink(missing_ok=True)
        record.metrics = {key: result for key, result in record.metrics.items() if result.status != "ok"}
    return record


def score_cell(
    task: Evaluation,
    store: Store,
    device: str,
    record: Record,
    items: Sequence[Item],
    training: TrainingSplit | str | None,
    progress: Callable[[str], None],
) -> None:
    """Compute the metrics that the task asks for, into the record and `scores.parquet`.

    training: the training split with its SR, where a metric needs it; or why that could not be made.
    """
    split = None if isinstance(training, str) else training
    folder = store.folder("cells", task.key)

    def compare(ready: Ready) -> dict[str, ScoreColumn]:
        return score_split(ready, items, task.protocol, folder / IMAGES, record.images, progress, training=split)

    trouble = training if isinstance(training, str) else ""
    columns, results = _scored(task.metrics, task, store, device, compare, trouble)
    record.metrics = _with_latest(record.metrics, results)
    _write_scores(store, record, columns)


def score_ceiling(
    task: Evaluation,
    store: Store,
    device: str,
    record: Record,
    items: Sequence[Item],
    progress: Callable[[str], None],
) -> None:
    """Compute the same metrics of the method's ceiling, into the record; those that need training SR have none."""
    scorings = [scoring for scoring in task.metrics if not scoring.training_sr]
    folder = store.folder("cells", task.key) / CEILING_IMAGES

    def compare(ready: Ready) -> dict[str, ScoreColumn]:
        return score_split(ready, items, task.protocol, folder, record.ceiling_images, progress)

    _, results = _scored(scorings, task, store, device, compare)
    record.ceiling = _with_latest(record.ceiling, results)


def score_generated(
    task: Evaluation,
    store: Store,
    device: str,
    record: Record,
    values: Values,
    test: Sequence[Item],
    train: Sequence[Item],
    progress: Callable[[str], None],
) -> None:
    """Compute the metrics of a generated set that the task asks for, into the record and `scores.parquet`.

    values: of the generated images, which are as deep as one of the test split.
    """
    folder = store.folder("cells", task.key)
    paths = ((name, folder / IMAGES / file) for name, file in record.images.items())
    generated = ((Item(name, path, label=record.labels.get(name)), read_image(path), values) for name, path in paths)

    def compare(ready: Ready) -> dict[str, ScoreColumn]:
        real, training = (((item, *item.read_hr()) for item in items) for items in (test, train))
        return score_set(ready, (("generated", generated), ("real", real), ("training", training)), progress)

    columns, results = _scored(task.metrics, task, store, device, compare)
    record.metrics = _with_latest(record.metrics, results)
    _write_scores(store, record, columns)


def _scored(
    scorings: Sequence[Scoring],
    task: Evaluation,
    store: Store,
    device: str,
    compare: Callable[[Ready], dict[str, ScoreColumn]],
    trouble: str = "",
) -> tuple[dict[str, ScoreColumn], dict[str, MetricResult]]:
    """What `compare` finds with the metrics that are ready, and the result of every metric, ready or not, by key.

    trouble: why there is no SR of the training split, for metrics that need it.
    """
    extractors = _Extractors(store, device)
    ready: dict[str, tuple[str, Metric]] = {}
    results: dict[str, MetricResult] = {}
    by_key = {scoring.key: scoring for scoring in scorings}
    for key, scoring in by_key.items():
        try:
            if scoring.training_sr and trouble:
                raise _Unready(scoring, "failed", trouble)
            ready[key] = (key, _made_ready(scoring, task, device, extractors))
        except _Unready as unready:
            results[key] = unready.result
    columns = compare(ready)
    for key, column in columns.items():
        results[key] = column.result()
        results[key].notes = extractors.notes(by_key[key])
    for key, result in results.items():
        result.name, result.packages = by_key[key].metric.name, dict(by_key[key].packages)
    return columns, results


def _with_latest(earlier: Mapping[str, MetricResult], results: Mapping[str, MetricResult]) -> dict[str, MetricResult]:
    """The results of before and of now, those of now last."""
    return {**{key: result for key, result in earlier.items() if key not in results}, **results}


class _Unready(Exception):
    """A metric that cannot be computed, and the result that says so."""

    def __init__(self, scoring: Scoring, status: Literal["skipped", "failed"], reason: str) -> None:
        super().__init__(reason)
        self.result = result_of(scoring.metric.registered.load(), scoring.key, status=status, reason=reason)


def _made_ready(scoring: Scoring, task: Evaluation, device: str, extractors: _Extractors) -> Metric:
    """The metric, with its extractor bound. Raises `_Unready`."""
    if scoring.skip:
        raise _Unready(scoring, "skipped", scoring.skip)
    try:
        metric: Metric = scoring.metric.create()
        metric.device, metric.protocol = device, task.protocol
        _verify(metric.weights)
        extractor = extractors.get(scoring)
        if extractor is not None:
            metric.bind(extractor)
    except _Unready:
        raise
    except WeightsMissing as missing:
        raise _Unready(scoring, "skipped", str(missing)) from missing
    except Exception as error:  # a plugin's own fault: the other metrics go on
        raise _Unready(scoring, "failed", in_words(error)) from error
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
            unready = _Unready(scoring, "failed", f"{training.label}: {record.reason if record else 'was not done'}")
            if record is None or record.status == "killed":
                unready.result.again = True
            raise unready
        damage = self._store.damage("extractors", record)
        if damage:
            unready = _Unready(scoring, "failed", f"{training.label}: {damage}; run again, which trains it anew")
            unready.result.again = True
            raise unready
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


def _write_scores(store: Store, record: Record, columns: dict[str, ScoreColumn]) -> None:
    """One row an image and metric (its key), one without an image for a set metric; rows of earlier metrics stay."""
    path, metrics = store.folder("cells", record.key) / SCORES, record.metrics
    rows: list[tuple[str | None, str, float]] = []
    if path.exists():
        kept = pq.read_table(path).to_pylist()
        rows += [(row["image"], row["metric"], row["value"]) for row in kept if row["metric"] not in columns]
    for key, column in columns.items():
        rows += [(image, key, score) for image, score in column.images.items()]
        if column.whole is not None:
            rows.append((None, key, column.whole))
    # An attempt that was killed before it wrote its record may have left rows of metrics that nobody asks for any more.
    rows = [row for row in rows if row[1] in metrics and metrics[row[1]].status == "ok"]
    image, metric, value = ([row[index] for row in rows] for index in range(3))
    table = pa.table(
        {
            "image": pa.array(image, pa.string()),
            "metric": pa.array(metric, pa.string()),
            "value": pa.array(value, pa.float64()),
        }
    )
    write_table(path, table)
    record.files |= store.hashes("cells", record.key, [SCORES])
