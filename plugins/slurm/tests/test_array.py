"""What `sbatch` is told, and what its script does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from srbench_slurm.array import options, script

import srbench

ALWAYS = ["--nodes=1", "--ntasks=1"]


def test_what_nobody_asked_for_is_left_to_the_cluster() -> None:
    assert options(srbench.Resources()) == [*ALWAYS, "--signal=B:USR1@60", "--requeue"]


def test_resources_are_what_sbatch_calls_them() -> None:
    asked = srbench.Resources(2, 4, 120, 24, {"partition": "gpu", "account": "lab", "qos": "long", "of_others": "x"})
    cpus, gres, mem, time, *rest = options(asked)[2:]
    assert (cpus, gres, time) == ("--cpus-per-task=4", "--gres=gpu:2", "--time=120")
    assert rest == ["--signal=B:USR1@60", "--requeue", "--partition=gpu", "--account=lab", "--qos=long"]
    mebibytes = int(mem.removeprefix("--mem=").removesuffix("M"))
    assert 24e9 <= mebibytes * 2**20 < 24e9 + 2**20, "gigabytes of 10^9 bytes, in mebibytes"


@pytest.mark.parametrize(("minutes", "asked", "warning"), [(0.5, 1, 15), (1, 1, 15), (3, 3, 45), (9.1, 10, 60)])
def test_time_is_in_whole_minutes_and_the_warning_leaves_most_of_them(minutes: float, asked: int, warning: int) -> None:
    told = options(srbench.Resources(minutes=minutes))
    assert f"--time={asked}" in told and f"--signal=B:USR1@{warning}" in told
    assert not any(option.startswith("--gres") for option in options(srbench.Resources(gpus=0)))


def test_each_task_does_its_own_job_and_what_it_says_lies_beside_it(tmp_path: Path) -> None:
    jobs = [tmp_path / "it's a $store" / key / "job.json" for key in "abc"]
    for job in jobs:
        job.parent.mkdir(parents=True)
    say = "import json, os, sys; print(json.dumps([sys.argv[1:], os.environ['SRBENCH_JOB']]))"
    text = script(jobs, [[sys.executable, "-c", say, str(job), "a b"] for job in jobs], 3)

    def run(task: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SLURMD_NODENAME": "n1", **task}
        return subprocess.run(["sh"], input=text, env=environment, capture_output=True, text=True)

    for number in (0, 2):
        done = run({"SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": str(number)})
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    run({"SLURM_JOB_ID": "7"})
    logs = [job.with_name("slurm.log") for job in jobs]
    first, second = logs[0].read_text().splitlines()
    assert json.loads(first) == [[str(jobs[0]), "a b"], "slurm 12_0 on node n1"]
    assert json.loads(second) == [[str(jobs[0]), "a b"], "slurm 7 on node n1"], "where there are no arrays"
    assert json.loads(logs[2].read_text()) == [[str(jobs[2]), "a b"], "slurm 12_2 on node n1"]
    assert not logs[1].exists()
    logs[2].unlink()
    jobs[2].parent.rmdir()
    assert run({"SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "2"}).returncode != 0, "its job was given up"
