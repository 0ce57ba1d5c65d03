"""Whole runs on a cluster of one node."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from rig import LEARNING, Bench, wait_for
from rig.cluster import Slurm

QUICK = {"slurm": {"poll_seconds": 0.5, "late_seconds": 1}}
SLOW = """

class Slow(Pixel):
    \"\"\"Takes its time, while SLURM has not begun its job for the time that is named here.\"\"\"

    def __init__(self, begun: int = 1) -> None:
        super().__init__()
        self.begun = begun

    def stages(self, networks, scale):
        from dataclasses import replace

        (stage,) = super().stages(networks, scale)
        slow = "SLURM_JOB_ID" in os.environ and int(os.environ.get("SLURM_RESTART_COUNT", 0)) < self.begun

        def step(batch):
            time.sleep(0.1 if slow else 0)
            return stage.step(batch)

        return [replace(stage, step=step)]


@srbench.hookimpl(specname="srbench_methods")
def slow_methods():
    return [srbench.Entry("toy-slow", Slow)]
"""


@pytest.fixture
def bench(slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """What runs here has one thread, as a task that asks for no more has on the cluster."""
    monkeypatch.setenv("SRBENCH_CORES", "1")
    made = Bench(tmp_path / "it's here").with_measures()
    made.plugin.write_text(made.plugin.read_text() + SLOW)
    return made


def tasks(slurm: Slurm, state: str = "all") -> dict[str, str]:
    """The names of the tasks in that state, by id."""
    lines = slurm.say("squeue", "--noheader", "--array", f"--states={state}", "--format=%i %j").splitlines()
    return dict(line.split() for line in lines)


def jobs(bench: Bench) -> dict[str, Path]:
    """The folders of jobs in the store, by what their keepers last told: how far they are."""
    return {path.name: path for path in (bench.folder / "results/toy/jobs").glob("*")}


def done(bench: Bench) -> float:
    """How far the one job is."""
    (path,) = (bench.folder / "results/toy/jobs").glob("*/progress.json")
    return json.loads(path.read_text())["done"]


def learned(bench: Bench, store: str) -> dict[str, tuple[str, Any]]:
    """What each record of a store says: its status, scores and files."""
    found = {}
    for path in (bench.folder / store).glob("*/??/*/record.json"):
        record = json.loads(path.read_text())
        timed = {"training.json", "history.csv", "scores.parquet"}
        files = {name: known for name, known in record["files"].items() if name not in timed}
        scores = {key: result["value"] for key, result in record["metrics"].items()}
        found[path.parent.name] = (record["status"], record["reason"], scores, files)
    return found


def test_a_matrix_becomes_what_it_becomes_here_though_the_time_of_a_training_is_up(slurm: Slurm, bench: Bench) -> None:
    bench.matrix(
        **{
            **LEARNING,
            "methods": ["toy-nearest", {"toy-slow": {"resources": {"minutes": 1}}}],
            "train": {"on": ["same"], "budget": {"steps": 600}},
            "resources": {"cores": 1, "memory_gb": 0.2, "minutes": 5, "partition": "main"},
            "executor": QUICK,
        }
    )
    planned = bench.srbench("plan", "matrix.yaml", "--executor", "slurm").stdout
    common = "1 core, {}, 0.2 GB, partition main: arrays: 1 of 1; sbatch --nodes=1 --ntasks=1 --cpus-per-task=1"
    for when in ("at once", "once their trainings are done"):
        for minutes, words in ((1, "1 minute"), (5, "5 minutes")):
            assert f"{when}: 1 job: {common.format(words)} --mem=191M --time={minutes} --signal=" in planned
    result = bench.run()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "once more" not in result.stdout, "it went on without another submission"
    (model,) = bench.records("models").values()
    number = model["job"].removeprefix("slurm ").removesuffix(f" on node {slurm.host}")
    assert "Restarts=1" in slurm.say("scontrol", "show", "job", number)
    assert not jobs(bench)
    assert f"slurm {number.partition('_')[0]}" not in bench.srbench("show", "toy-marked/x4-rgb/toy-nearest").stdout
    assert "job  " in bench.srbench("show", "toy-marked/x4-rgb/toy-nearest").stdout
    assert bench.run("--executor", "local", "--store", "here").returncode == 0
    assert learned(bench, "results/toy") == learned(bench, "here")


def test_a_training_that_is_requeued_and_whose_node_fails_ends_as_if_nothing_had_been(
    slurm: Slurm, bench: Bench
) -> None:
    bench.matrix(methods=[{"toy-slow": {"begun": 2}}], train={"on": ["same"], "budget": {"steps": 300}}, executor=QUICK)
    run = bench.fork("run", "matrix.yaml", "--no-report")
    wait_for(lambda: any((folder / "progress.json").exists() for folder in jobs(bench).values()))
    wait_for(lambda: done(bench) > 0.03)
    (number,) = tasks(slurm, "running")
    slurm.say("scontrol", "requeue", number)
    reached = done(bench)
    wait_for(lambda: "Restarts=1" in slurm.say("scontrol", "show", "job", number) and tasks(slurm, "running"))
    wait_for(lambda: done(bench) > reached + 0.02)
    slurm.say("scontrol", "update", f"nodename={slurm.host}", "state=down", "reason=a test")
    wait_for(lambda: not tasks(slurm, "running"))
    slurm.say("scontrol", "update", f"nodename={slurm.host}", "state=resume")
    assert run.wait(120) == 0
    assert bench.run("--executor", "local", "--store", "here").returncode == 0
    assert learned(bench, "results/toy") == learned(bench, "here")


def test_jobs_that_are_left_are_come_back_to(slurm: Slurm, bench: Bench) -> None:
    bench.matrix(**LEARNING, executor=QUICK)
    before = set(tasks(slurm))
    assert bench.run("--executor", "local", "--detach").returncode == 2
    said = bench.run("--detach")
    assert said.returncode == 0 and said.stdout.startswith("2 jobs left to wait or run")
    assert not bench.records() and len(jobs(bench)) == 2
    trained = set(tasks(slurm)) - before
    assert len(trained) == 2 and len({number.partition("_")[0] for number in trained}) == 1, "one array"
    for refused in (("run", "matrix.yaml", "--executor", "local"), ("clean", "matrix.yaml", "--delete", "leftovers")):
        said = bench.srbench(*refused)
        assert said.returncode == 2 and "jobs that outlive their run may still wait or run" in said.stderr
    assert "2 jobs of an earlier run" in bench.srbench("plan", "matrix.yaml").stdout
    wait_for(lambda: all((folder / "ending.json").exists() for folder in jobs(bench).values()))
    said = bench.run("--detach")
    assert said.stdout.startswith("2 jobs left"), "the cells, whose trainings are done by now"
    said = bench.run()
    assert said.returncode == 0 and said.stdout.endswith("2 cells: 2 ok\n"), said.stdout + said.stderr
    assert len(set(tasks(slurm)) - before) == 4, "nothing was submitted twice"
    assert {f"slurm {number} on node {slurm.host}" for number in trained} == {
        record["job"] for shelf in ("models", "extractors") for record in bench.records(shelf).values()
    }
    assert not jobs(bench)
    assert bench.run().returncode == 0
    assert len(set(tasks(slurm)) - before) == 4, "what is done needs no job"


def test_one_that_is_cancelled_is_told_and_an_interrupted_run_leaves_a_checkpoint_and_nothing_in_the_queue(
    slurm: Slurm, bench: Bench
) -> None:
    bench.matrix(
        methods=["toy-sleeps", {"toy-slow": {"begun": 9}}, {"use": "toy-sleeps", "as": "another"}],
        train={"on": ["same"], "budget": {"steps": 6000}},
        seeds=[0, 1],
        executor=QUICK,
    )
    run = bench.fork("run", "matrix.yaml", "--no-report")
    wait_for(lambda: any((folder / "progress.json").exists() for folder in jobs(bench).values()))
    sleeping = next(path for path in jobs(bench).values() if "toy-sleeps" in (path / "job.json").read_text())
    place = json.loads((sleeping / "slurm.json").read_text())
    wait_for(lambda: (sleeping / "heartbeat.json").exists())
    (number,) = (
        one for one, name in tasks(slurm).items() if name == place["name"] and one.endswith(f"_{place['task']}")
    )
    slurm.say("scancel", number)
    wait_for(lambda: any("cancelled" in record["reason"] for record in bench.records().values()))
    (record,) = (record for record in bench.records().values() if record["reason"])
    node = f"slurm {number} on node {slurm.host}"
    assert (record["status"], record["reason"]) == ("killed", f"it was cancelled from outside ({node})")
    wait_for(lambda: list((bench.folder / "results/toy/jobs").glob("*/progress.json")))
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 130
    wait_for(lambda: not tasks(slurm, "running,pending,completing"))
    assert list((bench.folder / "results/toy/models").glob("*/*/checkpoint/*"))
    assert not jobs(bench)
