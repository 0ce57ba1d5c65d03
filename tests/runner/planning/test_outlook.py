"""What seeds have in common is looked at once, and keys are those that their ingredients spelled out would have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess

from srbench.matrix import read_matrix
from srbench.runner.planning.outlook import Outlook, Outlooks
from srbench.runner.planning.splits import Splits
from srbench.store.cell import digest

LEARNER = {"srcnn": {"preset": "small"}}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return InProcess(tmp_path, methods=["bicubic", LEARNER], train={"on": ["same"], "budget": {"steps": 2}})


def outlooks(bench: InProcess) -> list[Outlook]:
    matrix = read_matrix(bench.matrix)
    found = Outlooks(matrix, Splits())
    (dataset,), (protocol,) = matrix.datasets, matrix.protocols
    return [
        found.of(dataset, protocol, method, "same" if method.name == "srcnn" else None) for method in matrix.methods
    ]


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_seeds_differ_in_nothing_but_the_seed(bench: InProcess) -> None:
    plain_one, learner = outlooks(bench)
    assert plain_one.training(None) is None and plain_one.cell(None, None).ingredients["model"] is None
    cells = {}
    for seed in (0, 7):
        training = learner.training(seed)
        assert training is not None and training.seed == training.ingredients["seed"] == seed
        assert training.key == digest(plain(training.ingredients))
        cell = cells[seed] = learner.cell(seed, training)
        assert cell.ingredients["model"] == training.ingredients and cell.key == digest(plain(cell.ingredients))
    first, second = (plain(cell.ingredients) for cell in cells.values())
    assert cells[0].key != cells[7].key
    first["seed"] = first["model"]["seed"] = 7
    assert first == second


def test_what_cannot_be_used_is_a_verdict_with_a_key_of_its_own(bench: InProcess) -> None:
    sound = outlooks(bench)[0]
    (bench.data / "test/a.png").write_bytes(b"no picture")
    broken, learner = outlooks(bench)
    for found in (broken, learner):
        assert found.verdict is not None and found.verdict[0] == "failed" and "a.png" in found.verdict[1]
        assert (found.asked, found.keys, found.tested) == ((), {}, ())
    assert broken.cell(None, None).key != sound.cell(None, None).key
