"""The record of a job as it comes to be: what the job's processes tell, and how they end.

A keeper's own: nothing else writes records while a job runs, so that no process of a method can.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from srbench.runner.job.channel import Doing, Lacking, Made, Measuring, Message, Part, Scored
from srbench.runner.job.tasks import Evaluation, Job, Scoring
from srbench.runner.work.attempt import Attempt
from srbench.store.files import bytes_of, remove_leftovers, set_aside, write_table
from srbench.store.record import SCORES, MetricResult, Record, Status, encoded
from srbench.store.records import CHECKPOINT, LOG, RECORD, Store, put_away
from srbench.store.texts import LONGEST_LOG

LOG_TAIL_LINES = 30
_Scores = dict[str | None, float]
"""Scores by image; that of a whole set under None."""


class Account:
    """What is known of a job, and its record on disk, which is written anew with every news.

    attempt: this run of the job. record: as it stands; None before there is one. again: what ended badly was the
    machine's fault, and is worth another try at once. troubles: why there is no SR of the training split, or why
    there are no samples, where they were to be made.
    """

    def __init__(self, job: Job, store: Store) -> None:
        self._job, self._task, self._store = job, job.task, store
        self.attempt = Attempt.begin(job)
        self.folder = store.folder(job.task.shelf, job.task.key)
        self._set_folders_aside()
        self.record = self._sound()
        self.again = False
        self.troubles: dict[Part, Lacking] = {}
        self._part: Doing | None = None
        self._metric: Measuring | None = None
        self._pending: dict[str, Scoring] = {}
        self._scores: dict[str, _Scores] = {}
        if isinstance(job.task, Evaluation):
            self._pending = {scoring.key: scoring for scoring in job.task.metrics}
        self._begin()

    def _set_folders_aside(self) -> None:
        earlier = self._store.read(self._task.shelf, self._task.key)
        for name in (RECORD, SCORES, LOG, *(earlier.files if earlier else ())):
            set_aside(self.folder / name)

    def _sound(self) -> Record | None:
        """The record of a cell whose SR is there and what was written, without results whose scores are damaged."""
        record = self._store.read(self._task.shelf, self._task.key)
        if not isinstance(self._task, Evaluation) or record is None or record.status != "ok":
            return None
        if self._store.damage("cells", record, record.sr_files):
            return None
        if SCORES in record.files and self._store.damage("cells", record, [SCORES]):
            (self.folder / SCORES).unlink(missing_ok=True)
            record.metrics = {key: result for key, result in record.metrics.items() if result.status != "ok"}
        return record

    def _begin(self) -> None:
        """Make the folder ready: of what other attempts left there stays what this one goes on with."""
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.folder)
        if self.record is not None:
            self._scores = _read_scores(self.folder / SCORES)
            return
        (self.folder / RECORD).unlink(missing_ok=True)
        if isinstance(self._task, Evaluation):
            (self.folder / SCORES).unlink(missing_ok=True)
            (self.folder / LOG).unlink(missing_ok=True)

    @property
    def lacks_images(self) -> bool:
        """Whether something of a cell's images is still to be made."""
        task = self._task
        if not isinstance(task, Evaluation) or self.record is None:
            return True
        if task.ceiling and not self.record.ceiling_images and not self.record.metrics:
            return True
        return bool(self._lacks)

    @property
    def _lacks(self) -> dict[Part, str]:
        """What metrics need beside SR of the test split and is not there, each with what making it is called."""
        task, record = self._task, self.record
        if not isinstance(task, Evaluation) or record is None:
            return {}
        lacks: dict[Part, str] = {}
        if any(scoring.training_sr not in ("", record.training_split) for scoring in task.metrics):
            lacks["train"] = "upscaling the training split"
        if any(scoring.samples > record.samples for scoring in task.metrics):
            lacks["samples"] = "drawing samples"
        return lacks

    @property
    def to_score(self) -> Job | None:
        """The job with the metrics that are still to be computed; None where there is nothing to score them on."""
        if not isinstance(self._task, Evaluation) or self.record is None or self.record.status != "ok":
            return None
        return replace(self._job, task=replace(self._task, metrics=tuple(self._pending.values())))

    @property
    def settled(self) -> bool:
        """Whether every metric has its result."""
        return not self._pending

    def making_told(self, message: Message) -> None:
        """Note what the process tells that makes things; of scores it has nothing to say. Raises `StoreError`."""
        if isinstance(message, Made):
            self._made(message)
        elif isinstance(message, Doing):
            self._part = message
        elif isinstance(message, Lacking):
            self._lacking(message)

    def making_ended(self, status: Status, reason: str, again: bool) -> None:
        """Note that the process which made things ended, and how where it had not told all. Raises `StoreError`."""
        if self.record is None:
            self.again = again
            self.record = self.attempt.record(status, reason)
        elif self._part is not None or self._lacks.keys() - self.troubles.keys():
            self._lacking(Lacking(reason, again))
            for name in self._lacks.keys() - self.troubles.keys():
                self._trouble(name, Lacking(reason, again))
        self._restore()

    def scoring_told(self, message: Message) -> None:
        """Note what a process tells that scores; of what was made it has nothing to say. Raises `StoreError`."""
        if isinstance(message, Measuring):
            self._metric = message
        elif isinstance(message, Scored):
            self._scored(message)

    def scoring_ended(self, reason: str, again: bool) -> None:
        """Note that a process which scores ended, at the metric that was begun, or before any could be."""
        if self._metric is not None and self._metric.ceiling:
            self._note(f"Its ceiling was not scored: {reason}")
        elif self._metric is not None:
            self._scored(Scored(msgspec.structs.replace(self._metric.result, reason=reason, again=again)))
        else:
            for key, scoring in list(self._pending.items()):
                name, packages = scoring.metric.name, dict(scoring.packages)
                self._scored(
                    Scored(
                        MetricResult(key=key, name=name, status="failed", reason=reason, again=again, packages=packages)
                    )
                )
        self._metric = None
        self._restore()

    def _made(self, message: Made) -> None:
        made = message.record
        if made.key != self._task.key:
            return
        if self.record is not None and made.status != "ok":  # what is there stays
            self._lacking(Lacking(made.reason, message.again))
            return
        self._part = None
        if self.record is None:
            self.again = message.again
            self.record = msgspec.structs.replace(made, metrics={}, ceiling={})
        else:
            scores = {name: known for name, known in self.record.files.items() if name == SCORES}
            self.record = msgspec.structs.replace(
                self.record,
                training_images=made.training_images,
                training_split=made.training_split,
                samples=made.samples,
                ceiling_images=made.ceiling_images,
                files={name: known for name, known in made.files.items() if name != SCORES} | scores,
            )
        self._write()
        if made.status == "ok" and not isinstance(self._task, Evaluation):
            with suppress(OSError):  # the next run does it
                put_away(self.folder / CHECKPOINT)

    def _lacking(self, told: Lacking) -> None:
        part, self._part = self._part, None
        if part is not None and part.part == "ceiling":
            self._note(f"Its ceiling ({part.name}) was not measured: {told.reason}")
        elif part is not None and part.part in self._lacks:
            self._trouble(part.part, told)

    def _trouble(self, part: Part, told: Lacking) -> None:
        self.troubles[part] = Lacking(f"{self._lacks[part]}: {told.reason}", told.again)

    def _note(self, text: str) -> None:
        assert self.record is not None
        self.record.notes = list(dict.fromkeys([*self.record.notes, text]))
        self._write()

    def _scored(self, message: Scored) -> None:
        result, self._metric = message.result, None
        assert self.record is not None
        if message.ceiling:
            self.record.ceiling = _with_latest(self.record.ceiling, result)
        elif result.key in self._pending:
            del self._pending[result.key]
            self.again |= result.again
            self.record.metrics = _with_latest(self.record.metrics, result)
            self._scores.pop(result.key, None)
            if result.status == "ok":
                self._scores[result.key] = {}
                self._scores[result.key].update(message.images)
                if message.whole is not None:
                    self._scores[result.key][None] = message.whole
            self._write_scores()
        self._write()

    def _restore(self) -> None:
        """Write the record, unless it stands as it was told: what a process made of its file is undone when it ends."""
        assert self.record is not None
        self.record.log_tail = log_tail(self.folder)
        if bytes_of(self.folder / RECORD) != encoded(self.record):
            self._write()

    def _write(self) -> None:
        assert self.record is not None
        if self.record.started == self.attempt.started:  # one that was there before keeps its own
            self.record.seconds = self.attempt.seconds
        self.record.log_tail = log_tail(self.folder)
        self._store.write(self._task.shelf, self.record)

    def _write_scores(self) -> None:
        """One row an image and metric (its key), one without an image for a set metric."""
        assert self.record is not None
        rows = [(image, key, score) for key, scores in self._scores.items() for image, score in scores.items()]
        image, metric, value = ([row[index] for row in rows] for index in range(3))
        table = pa.table(
            {
                "image": pa.array(image, pa.string()),
                "metric": pa.array(metric, pa.string()),
                "value": pa.array(value, pa.float64()),
            }
        )
        write_table(self.folder / SCORES, table)
        self.record.files |= self._store.hashes("cells", self._task.key, [SCORES])


def _with_latest(earlier: Mapping[str, MetricResult], result: MetricResult) -> dict[str, MetricResult]:
    """The results of before and the new one, which stands last."""
    return {**{key: known for key, known in earlier.items() if key != result.key}, result.key: result}


def _read_scores(path: Path) -> dict[str, _Scores]:
    scores: dict[str, _Scores] = {}
    if path.exists():
        for row in pq.read_table(path).to_pylist():
            scores.setdefault(row["metric"], {})[row["image"]] = row["value"]
    return scores


def log_tail(folder: Path) -> str:
    """The last lines of a job's log, however long it is, and they are."""
    log = folder / LOG
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LONGEST_LOG))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-LOG_TAIL_LINES:])
