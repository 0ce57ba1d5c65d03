"""Where a number was made, as a record tells it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest
import torch

from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.registry.registry import registry
from srbench.runner.job import environment as told
from srbench.runner.job.environment import cores, device_name, environment, memory_gb, packages
from srbench.runner.job.tasks import Job, Training
from srbench.store.record import Record


def use(name: str, kind: str = "method") -> Any:
    return SimpleNamespace(registered=registry().get(kind, name))


def test_a_record_tells_hardware_and_software_and_no_names_of_people_or_machines() -> None:
    job = SimpleNamespace(devices=("cpu",), threads=3, task=SimpleNamespace(uses=(use("bicubic"),)))
    said = environment(cast(Job, cast(Any, job)))
    assert (said["threads"], said["python"]) == (3, platform.python_version())
    assert said["system"] == f"{platform.system()} {platform.machine()}"
    assert said["cores"] == psutil.Process().cpu_affinity().__len__()
    assert said["memory_gb"] == round(psutil.virtual_memory().total / 1e9, 1) == round(memory_gb(), 1)
    texts = " ".join(map(str, said.values()))
    assert socket.gethostname() not in texts and str(Path.home()) not in texts


def test_a_job_that_is_bound_to_no_cores_has_as_many_as_its_executor_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    for said, here in (("4", 4), ("64", 64), ("99", 64), ("0", 1), ("", 64), ("many", 64)):
        monkeypatch.setenv("SRBENCH_CORES", said)
        assert cores() == here


def test_a_model_of_another_kind_of_hardware_is_told_as_that() -> None:
    job = cast(
        Job, cast(Any, SimpleNamespace(devices=("cpu",), threads=3, task=SimpleNamespace(uses=(use("bicubic"),))))
    )
    here = environment(job)
    model = Record(key="ab", schema=2, status="ok", environment={**here, "threads": 1})
    assert environment(job, model) == here, "of which threads are no part"
    model.environment |= {"device": "GPU", "cores": 16}
    assert environment(job, model) == {**here, "training": {"device": "GPU", "cores": 16}}
    model.environment = {}
    assert environment(job, model) == here, "of a record that does not tell"


def test_packages_are_those_of_srbench_and_of_the_plugin() -> None:
    known = packages(use("bicubic"))
    assert {"srbench", "torch", "numpy", "pillow"} <= known.keys()
    assert all(version == importlib.metadata.version(name) for name, version in known.items())
    assert "spandrel" in packages(use("pretrained")) and "spandrel" not in known


def test_a_package_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "PACKAGES", ("numpy", "no-such-package"))
    assert "no-such-package" not in packages(use("bicubic"))


def test_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 5, 7}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_a_training_names_all_its_devices_and_a_gpu_how_it_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPUs are made up."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: ["Small", "Large", "Large"][device.index])
    three = ("cuda:0", "cuda:1", "cuda:2")
    training = Training("k", {}, use("srcnn"), use("textures", "dataset"), Protocol("p", 2), Budget("steps", 1), 0)
    found = environment(Job(training, Path(), Path(), devices=three))
    assert (found["device"], found["processes"]) == ("Small, 2 x Large", 3)
    assert found["numerics"].keys() >= {"cudnn.allow_tf32", "cudnn.benchmark"}
    scored = SimpleNamespace(devices=three, threads=1, task=SimpleNamespace(uses=(use("bicubic"),)))
    found = environment(cast(Job, cast(Any, scored)))
    assert found["device"] == "Small" and "processes" not in found
    found = environment(Job(training, Path(), Path(), devices=("cpu", "cpu")))
    assert found["device"] == device_name("cpu") and found["processes"] == 2 and "numerics" not in found


def test_a_device_has_the_name_of_its_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    assert device_name("cpu") and device_name("cpu") != "cpu"
    assert device_name("mps").endswith("(Metal)") and device_name("xpu") == "xpu"

    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU {device.index}")
    assert device_name("cuda:1") == "GPU 1"
