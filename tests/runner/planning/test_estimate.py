"""What is planned takes as long as such things took before; what nothing is known of is counted, and left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess

from srbench.matrix import read_matrix
from srbench.runner.planning.estimate import Estimate, estimate
from srbench.runner.planning.plan import make_plan
from srbench.store.record import Record


def expected(bench: InProcess, **changes: Any) -> Estimate:
    bench.content |= changes
    return estimate(make_plan(read_matrix(bench.matrix), bench.store), bench.store)


def keep(bench: InProcess, shelf: Any, key: str, seconds: float, point: dict[str, Any], **fields: Any) -> None:
    record = Record(key=key * 32, schema=1, status="ok", point=point, seconds=seconds, **fields)
    bench.store.write(shelf, record)


@pytest.fixture
def bench(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path, methods=["bicubic", {"srcnn": {"preset": "small"}}], seeds=[0, 1])


def test_of_a_store_that_is_new_nothing_is_known(bench: InProcess) -> None:
    steps = expected(bench, train={"on": ["same"], "budget": {"steps": 30}})
    assert steps == Estimate(0, jobs=5, unknown=5)  # of srcnn two trainings, and three cells in all


def test_a_budget_in_seconds_is_what_a_training_takes(bench: InProcess) -> None:
    assert expected(bench, train={"on": ["same"], "budget": {"seconds": 40}}) == Estimate(80, jobs=5, unknown=3)


def test_cells_take_as_long_as_here_or_else_as_elsewhere_and_trainings_by_the_step(bench: InProcess) -> None:
    keep(bench, "cells", "aa", 3, {"dataset": "data", "protocol": "x2-rgb", "method": "bicubic"})
    keep(bench, "cells", "bb", 100, {"dataset": "other", "protocol": "x2-rgb", "method": "bicubic"})
    keep(bench, "cells", "cc", 4, {"dataset": "other", "protocol": "x2-rgb", "method": "srcnn"})
    keep(bench, "cells", "dd", 6, {"dataset": "another", "protocol": "x3-rgb", "method": "srcnn"})
    budgets = {"ingredients": {"budget": {"steps": 100}}}
    keep(bench, "models", "ee", 50, {"dataset": "other", "protocol": "x2", "method": "srcnn"}, **budgets)
    found = expected(bench, train={"on": ["same"], "budget": {"steps": 30}})
    assert found == Estimate(pytest.approx(3 + 2 * 5 + 2 * 15), jobs=5, unknown=0)
    epochs = expected(bench, train={"on": ["same"], "budget": {"epochs": 30}})
    assert (epochs.seconds, epochs.unknown) == (pytest.approx(3 + 2 * 5), 2)


def test_a_training_that_goes_on_takes_what_is_added_and_what_it_goes_on_from(bench: InProcess) -> None:
    keep(bench, "models", "ee", 50, {"method": "srcnn"}, ingredients={"budget": {"steps": 100}})
    before = {"model": "ee", "budget": {"steps": 100}}
    keep(bench, "models", "ff", 150, {"method": "srcnn"}, ingredients={"budget": {"steps": 400}, "from": before})
    found = expected(bench, train={"on": ["same"], "budget": {"steps": 90, "from": {"steps": 30}}})
    assert found == Estimate(pytest.approx(2 * (30 + 60) * 0.5), jobs=7, unknown=3)


def test_what_is_done_takes_no_time(bench: InProcess) -> None:
    bench.content |= {"methods": ["bicubic"], "seeds": [0]}
    assert bench.run().status == "ok"
    assert expected(bench) == Estimate(0, jobs=0, unknown=0)
