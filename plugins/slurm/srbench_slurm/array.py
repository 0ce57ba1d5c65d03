"""A job array as `sbatch` takes it: its options, and the script that every one of its tasks runs."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import srbench

LOG = "slurm.log"
"""Beside a job's file: what its command said before it had a log of its own."""
OPTIONS = ("partition", "account", "qos", "constraint")
_WARNING_SECONDS = 60
"""How long before its time is up a job is told. SLURM looks at the time twice a minute."""


def options(resources: srbench.Resources) -> list[str]:
    """What `sbatch` is told of resources."""
    minutes = None if resources.minutes is None else math.ceil(resources.minutes)
    warning = _WARNING_SECONDS if minutes is None else min(_WARNING_SECONDS, 15 * minutes)
    memory = None if resources.memory_gb is None else math.ceil(resources.memory_gb * 1e9 / 2**20)
    return [
        "--nodes=1",
        "--ntasks=1",
        *([] if resources.cores is None else [f"--cpus-per-task={resources.cores}"]),
        *([f"--gres=gpu:{resources.gpus}"] if resources.gpus else []),
        *([] if memory is None else [f"--mem={memory}M"]),
        *([] if minutes is None else [f"--time={minutes}"]),
        f"--signal=B:USR1@{warning}",
        "--requeue",
        *(f"--{key}={value}" for key, value in resources.options.items() if key in OPTIONS),
    ]


def script(jobs: Sequence[Path], commands: Sequence[Sequence[str]], requeues: int) -> str:
    """The script of an array in which the task with a number does the job of that number.

    Whatever is to be known is in it, so that the array depends on no file but those of its jobs. A task whose job is
    gone ends at once, because it cannot write its log.
    """
    cases = [
        f"{number}) set -- {shlex.join([str(job), *command])}; log={shlex.quote(str(job.with_name(LOG)))} ;;"
        for number, (job, command) in enumerate(zip(jobs, commands, strict=True))
    ]
    attend = shlex.join([sys.executable, "-m", "srbench_slurm.attend", str(requeues)])
    lines = ("#!/bin/sh", 'case "${SLURM_ARRAY_TASK_ID:-0}" in', *cases, "esac", f'exec {attend} "$@" >>"$log" 2>&1')
    return "\n".join(lines) + "\n"
