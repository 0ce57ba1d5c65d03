"""Whole runs in which trainings go on from earlier ones: from what is there, or from an empty store, the same."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rig import Bench, wait_for

from srbench.store.files import sha256_of
from srbench.store.record import Record
from srbench.store.records import Store

CELL = "toy-noise/x4-rgb/toy-pixel/same/0"


def steps(amount: int, *earlier: int) -> dict[str, Any]:
    return {"steps": amount, **({"from": steps(*earlier)} if earlier else {})}


class Going:
    """A bench with one learner, whose matrix asks for one budget after the other."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.bench, self.store = Bench(folder), Store(folder / "results/toy")

    def asks(self, *budget: int) -> Bench:
        self.bench.matrix(methods=["toy-pixel"], train={"on": ["same"], "budget": steps(*budget)}, seeds=[0])
        return self.bench

    def runs(self, *budget: int) -> None:
        result = self.asks(*budget).run()
        assert result.returncode == 0, result.stdout + result.stderr

    def says(self, *arguments: str) -> str:
        return self.bench.srbench(*arguments).stdout

    def models(self) -> dict[str, Record]:
        """The records of the trainings, by what they had and went on from."""
        return {_told(record.ingredients): record for record in self.store.records("models")}

    def weights(self, *budget: int) -> str:
        return sha256_of(self.store.folder("models", self.models()[_told_of(*budget)].key) / "weights.safetensors")

    def scores(self) -> float | None:
        record = self.store.find("cells", CELL)
        (result,) = record.metrics.values()
        return result.value


def _told(ingredients: dict[str, Any]) -> str:
    chain = list(_amounts(ingredients))
    return " from ".join(f"{amount:g}" for amount in chain)


def _told_of(*budget: int) -> str:
    return " from ".join(map(str, budget))


def _amounts(ingredients: dict[str, Any]) -> Iterator[float]:
    yield ingredients["budget"]["steps"]
    if "from" in ingredients:
        yield from _amounts(ingredients["from"])


@pytest.fixture
def later(tmp_path: Path) -> Going:
    """A store in which 4 steps were trained."""
    going = Going(tmp_path / "later")
    going.runs(4)
    return going


def test_going_on_later_and_from_an_empty_store_are_the_same_and_are_told(later: Going, tmp_path: Path) -> None:
    before = later.store.find("cells", CELL)
    later.asks(8, 4)
    said = later.says("plan", "matrix.yaml")
    assert "model.budget.steps: 4.0 -> 8.0; model.from: nothing -> 4 steps; its training goes on from 4 steps" in said
    assert "another training goes on from it" not in said
    later.runs(8, 4)
    at_once = Going(tmp_path / "at-once")
    said = at_once.asks(8, 4).srbench("plan", "matrix.yaml").stdout
    assert "training toy-pixel on toy-noise x4, seed 0  " in said and "another training goes on from it" in said
    assert "never run; its training goes on from 4 steps, which is trained first" in said
    at_once.runs(8, 4)
    at_once.runs(8)
    assert at_once.models().keys() == {"4", "8 from 4", "8"}
    for budget in ((4,), (8, 4)):
        assert later.weights(*budget) == at_once.weights(*budget)
    assert at_once.weights(8) == at_once.weights(8, 4), "its learning rate is constant"
    assert at_once.scores() == later.scores()
    after = later.store.find("cells", CELL)
    assert after.key != before.key
    cost = later.models()["8 from 4"].cost
    assert (cost["train_steps"], cost["going_on_steps"]) == (8, 4)
    both, own = (cost[name] or 0 for name in ("train_seconds", "going_on_seconds"))
    assert own == pytest.approx(both - (later.models()["4"].cost["train_seconds"] or 0))
    for verb in ("show", "why"):
        told = dict(line.split(maxsplit=1) for line in later.says(verb, CELL).splitlines() if "  " in line)
        assert told["training"] == "went on from 4 steps"
    assert later.models()["8 from 4"].ingredients["from"]["model"] == later.models()["4"].key


def test_going_on_that_was_interrupted_ends_as_if_it_had_not_been(later: Going, tmp_path: Path) -> None:
    bench = later.asks(10, 4)
    (bench.folder / "gate").touch()
    run = bench.fork("run", "matrix.yaml", "--no-report")
    bench.interrupted_at_the_gate(run, signal.SIGTERM)
    assert run.wait(60) != 0
    assert later.models().keys() == {"4"}
    assert "its training was interrupted and goes on from its checkpoint" in later.says("plan", "matrix.yaml")
    later.says("clean", "matrix.yaml", "--delete", "checkpoints")
    assert not later.store.last_checkpoint(later.models()["4"].key).exists()
    later.runs(10, 4)
    undisturbed = Going(tmp_path / "undisturbed")
    undisturbed.runs(10, 4)
    assert later.weights(10, 4) == undisturbed.weights(10, 4)


def test_going_on_that_was_killed_before_it_left_anything_begins_at_the_earlier_training(
    later: Going, tmp_path: Path
) -> None:
    bench = later.asks(10, 4)
    (gate := bench.folder / "gate").touch()
    run = bench.fork("run", "matrix.yaml", "--no-report")
    wait_for((bench.folder / "at-the-gate").exists)
    run.send_signal(signal.SIGKILL)
    assert run.wait(60) == -signal.SIGKILL
    wait_for(lambda: not bench.left())
    gate.unlink()
    later.runs(10, 4)
    undisturbed = Going(tmp_path / "undisturbed")
    undisturbed.runs(10, 4)
    assert later.weights(10, 4) == undisturbed.weights(10, 4)


def test_checkpoints_that_were_removed_are_made_again_where_a_training_goes_on(later: Going) -> None:
    first = later.models()["4"]
    trained = later.weights(4)
    listed = later.says("clean", "matrix.yaml")
    assert "checkpoints  1  " in listed and "nothing was removed" in listed
    assert later.store.last_checkpoint(first.key).exists()
    assert "removed: " in later.says("clean", "matrix.yaml", "--delete", "checkpoints")
    assert not later.store.last_checkpoint(first.key).exists() and later.store.read("models", first.key) == first
    later.asks(8, 4)
    said = later.says("plan", "matrix.yaml")
    assert "goes on from 4 steps, which is trained once more, since the checkpoint is gone" in said
    assert "another training goes on from it" in said
    later.runs(8, 4)
    assert later.weights(4) == trained
    assert later.store.last_checkpoint(first.key).exists()


def test_a_checkpoint_that_is_damaged_is_made_again_by_the_next_run(later: Going) -> None:
    last = later.store.last_checkpoint(later.models()["4"].key)
    last.write_bytes(last.read_bytes()[:-100])
    result = later.asks(8, 4).run()
    assert result.returncode == 1 and "is gone or damaged; run again" in result.stdout
    assert not last.exists()
    later.runs(8, 4)
    assert later.models().keys() == {"4", "8 from 4"} and last.exists()
