"""Whole runs: on a cluster that loses a node, and with a Ray of their own."""

from __future__ import annotations

import json
import platform
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from rig import Bench, wait_for

COUNTED = """

class Counted(Pixel):
    \"\"\"Notes each step in a file of its process, and writes its checkpoints soon.\"\"\"

    def fit(self, train, context):
        from dataclasses import replace

        return super().fit(train, replace(context, checkpoint_seconds=0.0))

    def stages(self, networks, scale):
        from dataclasses import replace

        (stage,) = super().stages(networks, scale)
        steps = Path(os.environ["SRBENCH_TEST_FOLDER"], f"steps-{time.time_ns()}")

        def step(batch):
            with steps.open("a") as file:
                file.write(".")
            return stage.step(batch)

        return [replace(stage, step=step)]


@srbench.hookimpl(specname="srbench_methods")
def counted_methods():
    return [srbench.Entry("toy-counted", Counted)]
"""
STEPS = 200
MATRIX = {"methods": ["toy-counted"], "train": {"on": ["same"], "budget": {"steps": STEPS}}}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path / "it's here")
    made.plugin.write_text(made.plugin.read_text() + COUNTED)
    return made


def steps(bench: Bench) -> list[int]:
    """How many steps were begun in each attempt at a training, in their order."""
    return [path.stat().st_size for path in sorted(bench.folder.glob("steps-*"))]


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


def lose(node: psutil.Process) -> None:
    """Have a node fail as a machine does: all that runs there is gone in a moment, and tells nothing."""
    there = [node, *node.children(recursive=True)]
    for process in there:
        process.kill()
    psutil.wait_procs(there)


def test_a_training_whose_node_fails_goes_on_from_its_checkpoint_on_another(
    cluster: Any, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = {"custom_resource": cluster.HERE, "gpus": 0}
    bench.matrix(**MATRIX, resources=here, executor={"ray": {"address": cluster.address}})
    (bench.folder / "gate").touch()
    with cluster.another(bench.environment) as one, cluster.another(bench.environment) as other:
        run = bench.fork("run", "matrix.yaml", "--no-report")
        wait_for((bench.folder / "at-the-gate").exists)
        (job,) = (path for path in bench.folder.glob("results/toy/jobs/*/job.json") if "Counted" in path.read_text())
        keeper = psutil.Process(json.loads(job.with_name("heartbeat.json").read_text())["process"]["pid"])
        lose(one if one in keeper.parents() else other)
        (bench.folder / "gate").unlink()
        assert run.wait(120) == 0
    before, after = steps(bench)
    assert before == 3, "the third waited at the gate"
    assert STEPS - before < after < STEPS, "what the checkpoint holds was not done again"
    (cell,), (model,) = bench.records().values(), bench.records("models").values()
    assert cell["status"] == model["status"] == "ok"
    assert cell["job"].startswith("ray task ") and cell["job"].endswith(f" on node {platform.node()}")
    monkeypatch.setenv("SRBENCH_CORES", "1")  # as many as were set aside for the job
    assert bench.run("--executor", "local", "--store", "here").returncode == 0
    assert learned(bench, "results/toy") == learned(bench, "here")


def test_an_interrupted_run_leaves_a_checkpoint_and_nothing_of_the_ray_that_it_started(
    bench: Bench, folder: Path
) -> None:
    bench.matrix(**MATRIX, executor="ray")
    before = set(folder.glob("ray/session_2*"))
    (bench.folder / "gate").touch()
    run = bench.fork("run", "matrix.yaml", "--no-report")
    bench.interrupted_at_the_gate(run, signal.SIGINT)
    assert run.wait(60) == 130
    assert not bench.left()
    assert set(folder.glob("ray/session_2*")) == before
    assert any(bench.folder.glob("results/toy/models/*/*/checkpoint/checkpoint.pt"))
    assert bench.run("--executor", "local").returncode == 0
    begun, gone_on = steps(bench)
    assert begun + gone_on == STEPS, "nothing was done twice"


def test_a_job_that_no_node_holds_is_told_in_a_plan_and_not_waited_for(cluster: Any, bench: Bench) -> None:
    bench.matrix(resources={"gpus": 3}, executor={"ray": {"address": cluster.address, "patience_seconds": 0.5}})
    said = "no node of Ray can hold a job that needs 1 core, 3 GPUs; there is "
    planned = bench.srbench("plan", "matrix.yaml")
    assert f"at once: 1 job: 3 GPUs: tasks of num_cpus=1, num_gpus=3.0: {said}" in planned.stdout
    assert bench.run().returncode == 1
    (record,) = bench.records().values()
    assert record["status"] == "killed" and record["reason"].startswith(said)
