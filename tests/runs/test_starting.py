"""Whole runs in which trainings start from weights: of another training, of a file, of another method of the matrix."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rig import Bench, wait_for
from safetensors.numpy import load_file, save_file

from srbench.store.cell import earlier_models
from srbench.store.files import sha256_of
from srbench.store.record import Record
from srbench.store.records import Store

GENERIC = {"use": "toy-noise", "as": "generic", "train": 3}
ARMS = [GENERIC, "same", {"first": GENERIC, "then": "same"}]
THREE_ARMS = {"methods": ["toy-pixel"], "train": {"on": ARMS, "budget": {"steps": 8}}, "seeds": [0]}
CHAINED = "toy-noise/x4-rgb/toy-pixel/generic, then same/0"


class Starting:
    """A bench, its store, and what it says."""

    def __init__(self, folder: Path, **matrix: Any) -> None:
        folder.mkdir()
        self.bench, self.store = Bench(folder), Store(folder / "results/toy")
        self.bench.matrix(**matrix)

    def runs(self) -> None:
        result = self.bench.run()
        assert result.returncode == 0, result.stdout + result.stderr

    def says(self, *arguments: str) -> str:
        return self.bench.srbench(*arguments).stdout

    def model(self, label: str) -> Record:
        record = self.store.read("models", self.store.find("cells", label).model or "")
        assert record is not None
        return record

    def weights(self, key: str) -> str:
        return sha256_of(self.store.folder("models", key) / "weights.safetensors")


def test_generic_specific_and_generic_then_specific_are_one_matrix(tmp_path: Path) -> None:
    arms = Starting(tmp_path / "arms", **THREE_ARMS)
    told = "toy-pixel, trained on generic x4 (4 steps)"
    said = arms.says("plan", "matrix.yaml")
    assert "training toy-pixel on generic x4, seed 0" in said and "another training starts from it" in said
    assert f"never run; its training starts from {told}, which is trained first" in said
    arms.runs()
    chained = arms.model(CHAINED)
    (first,) = earlier_models(chained.ingredients)
    assert chained.ingredients["start"] == {"model": first, "budget": {"steps": 4}}
    assert chained.ingredients["budget"] == {"steps": 4}
    models = {record.key: record for record in arms.store.records("models")}
    assert len(models) == 4, "the first half is another training than the arm that is generic alone"
    assert models[first].point["dataset"] == "generic" and models[first].ingredients["budget"] == {"steps": 4}
    said_of_it = f"It started from the weights of {told}: all 2 tensors of network."
    assert said_of_it in chained.notes and chained.facts["started_tensors"] == 2
    assert said_of_it in arms.store.find("cells", CHAINED).notes
    assert (chained.cost["train_steps"], chained.cost["start_steps"]) == (4, 4)
    for verb in ("show", "why"):
        lines = dict(line.split(maxsplit=1) for line in arms.says(verb, CHAINED).splitlines() if "  " in line)
        assert lines["training"] == "started from a model trained for 4 steps"


def test_verify_clean_merge_and_pages_know_what_a_training_started_from(tmp_path: Path) -> None:
    arms = Starting(tmp_path / "arms", **THREE_ARMS)
    arms.runs()
    chained = arms.model(CHAINED)
    (first,) = earlier_models(chained.ingredients)
    assert arms.bench.srbench("verify", "results/toy").returncode == 0
    arms.says("clean", "matrix.yaml", "--delete", "unnamed")
    assert arms.store.read("models", first) is not None, "it is named by the model that started from it"
    assert arms.bench.srbench("merge", "results/toy", "--into", "results/other").returncode == 0
    other = Store(tmp_path / "arms/results/other")
    assert other.read("models", first) == arms.store.read("models", first)
    weights = arms.store.folder("models", first) / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert arms.bench.srbench("verify", "results/toy").returncode == 1
    report = arms.bench.srbench("report", "matrix.yaml")
    assert report.returncode == 0, report.stderr
    index = (tmp_path / "arms/leaderboards/toy/index.html").read_text()
    assert "toy-pixel: generic, then same over generic" in index
    assert "toy-pixel (generic, then same)" in index
    (page,) = (tmp_path / "arms/leaderboards/toy/methods").glob("toy-pixel*.html")
    told = page.read_text()
    assert "It started from the weights of toy-pixel, trained on generic x4 (4 steps): all 2 tensors" in told
    assert "toy-pixel on generic, then toy-noise, x4-rgb" in told


def test_the_first_training_is_shared_with_the_arm_that_has_its_budget(tmp_path: Path) -> None:
    lesson = {"on": GENERIC, "budget": {"steps": 8}}
    on = [GENERIC, {"first": lesson, "then": {"on": "same", "budget": {"steps": 6}}, "as": "both"}]
    arms = Starting(tmp_path / "arms", methods=["toy-pixel"], train={"on": on, "budget": {"steps": 8}}, seeds=[0])
    arms.runs()
    (first,) = earlier_models(arms.model("toy-noise/x4-rgb/toy-pixel/both/0").ingredients)
    assert first == arms.model("toy-noise/x4-rgb/toy-pixel/generic/0").key
    assert len(list(arms.store.records("models"))) == 2


@pytest.mark.parametrize("ask", [signal.SIGTERM, signal.SIGKILL])
def test_a_started_training_that_was_interrupted_ends_as_if_it_had_not_been(
    tmp_path: Path, ask: signal.Signals
) -> None:
    undisturbed = Starting(tmp_path / "undisturbed", **THREE_ARMS)
    undisturbed.runs()
    arms = Starting(tmp_path / "arms", **THREE_ARMS)
    folder = arms.bench.folder
    result = arms.bench.run("--where", "trained_on=generic", "--where", "trained_on=same")
    assert result.returncode == 0, result.stdout
    for only in ((), ("--only", CHAINED)):  # of the first training, then of the second
        (folder / "at-the-gate").unlink(missing_ok=True)
        (gate := folder / "gate").touch()
        run = arms.bench.fork("run", "matrix.yaml", "--no-report", *only)
        wait_for((folder / "at-the-gate").exists)
        run.send_signal(ask)
        assert run.wait(60) != 0
        wait_for(lambda: not arms.bench.left())
        gate.unlink(missing_ok=True)
    arms.runs()
    assert arms.weights(arms.model(CHAINED).key) == undisturbed.weights(undisturbed.model(CHAINED).key)


def test_a_method_starts_from_a_file_and_says_what_fits(tmp_path: Path) -> None:
    first = Starting(tmp_path / "first", methods=["toy-pixel"], train={"on": ["same"], "budget": {"steps": 4}})
    first.runs()
    model = first.model("toy-noise/x4-rgb/toy-pixel/same/0")
    file = first.store.folder("models", model.key) / "weights.safetensors"
    method = {"toy-pixel": {"train": {"start": str(file), "budget": {"steps": 6}}}}
    second = Starting(tmp_path / "second", methods=[method], train={"on": ["same"], "budget": {"steps": 4}})
    assert "its training starts from the file weights.safetensors" in second.says("plan", "matrix.yaml")
    second.runs()
    started = second.model("toy-noise/x4-rgb/toy-pixel/same/0")
    assert started.ingredients["start"] == {"sha256": sha256_of(file)}
    assert started.ingredients["budget"] == {"steps": 6}
    assert "It started from the weights of the file weights.safetensors: all 2 tensors of network." in started.notes
    said = second.says("show", "toy-noise/x4-rgb/toy-pixel/same/0")
    assert f"started from the weights in a file (sha256 {sha256_of(file)[:12]})" in said
    assert (
        load_file(second.store.folder("models", started.key) / "weights.safetensors").keys() == load_file(file).keys()
    )


def test_a_method_starts_from_another_of_the_matrix_and_what_does_not_fit_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"

    save_file({"0.weight": np.ones((7, 7), np.float32)}, file)
    methods = [
        "toy-pixel",
        {"use": "toy-pixel", "as": "started", "train": {"start": {"method": "toy-pixel"}}},
        {"use": "toy-pixel", "as": "misfit", "train": {"start": str(file)}},
        {"use": "toy-stubborn", "as": "unable", "train": {"start": {"method": "toy-pixel"}}},
    ]
    bench = Starting(tmp_path / "bench", methods=methods, train={"on": ["same"], "budget": {"steps": 4}})
    result = bench.bench.run()
    assert result.returncode == 1
    started = bench.model("toy-noise/x4-rgb/started/same/0")
    assert list(earlier_models(started.ingredients)) == [bench.model("toy-noise/x4-rgb/toy-pixel/same/0").key]
    misfit, unable = (bench.store.find("cells", f"toy-noise/x4-rgb/{name}/same/0") for name in ("misfit", "unable"))
    assert misfit.status == "failed"
    assert "do not fit: 0 of 2 tensors of network are there in its shape; 1 have another shape" in misfit.reason
    assert (unable.status, "cannot start from given weights" in unable.reason) == ("skipped", True)
