"""Cells are short where others of their kind were, which had no less to do; all else has the CPU to itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_in_process import InProcess

from srbench.runner.job.tasks import Evaluation, SeenSplit
from srbench.runner.supervision.company import SHORT_SECONDS, Company
from srbench.store.record import Record, Status


@pytest.fixture
def task(tmp_path: Path) -> Evaluation:
    return replace(InProcess(tmp_path).plan().evaluation(), pixels=(100, 400))


def record(task: Evaluation, status: Status = "ok", **cost: float | None) -> Record:
    return Record(key=task.key, schema=2, status=status, cost=cost)


def test_a_cell_is_short_where_one_that_had_no_less_to_do_was(task: Evaluation) -> None:
    company = Company()
    assert not company.is_short(task)
    company.learn(task, 0.5, record(task))
    assert company.is_short(task) and company.is_short(replace(task, pixels=(99, 400)))
    for pixels in ((101, 400), (100, 401), None):
        assert not company.is_short(replace(task, pixels=pixels))
    company.learn(replace(task, pixels=(50, 50)), 0.5, record(task))
    assert company.is_short(task), "a smaller one says nothing of larger ones"


def test_what_took_long_or_went_wrong_makes_no_cell_short(task: Evaluation) -> None:
    company = Company()
    company.learn(task, SHORT_SECONDS + 0.1, record(task))
    company.learn(task, 0.1, record(task, "failed"))
    company.learn(task, 0.1, None)
    assert not company.is_short(task)


def test_another_method_protocol_or_metric_is_of_another_kind(task: Evaluation) -> None:
    company = Company()
    company.learn(task, 0.5, record(task))
    others = [
        replace(task, method=replace(task.method, name="another")),
        replace(task, protocol=replace(task.protocol, name="another")),
        replace(task, metrics=()),
        replace(task, settings={"samples": 9}),
    ]
    assert not any(map(company.is_short, others))


def test_trainings_and_cells_that_read_a_training_split_are_never_short(tmp_path: Path, task: Evaluation) -> None:
    company = Company()
    reads = (SeenSplit("train", None, "seen"),)
    learning = replace(task, metrics=(replace(task.metrics[0], reads=reads),))
    company.learn(learning, 0.1, record(learning))
    assert not company.is_short(learning)
    bench = InProcess(
        tmp_path, methods=[{"srcnn": {"preset": "small"}}], train={"on": ["same"], "budget": {"steps": 2}}
    )
    training = bench.plan().training
    assert training is not None
    company.learn(training, 0.1, record(task))
    assert not company.is_short(training)


def test_as_many_fit_as_have_room_for_the_most_that_one_held(task: Evaluation) -> None:
    company = Company()
    assert company.fits(8.5) == 8 and company.fits(0.2) == 1
    company.learn(task, 0.5, record(task, peak_memory_gb=3.0))
    company.learn(task, 0.5, record(task, peak_memory_gb=None))
    assert company.fits(8.5) == 2
