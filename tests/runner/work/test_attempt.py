"""One run of a job: its record says what was planned and when it began."""

from __future__ import annotations

import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.runner.job.tasks import Evaluation, Job, Training
from srbench.runner.work.attempt import Attempt
from srbench.store.cell import SCHEMA, Cell, digest

CELL = Cell("set5", "x2", "m", None, None, {"method": "m"})
METHOD: Any = SimpleNamespace(name="m")
DATASET: Any = SimpleNamespace(name="set5")


def job(task: Any) -> Job:
    return Job(task, Path("store"), Path("data"))


def test_a_record_says_what_was_planned() -> None:
    task = Evaluation(CELL, METHOD, DATASET, Protocol("x2", 2), (), warnings=("looks dark",))
    record = Attempt.begin(job(task)).record("failed", "no luck", lr="made", cost={"macs": 3.0})
    assert (record.key, record.schema, record.ingredients) == (digest({"method": "m"}), SCHEMA, {"method": "m"})
    assert (record.status, record.reason, record.lr, record.cost) == ("failed", "no luck", "made", {"macs": 3.0})
    assert record.point == CELL.point() and record.label == "set5/x2/m"
    assert record.warnings == ["looks dark"]


def test_a_training_has_no_warnings_of_data() -> None:
    task = Training("ab", {"a": 1}, METHOD, DATASET, Protocol("x2", 2), Budget("steps", 1), 0)
    record = Attempt.begin(job(task)).record("ok")
    assert (record.key, record.ingredients, record.warnings, record.reason) == ("ab", {"a": 1}, [], "")


def test_it_began_when_it_was_begun_and_goes_on() -> None:
    before = datetime.datetime.now(datetime.UTC)
    attempt = Attempt.begin(job(Evaluation(CELL, METHOD, DATASET, Protocol("x2", 2), ())))
    started = datetime.datetime.fromisoformat(attempt.record("ok").started)
    assert started.utcoffset() == datetime.timedelta(0)
    assert before - datetime.timedelta(milliseconds=1) <= started <= datetime.datetime.now(datetime.UTC)
    attempt.clock -= 60
    assert 60 <= attempt.record("ok").seconds <= attempt.seconds
    assert attempt.record("ok").started == attempt.started
