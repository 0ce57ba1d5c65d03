"""What waits for what, and what of it has come to its end elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_in_process import InProcess, perform, plan
from hypothesis import given
from hypothesis import strategies as st

from srbench.runner.job.tasks import Evaluation, Job
from srbench.runner.supervision.agenda import Agenda, Outcome


@pytest.fixture
def bench(tmp_path: Path) -> InProcess:
    made = InProcess(
        tmp_path,
        methods=["bicubic", {"srcnn": {"preset": "small"}}],
        train={"on": ["same"], "budget": {"steps": 2}},
        seeds=[0, 1],
    )
    made.store.create()
    return made


def do(bench: InProcess, key: str, agenda: Agenda) -> None:
    perform(Job(agenda.task(key), bench.store.root, bench.root))


def test_cells_wait_for_their_trainings_and_go_before_all_else_when_these_are_done(bench: InProcess) -> None:
    cells = plan(bench).cells
    agenda = Agenda.of(cells, bench.store)
    kinds = [agenda.task(key).label.split()[0] for key in agenda.ready]
    assert kinds == [cells[0].cell.label, "training", "training"]
    assert set(agenda.waiting) == {cells[1].cell.key, cells[2].cell.key}
    (training, *_) = (key for key in agenda.ready if key in agenda.trainings)
    agenda.release(training)
    assert isinstance(agenda.task(agenda.ready[0]), Evaluation) and len(agenda.waiting) == 1
    agenda.release(training)
    assert len(agenda.ready) == 4, "that was all that waited for it"


def test_what_cannot_do_without_a_training_is_given_up_once(bench: InProcess) -> None:
    agenda = Agenda.of(plan(bench).cells, bench.store)
    trainings = list(agenda.trainings)
    lost = [key for training in trainings for key in agenda.give_up(training)]
    assert sorted(lost) == sorted(agenda.cells.keys() - {agenda.ready[0]}) and agenda.waiting == {}
    assert agenda.give_up(trainings[0]) == []


def test_a_task_is_to_be_done_until_another_run_has_done_it(bench: InProcess) -> None:
    agenda = Agenda.of(plan(bench).cells, bench.store)
    for key in list(agenda.ready)[:2]:
        task = agenda.task(key)
        assert agenda.lacking(task, bench.store) == task
        do(bench, key, agenda)
        assert agenda.lacking(task, bench.store) == Outcome("ok", "")
        (folder := bench.store.folder(task.shelf, key)).rename(folder.with_name("elsewhere"))
        assert agenda.lacking(task, bench.store) == task


def test_a_metric_that_another_run_did_not_compute_is_still_to_be_computed(bench: InProcess) -> None:
    (cell, *_) = plan(bench).cells
    (scoring,) = cell.metrics
    both = replace(cell, metrics=(scoring, replace(scoring, key="another")))
    do(bench, cell.cell.key, Agenda.of([cell], bench.store))
    agenda = Agenda.of([both], bench.store)
    lacking = agenda.lacking(both.evaluation(), bench.store)
    assert isinstance(lacking, Evaluation) and [one.key for one in lacking.metrics] == ["another"]


@given(st.lists(st.sets(st.integers(0, 5)), max_size=8), st.permutations(range(6)))
def test_whatever_waits_is_ready_when_the_last_of_what_it_waits_for_has_ended(
    waits: list[set[int]], order: list[int]
) -> None:
    agenda = Agenda()
    for place, tasks in enumerate(waits):
        agenda._let_wait(f"cell{place}", [f"training{task}" for task in tasks])
    for ended in range(7):
        done = set(order[:ended])
        assert set(agenda.ready) == {f"cell{place}" for place, tasks in enumerate(waits) if tasks <= done}
        assert len(agenda.ready) == len(set(agenda.ready))
        if ended < 6:
            agenda.release(f"training{order[ended]}")
