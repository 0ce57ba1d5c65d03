"""What a training that goes on is given of the earlier one, and what both took together. No job is done here."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench_in_process import Nearest

from srbench.contract.entry import Entry
from srbench.contract.fit import Budget, FitContext, Start
from srbench.contract.protocol import Protocol
from srbench.contract.training_set import TrainingSet
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner.job.tasks import StartingWeights, Training
from srbench.runner.work.going_on import all_in_all, earlier_record, fit, gone_on, start_cost, start_of
from srbench.runner.work.witness import Outdated
from srbench.store.record import Record
from srbench.store.records import Store
from srbench.training.loop.engine import NothingToGoOnFrom

USE = Use("m", Registered("method", Entry("m", Nearest), Plugin("own", "own", "1", "bench_in_process")), {})
TASK = Training("model", {"a": 1}, USE, USE, Protocol("x2", 2), Budget("steps", 4), 0)
TRAIN = TrainingSet([], Protocol("x2", 2))


def test_the_record_of_the_earlier_training_is_that_of_one_that_went_well(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = Record(key="model", schema=2, status="ok")
    for left in (None, Record(key="model", schema=2, status="failed")):
        if left is not None:
            store.write("models", left)
        with pytest.raises(Outdated, match=f"is gone from {store.folder('models', 'model')}; run again"):
            earlier_record(store, TASK)
    store.write("models", record)
    assert earlier_record(store, TASK) == record


class Fits(Nearest):
    """Raises what a test says."""

    fault: Exception | None = None

    def fit(self, train: Any, context: FitContext) -> None:
        if self.fault is not None:
            raise self.fault


def test_a_checkpoint_that_nothing_goes_on_from_is_removed_and_no_other(tmp_path: Path) -> None:
    earlier, method = tmp_path / "checkpoint.pt", Fits()
    context = FitContext(0, Budget("steps", 8, Budget("steps", 4)), tmp_path / "own", earlier=earlier)
    earlier.write_bytes(b"damaged")
    for method.fault in (None, ValueError("the method's own")):
        with pytest.raises(ValueError, match="own") if method.fault else nullcontext():
            fit(method, TRAIN, context)
        assert earlier.exists()
    method.fault = NothingToGoOnFrom("it is damaged")
    for _ in range(2):
        with pytest.raises(Outdated, match="it is damaged; run again, which does the earlier training anew"):
            fit(method, TRAIN, context)
        assert not earlier.exists()


def test_what_came_after_is_the_difference_and_what_all_took_the_sum() -> None:
    cost = {"train_seconds": 3.25, "train_steps": 40, "train_energy_cpu_j": 10.0, "train_energy_gpu_j": None}
    earlier = Record(key="model", schema=2, status="ok", cost=cost)
    assert gone_on({"seconds": 5.0, "step": 100}, earlier) == {"going_on_seconds": 1.75, "going_on_steps": 60}
    own: dict[str, float | None] = {"train_energy_cpu_j": 2.5, "train_energy_gpu_j": 7.0}
    assert all_in_all(own, earlier) == {"train_energy_cpu_j": 12.5}, "no part of it passes for all"
    assert all_in_all(own, None) == own
    unknown = msgspec.structs.replace(earlier, cost={})
    assert all_in_all(own, unknown) == {} and gone_on({"seconds": 5.0, "step": 9}, unknown)["going_on_steps"] == 9


def test_a_training_starts_from_a_file_or_from_a_model_that_is_there_undamaged(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert start_of(store, TASK) is None and start_cost(store, TASK) == {}
    file = replace(TASK, start=StartingWeights("the file a.pth", tmp_path / "a.pth"))
    assert start_of(store, file) == Start(tmp_path / "a.pth", "the file a.pth") and start_cost(store, file) == {}
    started = replace(TASK, key="other", start=StartingWeights("m, trained on m x2 (4 steps)", training=TASK))
    with pytest.raises(Outdated, match="the earlier training is gone"):
        start_of(store, started)
    folder = store.folder("models", "model")
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"weights")
    cost = {"train_seconds": 3.5, "train_steps": 4, "start_seconds": 1.5, "start_steps": 2}
    hashes = store.hashes("models", "model", ["weights.safetensors"])
    store.write("models", Record(key="model", schema=2, status="ok", files=hashes, cost=cost))
    assert start_of(store, started) == Start(folder / "weights.safetensors", "m, trained on m x2 (4 steps)")
    assert start_cost(store, started) == {"start_seconds": 5, "start_steps": 6}, "those before it among them"
    store.write("models", Record(key="model", schema=2, status="ok", files=hashes, cost={"train_seconds": 3.5}))
    assert start_cost(store, started) == {"start_seconds": 3.5, "start_steps": None}
    (folder / "weights.safetensors").write_bytes(b"others")
    with pytest.raises(Outdated, match=r"weights.safetensors .*run again, which trains it anew"):
        start_of(store, started)
