"""What a task of an array runs: the job's command, attended, `python -m srbench_slurm.attend REQUEUES JOB COMMAND...`.

SLURM sends this process SIGUSR1 when the time of the task is nearly up. It then has the job write its checkpoint, and
puts the task back into the queue, for as long as the job gets on; the run that submitted it need not be there. SIGTERM
means that SLURM itself ends the task, and puts it back into the queue or does not: it is passed on, and that is all.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

GIVEN_UP = "given up: "
"""How the last line of a job's log begins that is not put back into the queue."""
UNFINISHED = os.EX_TEMPFAIL
"""The exit code of a job's command that was stopped before it was done."""


def attend(requeues: int, job: Path, command: Sequence[str]) -> int:
    """Have the command run, and put the task back into the queue when its time was up; the exit code.

    requeues: how often SLURM may begin the task again. job: its file, beside which it tells its progress.
    """
    number = task_id()
    node = os.environ.get("SLURMD_NODENAME", "an unknown node")
    before, asked = _progress(job), set[int]()
    running: subprocess.Popen[bytes] | None = None

    def stop(received: int, _: object) -> None:
        asked.add(received)
        if running is not None:
            running.terminate()

    for received in (signal.SIGUSR1, signal.SIGTERM):
        signal.signal(received, stop)
    named = {"SRBENCH_JOB": f"slurm {number} on node {node}"}
    running = subprocess.Popen(command, env={**_threads(), **os.environ, **named})
    if asked:  # before there was anything to stop
        running.terminate()
    code = running.wait()
    if code != UNFINISHED or asked != {signal.SIGUSR1}:
        return code if code >= 0 else 128 - code
    if _progress(job) == before:
        print(f"{GIVEN_UP}it got no further in all the minutes that SLURM gives it; give it more", flush=True)
    elif int(os.environ.get("SLURM_RESTART_COUNT", "0")) >= requeues:
        print(f"{GIVEN_UP}SLURM began it {requeues + 1} times; give it more minutes, or more `requeues`", flush=True)
    else:
        requeued = subprocess.run(["scontrol", "requeue", number], capture_output=True, text=True)
        if requeued.returncode != 0:
            print(f"its time was up, and SLURM does not put it back: {requeued.stderr.strip()}", flush=True)
    return code


def task_id() -> str:
    """The id of the task that this process is in: `12_3`, or `12` where it is in no array."""
    array, task = (os.environ.get(f"SLURM_ARRAY_{part}") for part in ("JOB_ID", "TASK_ID"))
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID", "unknown")


def _threads() -> dict[str, str]:
    """The cores that the task was given, for the job and for libraries that start threads: not every SLURM binds it."""
    given = os.environ.get("SLURM_CPUS_PER_TASK") or os.environ.get("SLURM_CPUS_ON_NODE")
    return {"SRBENCH_CORES": given, "OMP_NUM_THREADS": given} if given else {}


def _progress(job: Path) -> bytes:
    """What the job last told of its progress; nothing where it has not begun."""
    try:
        return job.with_name("progress.json").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(attend(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
