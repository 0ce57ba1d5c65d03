"""One run of a job, as its record will tell of it."""

from __future__ import annotations

import datetime
import os
import time
from dataclasses import dataclass
from typing import Any

from srbench.contract.executor import JOB_VARIABLE
from srbench.runner.job.tasks import Evaluation, Job
from srbench.store.cell import SCHEMA
from srbench.store.record import Record, Status


@dataclass
class Attempt:
    """One run of a job: what its record will say whatever happens."""

    job: Job
    started: str
    clock: float

    @classmethod
    def begin(cls, job: Job) -> Attempt:
        """Note the time."""
        return cls(job, datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"), time.monotonic())

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return round(time.monotonic() - self.clock, 3)

    def record(self, status: Status, reason: str = "", **fields: Any) -> Record:
        """A record of this attempt."""
        task = self.job.task
        return Record(
            key=task.key,
            schema=SCHEMA,
            status=status,
            reason=reason,
            point=task.point(),
            ingredients=task.ingredients,
            warnings=list(task.warnings) if isinstance(task, Evaluation) else [],
            started=self.started,
            seconds=self.seconds,
            job=os.environ.get(JOB_VARIABLE),
            **fields,
        )
