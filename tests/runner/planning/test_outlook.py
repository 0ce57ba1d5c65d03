"""What seeds have in common is looked at once, and keys are those that their ingredients spelled out would have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess

from srbench.contract.fit import Budget
from srbench.matrix import read_matrix
from srbench.runner.planning.outlook import Outlook, Outlooks
from srbench.runner.planning.splits import Splits
from srbench.store.cell import digest, earlier_models, gone_on_from

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


def test_a_training_that_goes_on_has_the_key_of_the_earlier_one_among_its_ingredients(bench: InProcess) -> None:
    def trained(budget: dict[str, Any]) -> Any:
        bench.content["train"]["budget"] = budget
        return outlooks(bench)[1].training(3)

    two, four, eight = trained({"steps": 2}), trained({"steps": 4}), trained({"steps": 8})
    further = trained({"steps": 8, "from": {"steps": 4, "from": {"steps": 2}}})
    assert further.budget == Budget("steps", 8, Budget("steps", 4, Budget("steps", 2)))
    assert further.key == digest(plain(further.ingredients)) != eight.key
    assert {name: value for name, value in further.ingredients.items() if name != "from"} == eight.ingredients
    assert gone_on_from(further.ingredients) == "4 steps, gone on from 2 steps"
    first, second = further.earlier.earlier, further.earlier
    assert first == two and first.earlier is None
    assert second.key != four.key and second.earlier == first, "which went on, too"
    assert list(earlier_models(further.ingredients)) == [second.key, first.key]
    assert trained({"steps": 4, "from": {"steps": 2}}) == second
    labels = [one.label.rpartition("seed 3")[2] for one in (first, second, further)]
    assert labels == ["", ", from 2 steps", ", from 4 steps, gone on from 2 steps"]


def test_a_method_that_cannot_go_on_is_told_so(bench: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    from srbench_srcnn.method import SRCNN

    monkeypatch.setattr(SRCNN, "goes_on", False)
    assert outlooks(bench)[1].verdict is None
    bench.content["train"]["budget"] = {"steps": 4, "from": {"steps": 2}}
    plain_one, learner = outlooks(bench)
    assert plain_one.verdict is None
    words = "srcnn cannot go on from an earlier training; train it in a matrix without `from` under `budget`"
    assert learner.verdict == ("skipped", words)


def test_what_cannot_be_used_is_a_verdict_with_a_key_of_its_own(bench: InProcess) -> None:
    sound = outlooks(bench)[0]
    (bench.data / "test/a.png").write_bytes(b"no picture")
    broken, learner = outlooks(bench)
    for found in (broken, learner):
        assert found.verdict is not None and found.verdict[0] == "failed" and "a.png" in found.verdict[1]
        assert (found.asked, found.keys, found.tested) == ((), {}, ())
    assert broken.cell(None, None).key != sound.cell(None, None).key
