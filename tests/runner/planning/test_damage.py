"""What is wrong with a store is told in one sentence, once for all cells, and nothing is read that did not change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench_in_process import InProcess

from srbench.runner.planning.damage import Damage
from srbench.store.record import Record
from srbench.store.references import References


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return InProcess(tmp_path, methods=[{"srcnn": {"preset": "small"}}], train={"on": ["same"], "budget": {"steps": 2}})


def test_each_part_of_a_cell_is_looked_at_by_itself(bench: InProcess) -> None:
    record = bench.run()
    task = bench.plan().training
    assert record.status == "ok" and task is not None
    folder, model = bench.store.folder("cells", record.key), bench.store.folder("models", task.key)
    references = References.of(bench.store.root, record.ingredients).folder

    def told() -> list[str]:
        damage = Damage(bench.store, verify=False)
        return [
            damage.of_scores(record),
            damage.of_sr(record, needed=False),
            damage.of_training(task),
            damage.of_references(record.ingredients),
        ]

    assert told() == [""] * 4
    parts = [
        (folder / "scores.parquet", "damaged: scores.parquet is gone"),
        (folder / "images/a.png", "damaged: images/a.png is gone"),
        (model / "weights.safetensors", f"damaged: weights.safetensors is gone, of {task.label}"),
        (references / "hr/a.png", "damaged: the reference hr/a.png is gone"),
    ]
    for place, (file, words) in enumerate(parts):
        content = file.read_bytes()
        file.unlink()
        assert told() == [words if place == other else "" for other in range(4)]
        file.write_bytes(content)
    assert told() == [""] * 4
    shutil.rmtree(folder / "images")
    assert not Damage(bench.store, verify=False).of_sr(record, needed=False)
    assert Damage(bench.store, verify=False).of_sr(record, needed=True) == "damaged: images/a.png is gone"


def test_scores_that_are_still_to_come_are_not_missed(bench: InProcess) -> None:
    record = Record(key="ab" * 32, schema=1, status="ok")
    assert Damage(bench.store, verify=True).of_scores(record) == ""


def test_a_training_that_goes_on_waits_for_the_earlier_one_until_that_has_left_its_last_checkpoint(
    bench: InProcess,
) -> None:
    bench.content["train"]["budget"] = {"steps": 3, "from": {"steps": 2}}
    task = bench.plan().training
    assert task is not None and task.earlier is not None
    last, own = bench.store.last_checkpoint(task.earlier.key), bench.store.folder("models", task.key) / "checkpoint"

    def told() -> tuple[list[str], str]:
        damage = Damage(bench.store, verify=False)
        return list(damage.to_do([task])), damage.going_on(task)

    both = [task.earlier.key, task.key]
    assert told() == (both, "its training goes on from 2 steps, which is trained first")
    assert bench.do(task.earlier).status == "ok" and last.exists()
    assert told() == ([task.key], "its training goes on from 2 steps")
    last.unlink()
    gone = "its training goes on from 2 steps, which is trained once more, since the checkpoint is gone"
    assert told() == (both, gone)
    own.mkdir(parents=True)
    (own / "checkpoint.pt").write_bytes(b"half")
    assert told() == ([task.key], ""), "it goes on from its own"
    shutil.rmtree(bench.store.folder("models", task.earlier.key))
    assert told() == (both, ""), "but what it took until then is to be known"
    shutil.rmtree(own)
    assert bench.do(task.earlier).status == "ok" and bench.do(task).status == "ok"
    last.unlink()
    assert told() == ([], ""), "what is done needs nothing any more"


def test_each_training_of_a_chain_waits_for_the_one_before(bench: InProcess) -> None:
    bench.content["train"]["budget"] = {"steps": 4, "from": {"steps": 3, "from": {"steps": 2}}}
    third = bench.plan().training
    assert third is not None and third.earlier is not None and third.earlier.earlier is not None
    first, second = third.earlier.earlier, third.earlier
    assert list(Damage(bench.store, verify=False).to_do([third])) == [first.key, second.key, third.key]
    for task in (first, second):
        assert bench.do(task).status == "ok"
    bench.store.last_checkpoint(first.key).unlink()
    assert list(Damage(bench.store, verify=False).to_do([third])) == [third.key]
    bench.store.last_checkpoint(second.key).unlink()
    assert list(Damage(bench.store, verify=False).to_do([third])) == [first.key, second.key, third.key]


def test_a_training_that_starts_from_another_waits_for_it_even_where_its_own_is_begun(bench: InProcess) -> None:
    bench.content["train"] = {"on": [{"first": "same", "then": "same"}], "budget": {"steps": 4}}
    task = bench.plan().training
    assert task is not None and task.start is not None and task.start.training is not None
    first, own = task.start.training, bench.store.folder("models", task.key) / "checkpoint"

    def told() -> tuple[list[str], str]:
        damage = Damage(bench.store, verify=False)
        return list(damage.to_do([task])), damage.going_on(task)

    words = f"its training starts from {task.start.told}"
    assert told() == ([first.key, task.key], f"{words}, which is trained first")
    assert bench.do(first).status == "ok"
    assert told() == ([task.key], words)
    bench.store.last_checkpoint(first.key).unlink()
    assert told() == ([task.key], words), "the model is enough"
    own.mkdir(parents=True)
    (own / "checkpoint.pt").write_bytes(b"half")
    (weights := bench.store.folder("models", first.key) / "weights.safetensors").rename(weights.with_suffix(".gone"))
    assert told() == ([first.key, task.key], "")
    weights.with_suffix(".gone").rename(weights)
    shutil.rmtree(own)
    assert bench.do(task).status == "ok"
    weights.unlink()
    assert told() == ([], ""), "what is done needs nothing any more"
