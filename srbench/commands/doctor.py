"""What this machine has, and what stands in the way of a run."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from srbench.contract.dataset import DatasetMissing
from srbench.devices.kinds import gpus, kind_of
from srbench.registry.parameters import parameters
from srbench.registry.registry import registry
from srbench.runner.job.environment import cores, cpu_name, memory_gb
from srbench.weights.data_root import VARIABLE, data_root
from srbench.weights.lookup import place, weights_state
from srbench.weights.offline import no_network

ENOUGH_DISK_GB = 2.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and whether it is fine."""

    check: str
    ok: bool
    finding: str


def diagnose() -> list[Finding]:
    """Look at everything a run needs."""
    return [_python(), *_torch(), _hardware(), _disk(), _data(), *_datasets(), *_weights(), *_plugins()]


def _python() -> Finding:
    return Finding("python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.platform()}")


def _torch() -> Iterator[Finding]:
    from srbench.weights.torchvision_shim import import_torchvision

    try:
        import torch
    except Exception as error:  # a broken install fails in many ways
        yield Finding("torch", False, f"cannot be imported: {error}; install it again")
        return
    yield Finding("torch", True, f"{torch.__version__}")
    found = gpus()
    names = ", ".join(kind_of(device).title(device) for device in found)
    yield Finding("gpus", True, f"{len(found)}: {names}" if found else "none; cells run on the CPU")
    if find_spec("torchvision") is None:  # no plugin has brought it, so none needs it
        return
    try:
        yield Finding("torchvision", True, import_torchvision().__version__)
    except Exception as error:
        yield Finding("torchvision", False, f"cannot be imported: {error}; install it again")


def _hardware() -> Finding:
    return Finding("hardware", True, f"{cpu_name()}, {cores()} cores, {memory_gb():.1f} GB memory")


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return Finding("disk", free > ENOUGH_DISK_GB, f"{free:.1f} GB free in the working directory")


def _data() -> Finding:
    root = data_root()
    if root.is_dir():
        return Finding("data root", True, f"{root}")
    return Finding("data root", True, f"{root} is not there yet; put named datasets into it, or set {VARIABLE}")


def _datasets() -> Iterator[Finding]:
    for registered in registry().entries("dataset"):
        try:
            kind = registered.load()
            if any(parameter.required for parameter in parameters(kind).values()):
                continue
            dataset = kind()
            with no_network():
                dataset.prepare(data_root())
            yield Finding(f"dataset {registered.entry.name}", True, "ready")
        except DatasetMissing as missing:
            yield Finding(f"dataset {registered.entry.name}", True, f"not here: {missing}")
        except Exception as error:  # a plugin's fault of any kind is what this is for
            yield Finding(f"dataset {registered.entry.name}", False, f"{type(error).__name__}: {error}")


def _weights() -> Iterator[Finding]:
    for declared in registry().weights:
        file, check = declared.file, f"weights {declared.file.name}"
        state = weights_state(file)
        if state == "here":
            yield Finding(check, True, f"verified: {place(file)}")
        elif state == "damaged":
            yield Finding(check, False, f"{place(file)} has the wrong sha256; `srbench fetch {file.name}` replaces it")
        else:
            yield Finding(check, True, f"{state}; needed only where something uses them: `srbench fetch {file.name}`")


def _plugins() -> Iterator[Finding]:
    for plugin in registry().plugins:
        yield Finding(f"plugin {plugin.name}", True, f"{plugin.distribution} {plugin.version}")
    for broken in registry().broken:
        yield Finding(f"plugin {broken.plugin.name}", False, f"{broken.plugin.distribution}: {broken.reason}")
