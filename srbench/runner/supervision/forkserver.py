"""A process that has torch imported and CUDA untouched, and forks a keeper for each job in milliseconds.

Started as `python -m srbench.runner.supervision.forkserver FD`. When the run that started it ends, however it ends, the
server kills everything below it and ends too.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys

from srbench.errors import SrbenchError
from srbench.runner.jobs import Job
from srbench.runner.supervision import messages, processes

_LONGEST_JOB = 1 << 20
_SHORT_SPIN = {"GOMP_SPINCOUNT": "10000"}
"""How long threads spin while they wait for each other. As long as by default, and they halve the speed as soon as
anything else runs on the machine; not at all, and a network in bf16 trains at half the speed on an idle one."""


class ForkServer:
    """The run's side: starts the server and hands it jobs."""

    def __init__(self) -> None:
        self._control, theirs = messages.pair()
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _LONGEST_JOB)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "srbench.runner.supervision.forkserver", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_SHORT_SPIN | os.environ,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            hello = messages.receive(self._control)
        except BaseException:  # interrupted while torch was being imported
            self._process.kill()
            raise
        if hello is None:
            raise SrbenchError("the worker server ended before it began; its own message stands above")
        self.gpus: int = hello["gpus"]

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    def start(self, job: Job) -> socket.socket:
        """Run a job; its keeper's messages arrive on the socket, `{"pid": ...}` first."""
        ours, theirs = messages.pair()
        with theirs:
            socket.send_fds(self._control, [pickle.dumps(job)], [theirs.fileno()])
        return ours

    def close(self) -> None:
        """End the server and everything below it."""
        self._control.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def serve(control: socket.socket) -> None:
    """Fork a keeper for every job that arrives, until the run is gone."""
    import torch

    from srbench.runner.supervision import keeper  # noqa: F401  imported before forking, so that jobs need not
    from srbench.runner.work import worker  # noqa: F401  imported before forking, so that jobs need not

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    processes.adopt_orphans()
    messages.send_surely(control, gpus=torch.cuda.device_count())
    keepers: set[int] = set()
    while True:
        ready, _, _ = select.select([control], [], [], 0.5)
        keepers -= _reap()
        processes.sweep(spare=keepers)  # orphans of a keeper that was killed
        if not ready:
            continue
        data, handles, _, _ = socket.recv_fds(control, _LONGEST_JOB, 1)
        if not data:
            processes.sweep()
            return
        line = socket.socket(fileno=handles[0])
        pid = os.fork()
        if pid == 0:
            control.close()
            _become_keeper(data, line)
        keepers.add(pid)
        line.close()


def _become_keeper(data: bytes, line: socket.socket) -> None:
    code = 1
    try:
        processes.die_with_parent()
        messages.send_surely(line, pid=os.getpid())
        from srbench.runner.supervision import keeper

        keeper.keep(pickle.loads(data), line)
        code = 0
    except BaseException as error:  # a keeper that fails must still say so
        messages.send_surely(line, end="failed", reason=f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def _reap() -> set[int]:
    gone = set()
    with contextlib.suppress(ChildProcessError):
        while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            gone.add(pid)
    return gone


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
