"""The run's side of the server of workers. The server here is a shell that answers as a test says."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from srbench.errors import SrbenchError
from srbench.runner.job.sharing import Shared
from srbench.runner.supervision import forkserver
from srbench.runner.supervision.forkserver import ForkServer


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ForkServer]:
    """Start a server that is this shell script."""

    def start(script: str) -> ForkServer:
        shell = tmp_path / "python"
        shell.write_text(f"#!/bin/sh\ncd {tmp_path}\necho $@ > arguments\n{script}\n")
        shell.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(shell))
        return ForkServer()

    return start


ANSWERS = """echo '["cuda:0", "cuda:1"]'; while read -r line; do printf '%s\\n' "$line" >> asked; echo 77; done"""


def test_it_tells_the_gpus_and_answers_each_job_with_its_process(
    serve: Callable[[str], ForkServer], tmp_path: Path
) -> None:
    server = serve(ANSWERS)
    assert server.gpus == ["cuda:0", "cuda:1"] and server.alive
    assert server.start(Path("/a/job.json"), ["cuda:1"], 4, Shared(["judge.scores"], ["method"])) == 77
    assert server.start(Path("/two\nlines/é\udce9"), ["cpu"], 1, Shared()) == 77
    server.close()
    assert not server.alive
    assert (tmp_path / "arguments").read_text() == "-m srbench.runner.supervision.forkserver\n"
    first, second = (tmp_path / "asked").read_text().splitlines()
    assert first == '["/a/job.json", ["cuda:1"], 4, [["judge.scores"], ["method"]]]'
    assert second == r'["/two\nlines/\u00e9\udce9", ["cpu"], 1, [[], []]]'


def test_it_is_of_a_session_of_its_own_so_that_ctrl_c_stops_the_run_alone(serve: Callable[[str], ForkServer]) -> None:
    server = serve(ANSWERS)
    assert os.getsid(server._process.pid) == server._process.pid != os.getsid(0)
    server.close()


def test_one_that_ends_before_it_begins_says_so(serve: Callable[[str], ForkServer]) -> None:
    with pytest.raises(SrbenchError, match="the worker server ended before it began; its own message stands above"):
        serve("exit 1")


def test_one_that_dies_says_what_to_do_and_can_be_closed(serve: Callable[[str], ForkServer]) -> None:
    server = serve("echo 0; read -r line; exit 1")
    for _ in range(2):
        with pytest.raises(SrbenchError, match="the worker server does not answer; run again"):
            server.start(Path("/a/job.json"), ["cpu"], 1, Shared())
    server.close()
    assert not server.alive


def test_it_ends_with_an_interruption_of_its_beginning(
    serve: Callable[[str], ForkServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def interrupted(self: ForkServer, silence: str) -> int:
        started.append(self._process.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(ForkServer, "_answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        serve(ANSWERS)
    with suppress(ChildProcessError):  # reaped when its handle went
        os.waitpid(started[0], 0)
    assert not psutil.pid_exists(started[0])


def test_one_that_does_not_end_is_killed(serve: Callable[[str], ForkServer], monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve("echo 0; exec sleep 60")
    wait = server._process.wait
    monkeypatch.setattr(server._process, "wait", lambda timeout=None: wait(timeout and 0.01))
    server.close()
    assert server._process.returncode == -signal.SIGKILL


def test_keepers_that_ended_are_known_and_the_others_waited_for_no_longer() -> None:
    pid = os.fork()
    if pid == 0:
        first, second = os.fork(), 0
        if first == 0:
            os._exit(0)
        second = os.fork()
        if second == 0:
            signal.pause()
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        found = forkserver._reap() == {first} and forkserver._reap() == set()
        os.kill(second, signal.SIGKILL)
        os.waitpid(second, 0)
        os._exit(0 if found and forkserver._reap() == set() else 1)
    assert os.waitpid(pid, 0)[1] == 0
