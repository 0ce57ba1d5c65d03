"""What a Ray task does on its node: have a job's command run, and end with it.

The command is held on a leash, `python -m srbench_ray.attend PID COMMAND...`: it is told to write a checkpoint and end
when the process of Ray that started it is gone, however that ended.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

LOG = "ray.log"
"""Beside a job's file: what its command said before it had a log of its own."""
GRACE_SECONDS = 20.0
"""How long a command that was told to end may take for its checkpoint."""
_LOOK_SECONDS = 0.1
_SET_PARENT_DEATH_SIGNAL = 1


def attend(job: str, command: Sequence[str], cpus: int, gpus: float) -> str:
    """Have the command run to its end; what went wrong, in words, and nothing where nothing did.

    cpus, gpus: what Ray set aside for it. Ray cancels a task by an exception in it (`KeyboardInterrupt`), and ends its
    process by another (`SystemExit`): of either, the command is told.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as of what a shell began in its background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    where = Path(job)
    try:
        with where.with_name(LOG).open("ab") as log:
            leash = [sys.executable, "-m", __spec__.name, str(os.getpid()), *command]
            running = subprocess.Popen(
                leash, cwd="/", env=_environment(cpus, gpus), stdout=log, stderr=log, start_new_session=True
            )
    except OSError as error:
        return f"node {platform.node()} cannot begin it: {error}. Every node has to see the store under the same path"
    try:
        while running.poll() is None:
            time.sleep(_LOOK_SECONDS)  # in Python, which Ray can interrupt
    finally:
        _end(running)
    if running.returncode == 0:
        return ""
    said = _last_words(where.with_name(LOG))
    return f"its command ended with {running.returncode} ({called()}){f'; it said last: {said}' if said else ''}"


def called() -> str:
    """What a record says of the job's place: `ray task 16310a0f0a45af5c on node n1`."""
    import ray

    return f"ray task {ray.get_runtime_context().get_task_id()[:16]} on node {platform.node()}"


def _environment(cpus: int, gpus: float) -> dict[str, str]:
    """The node's environment, with as many threads as cores were set aside, and the GPUs that Ray gave, or none."""
    hidden = {} if gpus else {"CUDA_VISIBLE_DEVICES": ""}
    threads = {"SRBENCH_CORES": str(cpus), "OMP_NUM_THREADS": str(cpus)}
    return {**os.environ, **hidden, **threads, "SRBENCH_JOB": called()}


def _end(running: subprocess.Popen[bytes]) -> None:
    """Tell a command that still runs to end, and kill it where it takes too long."""
    if running.poll() is None:
        running.terminate()
        try:
            running.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def main(parent: int, command: Sequence[str]) -> None:
    """Become the command, which gets SIGTERM when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == parent:  # otherwise it ended before that
        os.execvp(command[0], list(command))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
