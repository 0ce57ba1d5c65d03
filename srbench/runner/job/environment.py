"""Where a number was made: hardware and software, without names of people or machines."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from srbench.contract.executor import CORES_VARIABLE
from srbench.devices.kinds import kind_of
from srbench.registry.configured import Use
from srbench.registry.sources import dependencies
from srbench.runner.job.tasks import Job, Training
from srbench.store.record import Record
from srbench.training.speed.numerics import numerics_facts

PACKAGES = ("srbench", "torch", "numpy", "pillow", "imagecodecs")


HARDWARE = ("device", "cores")
"""What in an environment tells one kind of hardware from another."""


def environment(job: Job, training: Record | None = None) -> dict[str, Any]:
    """What a record says of the machine it was made on, and of the packages that its method declares to need.

    training: the record of its model; the hardware of that is told, too, where it is of another kind.
    """
    used = job.devices if isinstance(job.task, Training) else job.devices[:1]
    here = {
        "device": device_names(used),
        **({"processes": len(used)} if len(used) > 1 else {}),
        "threads": job.threads,
        "cores": cores(),
        "memory_gb": round(memory_gb(), 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": packages(job.task.uses[0]),
        **({"numerics": numerics_facts()} if kind_of(used[0]).tunes else {}),
    }
    learned = {} if training is None else {name: training.environment.get(name) for name in HARDWARE}
    elsewhere = any(learned.values()) and any(learned[name] != here[name] for name in HARDWARE)
    return {**here, "training": learned} if elsewhere else here


def packages(use: Use) -> dict[str, str]:
    """The versions that something runs with: of what srbench and every plugin it is made of declare to need."""
    own = {name: version for name in PACKAGES if (version := _version(name)) is not None}
    return {**own, **dependencies(use.registered.plugin.sources)}


def cores() -> int:
    """The CPU cores that this process may use: those that it is bound to, or fewer where `SRBENCH_CORES` says so."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = os.environ.get(CORES_VARIABLE, "")
    return min(bound, max(1, int(given))) if given.isdecimal() else bound


def memory_gb() -> float:
    """The machine's memory, in GB of 10^9 bytes."""
    import psutil

    return float(psutil.virtual_memory().total) / 1e9


@cache
def cpu_name() -> str:
    """The CPU's model, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def device_name(device: str) -> str:
    """A torch device in words: the GPU's name, or the CPU's."""
    return cpu_name() if device == "cpu" else kind_of(device).title(device)


def device_names(devices: Sequence[str]) -> str:
    """Torch devices in words, `2 x NAME` where several have one; processes on the CPU share one."""
    found = Counter(device_name(device) for device in dict.fromkeys(devices))
    return ", ".join(name if count == 1 else f"{count} x {name}" for name, count in found.items())


@cache
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
