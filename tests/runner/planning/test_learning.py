"""Trainings of a matrix: what each starts from, which are shared, and keys that change with nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess, picture

from srbench.contract.fit import Budget
from srbench.matrix import read_matrix
from srbench.matrix.training import name_of
from srbench.runner.job.tasks import Training
from srbench.runner.planning.outlook import Outlook, Outlooks
from srbench.runner.planning.splits import Splits
from srbench.store.cell import begun_with, digest, earlier_models
from srbench.store.files import sha256_of

SMALL = {"srcnn": {"preset": "small"}}
Found = dict[tuple[str, str], Outlook]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for seed, name in enumerate(("train/e", "train/f", "test/g"), 7):
        picture(tmp_path / f"generic/{name}.png", seed)
    return InProcess(tmp_path, methods=[SMALL], train={"on": ["same"], "budget": {"steps": 8}})


def generic(bench: InProcess) -> dict[str, Any]:
    return {"use": "folder", "as": "generic", "path": str(bench.root / "generic")}


def asked(bench: InProcess, on: list[Any] | None = None, **train: Any) -> Found:
    """Outlooks by method and training set."""
    bench.content["train"] |= train | ({} if on is None else {"on": on})
    matrix = read_matrix(bench.matrix)
    outlooks = Outlooks(matrix, Splits())
    (dataset,) = matrix.datasets
    return {
        (method.name, name_of(arm)): outlooks.of(dataset, matrix.protocols[0], method, arm)
        for method in matrix.methods
        for arm in matrix.train_on
    }


def training(found: Found, method: str, on: str, seed: int = 3) -> Training:
    made = found[method, on].training(seed)
    assert made is not None
    return made


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_nothing_is_learned_from_lr_alone(bench: InProcess) -> None:
    lone = generic(bench) | {"as": "lone", "lr_alone": True}
    bench.content["datasets"] = [lone]
    found = asked(bench)
    assert found["srcnn", "same"].verdict == (
        "skipped",
        "needs HR; lone has none; name one that has under `train: on:`",
    )
    learned = asked(bench, on=[generic(bench)])["srcnn", "generic"]
    assert learned.verdict is None and learned.training(0) is not None


def test_the_second_of_two_sets_starts_from_the_first_and_has_its_key(bench: InProcess) -> None:
    on = [generic(bench), "same", {"first": generic(bench), "then": "same"}]
    found = asked(bench, on)
    chained = training(found, "srcnn", "generic, then same")
    first = chained.start and chained.start.training
    assert first is not None and chained.earlier is None
    assert (first.dataset.name, chained.dataset.name) == ("generic", "data")
    assert (first.budget, chained.budget) == (Budget("steps", 4), Budget("steps", 4))
    assert first.seed == chained.seed == 3 and first.start is None
    assert chained.start is not None and chained.start.told == "srcnn, trained on generic x2 (4 steps)"
    assert chained.key == digest(plain(chained.ingredients))
    assert chained.ingredients["start"] == {"model": first.key, "budget": {"steps": 4}}
    alone = training(asked(bench, ["same"], budget={"steps": 4}), "srcnn", "same")
    assert {name: one for name, one in chained.ingredients.items() if name != "start"} == alone.ingredients
    shared = training(asked(bench, [generic(bench)], budget={"steps": 4}), "srcnn", "generic")
    assert shared.key == first.key, "the arm that is generic alone, and has as much, is the same training"
    assert list(earlier_models(chained.ingredients)) == [first.key]
    assert begun_with(chained.ingredients) == "started from a model trained for 4 steps"


def test_what_is_tested_must_be_in_neither_set(bench: InProcess) -> None:
    (bench.root / "generic/train/leak.png").write_bytes((bench.data / "test/a.png").read_bytes())
    found = asked(bench, ["same", {"first": generic(bench), "then": "same"}])
    assert found["srcnn", "same"].verdict is None
    verdict = found["srcnn", "generic, then same"].verdict
    assert verdict is not None and verdict[0] == "failed" and "in the training split of generic" in verdict[1]


def test_a_file_counts_by_what_it_holds_and_is_watched(bench: InProcess) -> None:
    file, other = bench.root / "a.pth", bench.root / "b.pth"
    for path in (file, other):
        path.write_bytes(b"weights")
    begun = training(asked(bench), "srcnn", "same")
    bench.content["methods"] = [{"srcnn": {"preset": "small", "train": {"start": "a.pth"}}}]
    started = training(asked(bench), "srcnn", "same")
    assert started.ingredients == {**begun.ingredients, "start": {"sha256": sha256_of(file)}}
    assert [(one.path, one.sha256) for one in started.files] == [(file, sha256_of(file))]
    assert started.label == f"{begun.label}, started from the file a.pth"
    bench.content["methods"] = [{"srcnn": {"preset": "small", "train": {"start": "b.pth"}}}]
    assert training(asked(bench), "srcnn", "same").key == started.key


def test_published_weights_that_are_not_there_skip_the_cells_with_the_command(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(bench.root))
    verdict = asked(bench, start="vgg19")["srcnn", "same"].verdict
    assert verdict is not None and verdict[0] == "skipped" and "`srbench fetch vgg19`" in verdict[1]


def test_a_cell_starts_from_that_of_another_method_and_of_another_protocol(bench: InProcess) -> None:
    bench.content["protocols"] = ["x4-rgb", "x2-rgb"]
    after = {"use": "srcnn", "as": "after", "preset": "small", "train": {"start": {"method": "srcnn"}}}
    scaled = {"use": "srcnn", "as": "scaled", "preset": "small", "train": {"start": {"protocol": "x2-rgb"}}}
    bench.content["methods"] = [SMALL, after, scaled]
    found = asked(bench, ["same", {"first": generic(bench), "then": "same"}])
    begun = training(found, "after", "same").start
    assert begun is not None and begun.training == training(found, "srcnn", "same")
    scale = training(found, "scaled", "same").start
    assert scale is not None and scale.training is not None
    assert (scale.training.protocol.scale, scale.training.method.name) == (2, "scaled")
    assert scale.training.start is None, "which would start from itself"
    # Of two sets, the first training starts from the other method's first, which has seen nothing else.
    second = training(found, "after", "generic, then same").start
    assert second is not None and second.training is not None and second.training.method.name == "after"
    first = second.training.start
    other = training(found, "srcnn", "generic, then same").start
    assert first is not None and other is not None and first.training == other.training
    assert "which started from a model trained for 4 steps" in begun_with(
        training(found, "after", "generic, then same").ingredients
    )


def test_a_method_that_cannot_start_is_told_so(bench: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    from srbench_srcnn.method import SRCNN

    monkeypatch.setattr(SRCNN, "starts", False)
    found = asked(bench, ["same", {"first": generic(bench), "then": "same"}])
    assert found["srcnn", "same"].verdict is None
    verdict = found["srcnn", "generic, then same"].verdict
    assert verdict is not None and verdict[0] == "skipped" and "srcnn cannot start from given weights" in verdict[1]


def test_options_of_a_method_are_in_its_key_alone(bench: InProcess) -> None:
    own = {"use": "srcnn", "as": "own", "preset": "small", "train": {"budget": {"steps": 5}, "micro_batches": 2}}
    bench.content["methods"] = [SMALL, own]
    found = asked(bench)
    plain_one, other = training(found, "srcnn", "same"), training(found, "own", "same")
    changed = {"budget": {"steps": 5}, "micro_batches": 2}
    assert other.ingredients == {**plain_one.ingredients, **changed}
    assert (other.budget, other.micro_batches) == (Budget("steps", 5), 2)
