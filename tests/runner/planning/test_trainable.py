"""What a plan knows of trainings before they wait in a queue: the device, the precision, the pieces of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from bench_in_process import InProcess, emptied, plan, put, record_of

from srbench.contract.executor import Executor, Fate, Limits, Resources
from srbench.runner.planning.planned import Plan
from srbench.runner.planning.trainable import only_trainable
from srbench.store.record import Record

LEARNERS = ["bicubic", {"use": "srcnn", "as": "four", "batch_size": 4}, {"use": "srcnn", "as": "two", "batch_size": 2}]


class Somewhere(Executor):
    """Has the devices that a test says."""

    def __init__(self, on: str | None = None, count: int | None = None) -> None:
        self.on, self.count = on, count

    def device(self, resources: Resources) -> str | None:
        return "cpu" if resources.gpus == 0 else self.on

    def processes(self, resources: Resources) -> int | None:
        return self.count

    def places(self) -> int:
        return 1

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None: ...

    def fate(self, job: Path) -> Fate | None: ...

    def close(self) -> None: ...


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return InProcess(tmp_path)


def planned(bench: InProcess, **train: Any) -> Plan:
    return plan(bench, methods=LEARNERS, train={"on": ["same"], "budget": {"steps": 2}, **train})


def failing(found: Plan, bench: InProcess, executor: Executor, **resources: int) -> dict[str, str]:
    """The reasons by method."""
    seen = only_trainable(found, bench.store, executor, lambda task: Resources(**resources))
    assert [one.cell for one in seen.cells] == [one.cell for one in found.cells]
    told = {one.method.name: one.verdict for one in seen.cells if one.verdict is not None}
    assert {status for status, _ in told.values()} <= {"failed"}
    return {name: reason for name, (_, reason) in told.items()}


@pytest.mark.parametrize(
    ("precision", "on", "words"),
    [
        ("tf32", "cpu", "training: precision tf32 needs a GPU; on a CPU use precision: bf16, or 32"),
        ("fp16", "cpu", "training: precision fp16 needs a GPU; on a CPU use precision: bf16, or 32"),
        ("bf16", "cpu", ""),
        ("32", "cpu", ""),
        ("tf32", "gpu", ""),
        ("fp16", None, ""),
    ],
)
def test_a_precision_is_compared_with_the_device_as_far_as_that_is_known(
    bench: InProcess, precision: str, on: str | None, words: str
) -> None:
    found = failing(planned(bench, precision=precision), bench, Somewhere(on))
    assert found == ({"four": words, "two": words} if words else {})


def test_a_gpu_of_this_machine_is_looked_at(bench: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: {0: (7, 0), 1: (8, 0)}[device.index])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "V100")
    found = planned(bench, precision="tf32")
    assert set(failing(found, bench, Somewhere("cuda:0")).values()) == {
        "training: V100 has no tf32; use precision: fp16, or 32"
    }
    assert failing(found, bench, Somewhere("cuda:1")) == {}


def test_jobs_that_ask_for_no_gpu_have_none(bench: InProcess) -> None:
    found = planned(bench, precision="fp16")
    assert failing(found, bench, Somewhere("gpu")) == {}
    assert set(failing(found, bench, Somewhere("gpu"), gpus=0)) == {"four", "two"}


@pytest.mark.parametrize(
    ("pieces", "processes", "refused"),
    [(1, None, ()), (2, None, ()), (3, None, ("two",)), (2, 2, ("two",)), (3, 2, ("four", "two")), (1, 2, ())],
)
def test_a_batch_is_compared_with_its_pieces_and_with_processes_where_these_are_known(
    bench: InProcess, pieces: int, processes: int | None, refused: tuple[str, ...]
) -> None:
    found = failing(planned(bench, micro_batches=pieces), bench, Somewhere("cpu", processes))
    assert set(found) == set(refused)
    sizes = {"four": 4, "two": 2}
    for name, reason in found.items():
        assert reason.startswith(f"training: a batch of {sizes[name]} cannot be divided ")
        assert f"{pieces} micro-batches" in reason


ASKED = [
    "bicubic",
    "srcnn",
    {"use": "srcnn", "as": "rounded", "precision": "tf32"},
    {"use": "srcnn", "as": "half", "precision": "bf16", "ensemble": 8},
]


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("cpu", "precision tf32 needs a GPU; on a CPU use precision: bf16, or 32"),
        ("mps", "precision tf32 needs a GPU of NVIDIA's; on this one use precision: fp16, or 32"),
        ("gpu", ""),
        (None, ""),
    ],
)
def test_how_a_model_is_used_is_compared_with_the_device_too(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch, on: str | None, words: str
) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_macos_or_newer", lambda *version: True)
    found = plan(bench, methods=ASKED, train={"on": ["same"], "budget": {"steps": 2}})
    assert len({cell.training.key for cell in found.cells if cell.training is not None}) == 1
    assert len({cell.cell.key for cell in found.cells}) == 4
    assert failing(found, bench, Somewhere(on)) == ({"rounded": words} if words else {})


def test_where_all_is_in_32_bits_nobody_asks_for_the_device(bench: InProcess) -> None:
    class Unasked(Somewhere):
        def device(self, resources: Resources) -> str | None:
            raise AssertionError("torch would take seconds to import")

    found = plan(bench, methods=ASKED[:2], train={"on": ["same"], "budget": {"steps": 2}})
    assert failing(found, bench, Unasked()) == {}


def test_sr_that_is_there_need_not_be_made(bench: InProcess) -> None:
    found = plan(bench, methods=ASKED[2:3], train={"on": ["same"], "budget": {"steps": 2}})
    assert set(failing(found, bench, Somewhere("cpu"))) == {"rounded"}
    put(bench, record_of(found))
    found = plan(bench, metrics=["psnr", "mae"])
    assert [cell.state for cell in found.cells] == ["stale"] and failing(found, bench, Somewhere("cpu")) == {}


def test_a_model_that_is_there_need_not_be_trained(bench: InProcess) -> None:
    found = planned(bench, precision="fp16")
    (task,) = found.cells[1].prerequisites()
    emptied(bench.store, "models", task.key)
    bench.store.write("models", Record(key=task.key, schema=2, status="ok"))
    assert set(failing(found, bench, Somewhere("cpu"))) == {"two"}
