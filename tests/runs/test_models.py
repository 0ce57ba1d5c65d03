"""Which cells share a model, and what belongs to it: planned only, and one training in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from bench_in_process import InProcess, plan

from srbench.matrix import read_matrix
from srbench.runner.planning.plan import make_plan
from srbench.store.record import Record

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


@pytest.mark.parametrize("first", [0, 1])
def test_how_a_model_is_used_tells_cells_apart_and_not_models(bench: InProcess, first: int) -> None:
    """Each has costs of its own, whichever of them the model was trained for."""
    uses = [SMALL, {"use": "srcnn", "as": "eight", "preset": "small", "ensemble": 8}]
    uses.append({"use": "srcnn", "as": "half", "preset": "small", "precision": "bf16"})
    found = plan(bench, methods=uses[first:] + uses[:first], train={"on": ["same"], "budget": {"steps": 20}})
    assert len({one.cell.key for one in found.cells}) == 3
    training = found.cells[0].training
    assert training is not None
    trained = bench.do(training)
    assert ("macs" in trained.cost) == (first == 0)
    records = {one.method.name: bench.do(one.evaluation()) for one in found.cells}
    assert {record.status for record in records.values()} == {"ok"}
    plain, eight, half = (records[name] for name in ("srcnn", "eight", "half"))
    assert {record.model for record in records.values()} == {training.key}
    assert plain.cost["macs"] == half.cost["macs"] and eight.cost["macs"] == 8 * (plain.cost["macs"] or 0) > 0
    for record in records.values():
        assert record.cost["latency_ms"] and record.cost["upscale_seconds"]
    assert len({record.metrics["psnr"].value for record in by_name(records)}) == 3
    assert "ensemble" not in plain.ingredients["method"]["params"]
    assert eight.ingredients["method"]["params"]["ensemble"] == 8


def by_name(records: dict[str, Record]) -> list[Record]:
    return [record.by_name() for record in records.values()]


def test_an_overflow_is_the_reason_of_a_cell_with_how_many_images_it_concerns(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from srbench_srcnn.method import SRCNN

    def huge(method: SRCNN, lr: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv2d(lr, torch.full((1, 1, 1, 1), 1e6)).repeat(1, 1, 2, 2)

    monkeypatch.setattr(SRCNN, "sr", huge)
    uses = [SMALL, {"use": "srcnn", "as": "half", "preset": "small", "precision": "fp16"}]
    found = plan(bench, methods=uses, train={"on": ["same"], "budget": {"steps": 1}})
    bench.do(found.cells[0].prerequisites()[0])
    plain, half = (bench.do(one.evaluation()) for one in found.cells)
    assert plain.status == "ok"
    assert half.status == "failed" and half.images == {}
    assert half.reason.startswith(
        "SR of 2 of 2 images is not finite (a, b). Of a: the model returned 1024 of 1024 values"
    )
    assert half.reason.endswith("fp16 has no number above 65,504: use precision: bf16, or 32")


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
