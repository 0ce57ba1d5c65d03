"""How long a run still takes: by what such jobs took, by the pace of those at work, shared by those at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench_in_process import InProcess

from srbench.matrix import read_matrix
from srbench.runner.planning.estimate import Durations, Kind
from srbench.runner.planning.plan import make_plan
from srbench.runner.supervision.time_left import Left, TimeLeft
from srbench.store.record import Record


class Clock:
    """Seconds, as a test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Case:
    """The time left of four cells of bicubic, of which nothing is known."""

    def __init__(self, root: Path) -> None:
        self.bench = InProcess(root, protocols=["x2-rgb", "x2-y", "x4-rgb", "x4-y"])
        self.cells = make_plan(read_matrix(self.bench.matrix), self.bench.store).cells
        self.clock = Clock()
        self.time = TimeLeft(self.cells, self.bench.store, self.clock)

    def key(self, place: int) -> str:
        return self.cells[place].cell.key

    def end(self, place: int, seconds: float, status: str = "ok") -> None:
        point = self.cells[place].cell.point()
        record = Record(key=self.key(place), schema=1, status=status, point=point, seconds=seconds)  # type: ignore[arg-type]
        self.time.ended("cells", self.key(place), record)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_nothing_is_known_at_first_and_each_cell_that_ended_well_teaches(case: Case) -> None:
    assert case.time.left() == Left(None, 4)
    case.end(0, 10)
    assert case.time.left() == Left(30, 0)
    case.end(1, 20)
    assert case.time.left() == Left(2 * 15, 0)
    case.end(2, 1000, "failed")
    assert case.time.left() == Left(15, 0)
    case.end(3, 15)
    assert case.time.left() == Left(0, 0)


def test_of_a_job_at_work_what_it_took_is_taken_off_until_its_own_pace_is_known(case: Case) -> None:
    case.end(0, 100)
    case.time.progressed(case.key(1), 0.0)
    case.clock.now += 30
    assert case.time.left() == Left(100 + 100 + 70, 0)
    case.time.progressed(case.key(1), 0.5)  # 30 s for a half
    assert case.time.left() == Left(100 + 100 + 30, 0)
    case.clock.now += 300
    case.time.progressed(case.key(1), 0.0)
    assert case.time.left() == Left(200, 0)  # longer than expected, and never less than nothing


def test_jobs_at_once_share_what_is_left_and_the_longest_is_waited_for(case: Case) -> None:
    case.end(0, 100)
    for place in (1, 2):
        case.time.progressed(case.key(place), 0.0)
    assert case.time.left() == Left(300 / 2, 0)
    case.clock.now += 10
    case.time.progressed(case.key(1), 0.025)  # so that it takes 390 s more
    assert case.time.left() == Left(390, 0)


def test_a_job_that_is_begun_again_is_waited_for_from_its_beginning(case: Case) -> None:
    case.end(0, 100)
    case.time.progressed(case.key(1), 0.0)
    case.clock.now += 60
    case.time.put_back(case.key(1))
    assert case.time.left() == Left(300, 0)


def test_jobs_that_take_as_long_are_looked_at_together(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    one = case.cells[0]
    seeds = [replace(one, cell=replace(one.cell, seed=seed, ingredients={"seed": seed})) for seed in range(50)]
    time = TimeLeft(seeds, case.bench.store, case.clock)
    point = {**one.cell.point(), "seed": 0}
    time.ended("cells", seeds[0].cell.key, Record(key="ab", schema=1, status="ok", point=point, seconds=2))
    time.progressed(seeds[1].cell.key, 0.0)
    asked: list[Kind] = []
    of_kind = Durations.of_kind
    monkeypatch.setattr(Durations, "of_kind", lambda self, kind: asked.append(kind) or of_kind(self, kind))
    assert time.left() == Left(49 * 2, 0) and len(asked) == 2


def test_what_nothing_is_known_of_is_counted_beside(tmp_path: Path) -> None:
    bench = InProcess(tmp_path, methods=["bicubic", "nearest"])
    cells = make_plan(read_matrix(bench.matrix), bench.store).cells
    earlier = {"dataset": "other", "protocol": "x2-y", "method": "bicubic"}
    bench.store.write("cells", Record(key="ab" * 32, schema=1, status="ok", point=earlier, seconds=7))
    assert TimeLeft(cells, bench.store).left() == Left(7, 1)
