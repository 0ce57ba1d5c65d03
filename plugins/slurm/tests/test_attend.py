"""A job's command and the signals of SLURM: which is passed on, and after which the task goes back into the queue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

STOPS = """
import pathlib, signal, sys, time
job = pathlib.Path(sys.argv[1])
def stop(*_):
    if sys.argv[2]:
        job.with_name("progress.json").write_text(sys.argv[2])
    sys.exit(75)
signal.signal(signal.SIGTERM, stop)
job.with_name("begun").touch()
while True:
    time.sleep(0.01)
"""
ARRAY = {"SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "3"}


def attended(
    folder: Path, received: signal.Signals, progress: str = "further", requeues: int = 5, **environment: str
) -> tuple[int, str]:
    """Exit code and words of the attendant of a command that is told to stop, and gets so far."""
    job = folder / "job.json"
    running = subprocess.Popen(
        [sys.executable, "-m", "srbench_slurm.attend", str(requeues), job, sys.executable, "-c", STOPS, job, progress],
        env={**os.environ, **ARRAY, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    while not (folder / "begun").exists():
        time.sleep(0.01)
    running.send_signal(received)
    said, _ = running.communicate(timeout=60)
    return running.returncode, said


def test_when_its_time_is_up_a_task_goes_back_into_the_queue(fake: Any, tmp_path: Path) -> None:
    assert attended(tmp_path, signal.SIGUSR1) == (75, "")
    assert fake.told("scontrol") == ["requeue 12_3"]


def test_what_slurm_ends_itself_is_its_own_to_begin_again(fake: Any, tmp_path: Path) -> None:
    assert attended(tmp_path, signal.SIGTERM) == (75, "")
    assert fake.told("scontrol") == []


@pytest.mark.parametrize("before", ["", "here"])
def test_one_that_gets_no_further_is_given_up(fake: Any, tmp_path: Path, before: str) -> None:
    if before:
        (tmp_path / "progress.json").write_text(before)
    code, said = attended(tmp_path, signal.SIGUSR1, before)
    assert (code, said) == (75, "given up: it got no further in all the minutes that SLURM gives it; give it more\n")
    assert fake.told("scontrol") == []


def test_one_that_was_begun_often_is_given_up(fake: Any, tmp_path: Path) -> None:
    assert attended(tmp_path, signal.SIGUSR1, requeues=2, SLURM_RESTART_COUNT="1")[1] == ""
    assert len(fake.told("scontrol")) == 1
    (tmp_path / "begun").unlink()
    _, said = attended(tmp_path, signal.SIGUSR1, "even further", requeues=2, SLURM_RESTART_COUNT="2")
    assert said == "given up: SLURM began it 3 times; give it more minutes, or more `requeues`\n"
    assert len(fake.told("scontrol")) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SLURM_CPUS_ON_NODE": "8"}, "8 8"),
        ({"SLURM_CPUS_ON_NODE": "8", "SLURM_CPUS_PER_TASK": "3"}, "3 3"),
        ({"SLURM_CPUS_ON_NODE": "8", "SRBENCH_CORES": "5", "OMP_NUM_THREADS": "1"}, "5 1"),
        ({}, "all all"),
    ],
)
def test_a_job_is_told_the_cores_that_it_was_given_unless_somebody_chose(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    command = "echo ${SRBENCH_CORES:-all} ${OMP_NUM_THREADS:-all}"
    done = subprocess.run(
        [sys.executable, "-m", "srbench_slurm.attend", "5", tmp_path / "job.json", "sh", "-c", command],
        env={"PATH": os.environ["PATH"], **given},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == said


def test_a_cluster_that_takes_no_task_back_is_told_in_its_words(fake: Any, tmp_path: Path) -> None:
    fake.answer("scontrol", err="Requested operation is presently disabled\n", code=1)
    _, said = attended(tmp_path, signal.SIGUSR1)
    assert said == "its time was up, and SLURM does not put it back: Requested operation is presently disabled\n"


@pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)])
def test_a_command_that_ends_by_itself_is_not_begun_again(fake: Any, tmp_path: Path, command: str, code: int) -> None:
    attend = [sys.executable, "-m", "srbench_slurm.attend", "5", tmp_path / "job.json", "sh", "-c", command]
    assert subprocess.run(attend).returncode == code
    assert fake.told("scontrol") == []
