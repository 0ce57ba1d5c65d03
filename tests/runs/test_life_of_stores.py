"""Whatever is done to two stores of one matrix, in whichever order: nothing that was there is lost, and one more run
gives what a store gives to which nothing was done.

Matrices run to some cell, crash in some job, and go on; a plugin is edited, and edited back; the stores are merged into
each other, again and again, and cleaned. In this process, with methods of the test's own.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess, Nearest, perform
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from toys.methods import RightLearner

from srbench.commands.clean import KINDS, clean
from srbench.contract.entry import Entry
from srbench.matrix import read_matrix
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.job.tasks import Job, Task
from srbench.runner.planning.damage import Damage
from srbench.runner.planning.plan import make_plan
from srbench.runner.planning.planned import Plan
from srbench.runner.supervision.at_work import at_work_in
from srbench.store.merge import merge
from srbench.store.records import SHELVES, Store
from srbench.store.verify import faults

STORES = st.sampled_from([0, 1])
Scores = dict[str, dict[str, float | None]]


class Crash(BaseException):
    """The end of a process, before it could say or tidy up anything."""


class Laboratory:
    """Two stores, and a matrix with a method that learns and one that does not, of a plugin that is edited."""

    def __init__(self, root: Path) -> None:
        self.bench = InProcess(root, metrics=["psnr", "mae"], train={"on": ["same"], "budget": {"steps": 2}})
        self.stores = [Store(root / name) for name in ("one", "two")]
        self.version = "1"

    def plan(self, store: Store) -> Plan:
        plugin = Plugin("own", "srbench-own", self.version, "bench_in_process")
        kinds: list[type[Any]] = [Nearest, RightLearner]
        uses = [Use(kind.__name__, Registered("method", Entry(kind.__name__, kind), plugin), {}) for kind in kinds]
        return make_plan(replace(read_matrix(self.bench.matrix), methods=tuple(uses), seeds=(0, 1)), store)

    def run(self, store: Store, do: Callable[[Task], None]) -> None:
        """What a run does, one job after the other."""
        with at_work_in(store, "a run"):
            for planned in self.plan(store).cells:
                if planned.state == "done":
                    continue
                for task in planned.prerequisites():
                    if not Damage(store, verify=False).is_done(task):
                        do(task)
                do(planned.evaluation())

    def do(self, store: Store, task: Task, crash_after: int = 10**9) -> None:
        """A job; it crashes after so many signs of life."""
        signs = iter(range(crash_after))

        def alive(done: float = 0.0) -> bool:
            if next(signs, None) is None:
                raise Crash
            return False

        def progress(done: float) -> None:
            alive()

        perform(Job(task, store.root, self.bench.root), progress, alive)

    def scores(self, store: Store) -> Scores:
        """Of each cell that the matrix asks for, by its label."""
        found: Scores = {}
        for planned in self.plan(store).cells:
            assert planned.state == "done" and planned.record is not None and planned.record.went_well, planned.why
            found[planned.cell.label] = {name: one.value for name, one in planned.record.metrics.items()}
        return found


@cache
def undisturbed() -> Scores:
    with tempfile.TemporaryDirectory() as folder:
        laboratory = Laboratory(Path(folder))
        (store, _) = laboratory.stores
        laboratory.run(store, lambda task: laboratory.do(store, task))
        return laboratory.scores(store)


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.laboratory = Laboratory(self.root)
        self.acknowledged: list[set[str]] = [set(), set()]

    def teardown(self) -> None:
        for number, store in enumerate(self.laboratory.stores):
            self.laboratory.run(store, lambda task, store=store: self.laboratory.do(store, task))  # type: ignore[misc]
            assert self.laboratory.scores(store) == undisturbed()
            self.acknowledge(number)
            assert [fault.what for fault in faults(store)] == []
        shutil.rmtree(self.root)

    def acknowledge(self, number: int) -> None:
        self.acknowledged[number] |= {record.key for record in self.laboratory.stores[number].records("cells")}

    @rule(number=STORES, jobs=st.integers(0, 5), crash_after=st.integers(0, 12))
    def run_and_crash(self, number: int, jobs: int, crash_after: int) -> None:
        store, left = self.laboratory.stores[number], iter(range(jobs))

        def do(task: Task) -> None:
            self.laboratory.do(store, task, crash_after if next(left, None) is None else 10**9)

        with suppress(Crash):
            self.laboratory.run(store, do)
        self.acknowledge(number)

    @rule()
    def edit_the_plugin(self) -> None:
        self.laboratory.version = "2" if self.laboratory.version == "1" else "1"

    @rule(number=STORES)
    def merge_twice(self, number: int) -> None:
        source, target = (self.laboratory.stores[place] for place in (number, 1 - number))
        if not any((source.root / shelf).is_dir() for shelf in SHELVES):  # which is no store yet, and is refused
            return
        for _ in range(2):
            with at_work_in(target, "a merge", alone=True):
                merged = merge(source, target)
            assert not merged.conflicts and not merged.faults
        assert merged.taken == merged.completed == 0, "the second time there is nothing new"
        self.acknowledged[1 - number] |= self.acknowledged[number]

    @rule(number=STORES, kinds=st.sets(st.sampled_from(KINDS)))
    def clean_up(self, number: int, kinds: set[Any]) -> None:
        if (store := self.laboratory.stores[number]).root.exists():
            clean(store, kinds)

    @invariant()
    def nothing_is_lost_or_invented(self) -> None:
        for number, store in enumerate(self.laboratory.stores):
            records = {record.key: record for record in store.records("cells")}
            assert records.keys() == self.acknowledged[number]
            for record in records.values():
                for one in record.metrics.values():
                    assert one.value == undisturbed()[record.label][one.name]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


class TestLife(Life.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
