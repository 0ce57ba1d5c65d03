"""Stores are sets: whatever is written, merged, merged twice and cleaned, in whichever order, they hold the union."""

from __future__ import annotations

import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from made_records import made_cell, made_failure

from srbench.commands.clean import KINDS, Kind, clean
from srbench.runner.supervision.at_work import at_work_in
from srbench.store.conflicts import conflicts
from srbench.store.merge import merge
from srbench.store.record import Status
from srbench.store.records import Store
from srbench.store.verify import faults

BAD: list[Status] = ["failed", "killed"]
CELLS, METRICS = ("x", "y"), ("psnr", "ssim")
Fact = tuple[str, str, str, float]
"""A cell, the sha256 of its SR, a metric, its value."""


class Stores(RuleBasedStateMachine):
    """Two stores that are written, one that both are merged into, and one that is merged from that."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(os.environ["PYTEST_STORES"]) / os.urandom(6).hex()
        self.stores = {name: Store(self.folder / name) for name in "abtu"}
        for store in self.stores.values():
            (store.root / "cells").mkdir(parents=True)
        self.known: dict[str, set[Fact]] = {name: set() for name in self.stores}
        self.tried: dict[str, set[str]] = {name: set() for name in self.stores}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(
        store=st.sampled_from("ab"),
        cell=st.sampled_from(CELLS),
        sr=st.sampled_from([b"0", b"1"]),
        metrics=st.dictionaries(st.sampled_from(METRICS), st.sampled_from([1.0, 2.0]), min_size=1),
    )
    def write(self, store: str, cell: str, sr: bytes, metrics: dict[str, float]) -> None:
        made_cell(self.stores[store], cell, sr, metrics)
        self.known[store] = {fact for fact in self.known[store] if fact[0] != cell}
        self.known[store] |= {(cell, sha256(sr + b"a").hexdigest(), metric, value) for metric, value in metrics.items()}
        self.tried[store].add(cell)

    @rule(store=st.sampled_from("ab"), cell=st.sampled_from(CELLS), status=st.sampled_from(BAD))
    def fail(self, store: str, cell: str, status: Status) -> None:
        made_failure(self.stores[store], cell, status)
        self.known[store] = {fact for fact in self.known[store] if fact[0] != cell}
        self.tried[store].add(cell)

    @rule(store=st.sampled_from("abtu"), kinds=st.sets(st.sampled_from(KINDS)))
    def clean(self, store: str, kinds: set[Kind]) -> None:
        before = self.pictures(store)
        clean(self.stores[store], kinds)
        assert self.pictures(store) <= before
        if "conflicts" in kinds:
            self.known[store] = self.found(store)
            assert not conflicts(self.stores[store])
        elif "pictures" not in kinds:
            assert self.pictures(store) == before

    @rule(way=st.sampled_from(["at", "bt", "ab", "tu", "ut"]), times=st.integers(1, 2))
    def merge(self, way: str, times: int) -> None:
        source, target = way
        pictures = self.pictures(source) | self.pictures(target)
        for _ in range(times):
            with at_work_in(self.stores[target], "a merge", alone=True):
                assert merge(self.stores[source], self.stores[target]).faults == []
        assert self.pictures(target) == pictures
        if target in "ab" and conflicts(self.stores[target]):  # what is written is of one version
            shutil.rmtree(self.stores[target].root / "conflicts")
            self.known[target] = self.found(target)
        else:
            self.known[target] |= self.known[source]
        self.tried[target] |= self.tried[source]

    def found(self, name: str) -> set[Fact]:
        facts = set()
        for store in (self.stores[name], *conflicts(self.stores[name])):
            for record in store.records("cells"):
                for metric, result in record.metrics.items():
                    assert result.value is not None
                    facts.add((str(record.point["method"]), record.files["images/a.png"], metric, result.value))
        return facts

    def pictures(self, name: str) -> set[tuple[str, str]]:
        """The cells, each with its version of SR, of which pictures are there."""
        return {
            (record.key, record.files["images/a.png"])
            for store in (self.stores[name], *conflicts(self.stores[name]))
            for record in store.records("cells")
            if (store.folder("cells", record.key) / "images").exists()
        }

    @invariant()
    def each_store_holds_the_union(self) -> None:
        for name, store in self.stores.items():
            assert self.found(name) == self.known[name]
            assert {str(record.point["method"]) for record in store.records("cells")} == self.tried[name]
            assert [fault for one in (store, *conflicts(store)) for fault in faults(one)] == []


def test_stores_are_sets_whatever_is_written_and_merged_in_whichever_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_STORES", str(tmp_path))
    case = Stores.TestCase
    case.settings = settings(max_examples=10, stateful_step_count=10, deadline=None)
    case("runTest").runTest()
