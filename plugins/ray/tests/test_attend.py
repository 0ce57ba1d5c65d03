"""A job's command on its node: what it gets, what is told when it ends, and that it ends with what started it."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from rig import wait_for
from srbench_ray import attend as attending
from srbench_ray.attend import attend

STOPS = """
import pathlib, signal, sys, time
here = pathlib.Path(sys.argv[1])
def stop(*_):
    (here / "checkpoint").touch()
    sys.exit(75)
signal.signal(signal.SIGTERM, stop)
(here / "begun").touch()
while True:
    time.sleep(0.01)
"""
STARTS = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "srbench_ray.attend", str(os.getpid()), *sys.argv[1:]])
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "called", lambda: "ray task 12 on node n1")


def shell(folder: Path, script: str, cpus: int = 1, gpus: float = 0.0) -> str:
    return attend(str(folder / "job.json"), ["sh", "-c", script], cpus, gpus)


@pytest.mark.parametrize(("gpus", "seen"), [(0.25, "3"), (0.0, "")])
def test_a_command_gets_the_gpus_and_threads_that_were_set_aside_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpus: float, seen: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    said = shell(tmp_path, 'echo "$CUDA_VISIBLE_DEVICES/$OMP_NUM_THREADS/$SRBENCH_JOB"', 5, gpus)
    assert said == ""
    assert (tmp_path / "ray.log").read_text() == f"{seen}/5/ray task 12 on node n1\n"


def test_what_goes_wrong_is_told_with_the_last_words(tmp_path: Path) -> None:
    said = shell(tmp_path, "echo Traceback; echo No module named srbench >&2; echo; exit 3")
    assert said == ("its command ended with 3 (ray task 12 on node n1); it said last: No module named srbench")
    (tmp_path / "ray.log").unlink()
    assert shell(tmp_path, "kill -9 $$") == "its command ended with -9 (ray task 12 on node n1)"
    said = attend(str(tmp_path / "job.json"), [str(tmp_path / "python")], 1, 0)
    assert "it said last: FileNotFoundError" in said, "another environment, or one that the node does not see"


def test_a_node_that_does_not_see_the_store_says_so(tmp_path: Path) -> None:
    said = shell(tmp_path / "absent", "true")
    assert "cannot begin it" in said and "No such file or directory" in said and "the store" in said


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN], ids=["usual", "ignored"])
def test_a_task_that_is_cancelled_has_its_command_write_a_checkpoint(tmp_path: Path, handler: Any) -> None:
    def cancel() -> None:
        wait_for((tmp_path / "begun").exists)
        _thread.interrupt_main()  # as Ray does it, which wakes nothing that waits for a process

    before = signal.signal(signal.SIGINT, handler)
    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(KeyboardInterrupt):
        attend(str(tmp_path / "job.json"), [sys.executable, "-c", STOPS, str(tmp_path)], 1, 0)
    canceller.join()
    signal.signal(signal.SIGINT, before)
    assert (tmp_path / "checkpoint").exists()


def test_a_command_that_takes_too_long_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "GRACE_SECONDS", 0.2)
    deaf = subprocess.Popen(["sh", "-c", "trap '' TERM; touch begun; while true; do sleep 0.05; done"], cwd=tmp_path)
    wait_for((tmp_path / "begun").exists)
    attending._end(deaf)
    assert deaf.returncode == -signal.SIGKILL
    attending._end(deaf)


def test_a_command_whose_starter_is_killed_writes_a_checkpoint_and_ends(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTS, sys.executable, "-c", STOPS, str(tmp_path)])
    wait_for((tmp_path / "begun").exists)
    starter.kill()
    starter.wait()
    wait_for((tmp_path / "checkpoint").exists)


def test_a_command_whose_starter_is_gone_does_not_begin(tmp_path: Path) -> None:
    leash = [sys.executable, "-m", "srbench_ray.attend", str(os.getpid() + 1), "touch", str(tmp_path / "begun")]
    assert subprocess.run(leash).returncode == 0
    assert not (tmp_path / "begun").exists()
