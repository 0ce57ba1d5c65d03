"""Energy counters, read from a powercap tree made for the test, and from a stand-in for NVIDIA's package."""

from __future__ import annotations

import sys
import threading
import types
from pathlib import Path

import pytest

from srbench.runner.work import energy
from srbench.runner.work.energy import EnergyMeter, GpuCounter, cpu_counters, gpu_counters


def zone(root: Path, folder: str, name: str, microjoules: int, span: int = 262_143_328_850) -> Path:
    path = root / folder
    path.mkdir(parents=True)
    (path / "name").write_text(f"{name}\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    (path / "max_energy_range_uj").write_text(f"{span}\n")
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two packages, and the zones that a real tree has beside them."""
    zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 3_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 7_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 20_000_000)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 5_000_000)
    (tmp_path / "intel-rapl").mkdir()
    return tmp_path


def advance(tree: Path, folder: str, microjoules: int) -> None:
    (tree / folder / "energy_uj").write_text(f"{microjoules}\n")


def test_the_energy_of_a_block_is_the_sum_over_packages(tree):
    with EnergyMeter("cpu", powercap=tree) as meter:
        advance(tree, "intel-rapl:0", 6_500_000)
        advance(tree, "intel-rapl:0:0", 4_000_000)
        advance(tree, "intel-rapl:1", 7_250_000)
        advance(tree, "intel-rapl:2", 90_000_000)
    assert meter.joules == {"cpu": 1.75}
    assert meter.cost("upscale") == {"upscale_energy_cpu_j": 1.75}


def test_a_counter_that_begins_anew_is_continued(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", 9_000_000, span=10_000_000)
    with EnergyMeter("cpu", powercap=tmp_path) as meter:
        advance(tmp_path, "intel-rapl:0", 2_000_000)
    assert meter.joules == {"cpu": pytest.approx(3.0)}


def test_long_stretches_are_read_often_enough_to_see_every_new_beginning(tmp_path, monkeypatch):
    zone(tmp_path, "intel-rapl:0", "package-0", 0, span=10_000_000)
    monkeypatch.setattr(energy, "SECONDS_BETWEEN_READINGS", 0.001)
    read = threading.Event()
    original = energy.PackageCounter.joules

    def joules(self: energy.PackageCounter) -> float:
        value = original(self)
        read.set()
        return value

    monkeypatch.setattr(energy.PackageCounter, "joules", joules)
    with EnergyMeter("cpu", powercap=tmp_path) as meter:
        for reading in (6, 2, 8, 4):
            # Replaced, not rewritten: a reading in between must not find an empty file.
            fresh = tmp_path / "fresh"
            fresh.write_text(f"{reading * 1_000_000}\n")
            fresh.replace(tmp_path / "intel-rapl:0" / "energy_uj")
            # The reading under way may have been of the earlier value; the one after it is not.
            for _ in range(2):
                read.clear()
                assert read.wait(30)
    assert meter.joules == {"cpu": pytest.approx(24.0)}


def test_a_machine_without_counters_has_no_energy(tmp_path):
    for powercap in (tmp_path / "absent", tmp_path):
        with EnergyMeter("cpu", powercap=powercap) as meter:
            pass
        assert meter.cost("train") == {}


def test_counters_that_may_not_be_read_count_as_none(tree):
    (tree / "intel-rapl:0" / "energy_uj").unlink()
    (tree / "intel-rapl:1" / "energy_uj").write_text("")
    assert cpu_counters(tree) == []


def test_a_counter_that_vanishes_leaves_no_partial_sum(tree):
    with EnergyMeter("cpu", powercap=tree) as meter:
        advance(tree, "intel-rapl:0", 6_000_000)
        (tree / "intel-rapl:1" / "energy_uj").unlink()
    assert meter.cost("upscale") == {}


class FakeNvml(types.ModuleType):
    """What srbench uses of pynvml; there is no GPU where the tests run."""

    class NVMLError(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.millijoules = {"GPU-1-2": 5000}

    def nvmlInit(self) -> None:  # noqa: N802
        pass

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        if uuid not in self.millijoules:
            raise self.NVMLError("not found")
        return uuid

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        if self.millijoules[handle] < 0:
            raise self.NVMLError("not supported")
        return self.millijoules[handle]


def test_a_gpu_is_read_in_millijoules_by_its_uuid(monkeypatch):
    nvml = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    counter = GpuCounter("1-2")
    assert counter.joules() == 5.0
    nvml.millijoules["GPU-1-2"] = -1
    with pytest.raises(OSError, match="not supported"):
        counter.joules()
    with pytest.raises(OSError, match="not found"):
        GpuCounter("3-4")


def test_a_gpu_without_nvidias_package_and_a_cpu_have_no_gpu_counter(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(
        "torch.cuda.get_device_properties", lambda device: types.SimpleNamespace(uuid="1-2"), raising=True
    )
    assert gpu_counters("cuda:0") == []
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml())
    assert len(gpu_counters("cuda:0")) == 1
    assert gpu_counters("cpu") == []
