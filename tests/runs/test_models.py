"""Which cells share a model, and what belongs to it: planned only, and one training in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess

from srbench.matrix import read_matrix
from srbench.runner.planning.plan import make_plan

SMALL = {"srcnn": {"preset": "small"}}


@pytest.fixture
def bench(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path, methods=[SMALL])


def models(bench: InProcess, **changes: Any) -> list[str]:
    """The models of all cells, by their keys."""
    train = {"on": ["same"], "budget": {"steps": 1}, **changes.pop("train", {})}
    bench.content |= {"train": train, **changes}
    cells = make_plan(read_matrix(bench.matrix), bench.store).cells
    return [cell.training.key for cell in cells if cell.training is not None]


def test_protocols_that_differ_only_in_scoring_share_their_model(bench: InProcess) -> None:
    bench.content["seeds"] = [0, 1]
    keys = models(bench, protocols=["x4-rgb", "x4-y", "x2-y"])
    assert len(keys) == 6 and len(set(keys)) == 4


def test_precision_compilation_and_micro_batches_belong_to_the_model(bench: InProcess) -> None:
    same: dict[str, Any] = {"precision": "32", "compile": False, "micro_batches": 1}
    others: list[dict[str, Any]] = [
        {"precision": "bf16"},
        {"precision": "tf32"},
        {"compile": True},
        {"micro_batches": 2},
    ]
    plain, again, *changed = (models(bench, train=change)[0] for change in ({}, same, *others))
    assert plain == again and len({plain, *changed}) == 1 + len(others)


def test_a_model_says_how_it_was_trained(bench: InProcess) -> None:
    (key,) = models(bench, train={"precision": "bf16"})
    assert bench.run().status == "ok"
    told = json.loads((bench.store.folder("models", key) / "training.json").read_text())
    assert (told["precision"], told["compile"]) == ("bf16", False)


def test_fp16_on_a_cpu_is_a_failure_that_says_so(bench: InProcess) -> None:
    models(bench, train={"precision": "fp16"})
    (training,) = bench.plan().prerequisites()
    record = bench.do(training)
    assert record.status == "failed" and "fp16 needs a GPU" in record.reason


def test_batches_that_cannot_be_divided_are_a_failure_that_says_so(bench: InProcess) -> None:
    models(bench, train={"micro_batches": 99})
    (training,) = bench.plan().prerequisites()
    record = bench.do(training)
    assert record.status == "failed" and "cannot be divided into 99 micro-batches; use a larger " in record.reason
