"""What every task brings fits the parts of srbench that it serves."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import get_args

import pytest

from srbench.contract.entry import imported
from srbench.contract.protocol import Protocol
from srbench.contract.task import Task
from srbench.contract.wording import Bound
from srbench.leaderboard.tables.costs import cost_columns, cost_lines
from srbench.registry.registry import registry, task_named
from srbench.runner.work.worker import Make, Score

TASKS = [task_named(name) for name in registry().names("task")]


@pytest.fixture(params=TASKS, ids=lambda task: task.name)
def task(request: pytest.FixtureRequest) -> Task:
    return request.param


def test_what_it_names_of_other_parts_is_there(task: Task) -> None:
    for name, called in ((task.making, Make), (task.scoring, Score)):
        assert len(inspect.signature(imported(name)).parameters) == len(get_args(called)[0])
    for name in ("scores", "compare", "value", "amount", "is_order_alone"):
        assert callable(getattr(imported(task.judging)(), name))
    for name in ("index_template", "cell_template", "view", "header", "index", "cell", "limits"):
        assert hasattr(imported(task.pages), name)


def test_its_protocols_are_of_it_and_have_the_keys_that_it_asks_for(task: Task) -> None:
    own = [one for one in map(_protocol, registry().names("protocol")) if one.task == task.name]
    assert own
    assert {_protocol(name) for name in task.protocols} <= set(own)
    assert {*task.needed, *task.optional} <= {field.name for field in fields(Protocol)}
    assert len({task.describe(protocol) for protocol in own}) == len(own)


def _protocol(name: str) -> Protocol:
    protocol: Protocol = registry().get("protocol", name).load()
    return protocol


def test_every_cost_is_shown_once_and_the_speed_is_one_of_them(task: Task) -> None:
    names = [cost.name for cost in task.costs]
    assert len(set(names)) == len(names)
    assert task.wording.speed.cost in names
    record = {cost.name: 1.0 for cost in task.costs if cost.format != "latency"}
    assert [label for label, _ in cost_lines(record, task)] == [
        cost.label for cost in task.costs if cost.label and cost.name in record
    ]
    assert [column.head for column in cost_columns([record], task)] == [
        cost.head for cost in task.costs if cost.head and cost.name in record
    ]


def test_its_bounds_are_each_one_row(task: Task) -> None:
    marks = [mark for mark, _ in task.wording.bounds]
    assert set(marks) <= set(get_args(Bound))
    assert len(set(marks)) == len(marks)


def test_its_images_are_paired_or_every_metric_compares_sets(task: Task) -> None:
    assert task.unpaired == (task.wording.whole_set == "")
