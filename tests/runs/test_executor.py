"""The local executor, and one of a plugin that starts jobs with the command alone."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from rig import Bench, wait_for

from srbench import load
from srbench.testing import check_executors

test_executors = check_executors("local")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).with_places()


def test_a_matrix_runs_to_its_end_where_only_the_store_is_known(bench: Bench) -> None:
    bench.matrix(
        methods=["toy-dies", "toy-pixel"],
        train={"on": ["same"], "budget": {"steps": 2}},
        executor={"elsewhere": {"most": 2}},
    )
    result = bench.run()
    assert result.returncode == 1, result.stderr
    found = {label: (record["status"], record["reason"]) for label, record in bench.records().items()}
    assert found == {
        "toy-noise/x4-rgb/toy-dies": ("killed", "its process was killed from outside, by SIGKILL"),
        "toy-noise/x4-rgb/toy-pixel/same/0": ("ok", ""),
    }
    assert not (bench.folder / "results/toy/jobs").exists()
    assert not bench.left()


def test_a_job_whose_run_was_killed_goes_on_until_the_next_run_gives_it_up(bench: Bench) -> None:
    bench.matrix(methods=["toy-sleeps"], executor="elsewhere")
    first = bench.fork("run", "matrix.yaml", "--no-report")
    wait_for(lambda: any(bench.folder.glob("results/toy/cells/*/*/log.txt")))
    first.kill()
    first.wait(timeout=60)
    assert bench.left()
    bench.matrix(methods=["toy-nearest"])
    assert bench.run().returncode == 0
    wait_for(lambda: not bench.left())
    assert bench.records().keys() == {"toy-noise/x4-rgb/toy-nearest"}


SHARED = {
    "datasets": [{"toy-noise": {"train": 12}}],
    "methods": ["toy-pixel"],
    "train": {"on": ["same"], "budget": {"steps": 8}},
}


def test_a_training_shared_by_two_processes_is_that_of_one(bench: Bench) -> None:
    found = []
    for processes in (1, 2):
        bench.matrix(**SHARED, executor={"local": {"cpu_processes": processes}})
        result = bench.run("--store", f"results/{processes}")
        assert result.returncode == 0, result.stderr
        frame = load(bench.folder / f"results/{processes}").cells
        found.append(frame["value"].item())
        assert not bench.left()
    assert found[0] == pytest.approx(found[1], abs=1e-3)  # PSNR of SR rounded to 8 bits
    (path,) = (bench.folder / "results/2/models").glob("??/*/record.json")
    record = json.loads(path.read_text())
    assert record["environment"]["processes"] == 2 and record["cost"]["train_steps"] == 8
    assert {"weights.safetensors", "history.csv"} <= set(record["files"])
    alone, shared = ((bench.folder / f"results/{processes}/models").glob("??/*/*") for processes in (1, 2))
    assert sorted(one.name for one in shared) == sorted(one.name for one in alone)


def test_a_method_that_learns_by_itself_is_told_that_it_cannot_be_shared(bench: Bench) -> None:
    bench.matrix(**{**SHARED, "methods": ["toy-stubborn"]}, executor={"local": {"cpu_processes": 2}})
    assert bench.run().returncode == 1
    (record,) = bench.records("models").values()
    assert record["status"] == "failed" and "cannot be trained on several devices (cpu, cpu)" in record["reason"]


def test_gpus_that_are_not_there_are_told_before_anything_runs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    bench.matrix(**SHARED, executor={"local": {"gpus_per_cell": 2}})
    words = "gpus_per_cell asks for 2 GPUs, and torch finds 0 on this machine"
    assert words in bench.srbench("plan", "matrix.yaml").stdout
    run = bench.run()
    assert run.returncode == 2 and words in run.stderr
    assert bench.records() == {}


def test_a_shared_training_that_is_interrupted_leaves_no_process_and_is_gone_on_with(bench: Bench) -> None:
    training = {"on": ["same"], "budget": {"steps": 900}}
    bench.matrix(**{**SHARED, "train": training}, executor={"local": {"cpu_processes": 2}})
    (bench.folder / "gate").touch()
    process = bench.fork("run", "matrix.yaml", "--no-report")
    bench.interrupted_at_the_gate(process, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not bench.left()
    assert any(bench.folder.glob("results/toy/models/*/*/checkpoint/checkpoint.pt")) or bench.records("models")
    assert bench.run().returncode == 0
    assert [record["cost"]["train_steps"] for record in bench.records("models").values()] == [900]
