"""How much energy a stretch of work took, where the driver tells it.

Two counters that only ever rise are read: Intel's and AMD's RAPL, through Linux' powercap tree, for each CPU package;
and NVML's, through pynvml where it is installed, for one GPU. Both count everything that runs on the device, not this
process alone.
"""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from pathlib import Path

from srbench.devices.kinds import kind_of

POWERCAP = Path("/sys/class/powercap")
SECONDS_BETWEEN_READINGS = 20.0
"""A package's counter begins anew at about 260 kJ: every ten minutes at 400 W."""


class Counter(ABC):
    """An energy counter. span: the joules after which it begins anew, None if it does not."""

    span: float | None = None

    @abstractmethod
    def joules(self) -> float:
        """Read what it shows now. Raises `OSError` when it cannot be read."""


class PackageCounter(Counter):
    """One CPU package of the powercap tree: a folder with `energy_uj` and `max_energy_range_uj`, in microjoules."""

    def __init__(self, zone: Path) -> None:
        self._file = zone / "energy_uj"
        self.span = _microjoules(zone / "max_energy_range_uj")

    def joules(self) -> float:
        """What `energy_uj` shows."""
        return _microjoules(self._file)


class GpuCounter(Counter):
    """One NVIDIA GPU, since its driver was loaded; Volta and later have such a counter.

    uuid: as torch has it, without `GPU-`: an index means another GPU where CUDA_VISIBLE_DEVICES is set.
    """

    def __init__(self, uuid: str) -> None:
        import pynvml

        self._pynvml = pynvml
        try:
            pynvml.nvmlInit()
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
        except pynvml.NVMLError as error:
            raise OSError(str(error)) from error

    def joules(self) -> float:
        """What NVML tells, in steps of a millijoule."""
        try:
            return float(self._pynvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)) / 1e3
        except self._pynvml.NVMLError as error:
            raise OSError(str(error)) from error


def cpu_counters(powercap: Path = POWERCAP) -> list[PackageCounter]:
    """One for each CPU package that may be read; since 2020 Linux lets only root read them, unless told otherwise.

    Zones below a package (cores, memory) are part of it; `psys` holds packages; the memory-mapped tree repeats them.
    """
    counters: list[PackageCounter] = []
    for zone in sorted(powercap.glob("intel-rapl:*")):
        try:
            if re.fullmatch(r"intel-rapl:\d+", zone.name) and (zone / "name").read_text().startswith("package"):
                counter = PackageCounter(zone)
                counter.joules()
                counters.append(counter)
        except (OSError, ValueError):
            continue
    return counters


def gpu_counters(*devices: str) -> list[GpuCounter]:
    """The counters of torch devices; none for CPUs, without pynvml, or where one of the GPUs has no counter."""
    counters: list[GpuCounter] = []
    for device in devices:
        try:
            serial = kind_of(device).serial(device)
            if serial is None:
                return []
            counter = GpuCounter(serial)
            counter.joules()
        except (ImportError, AttributeError, OSError):
            return []
        counters.append(counter)
    return counters


class EnergyMeter:
    """The energy taken inside a `with` block, by the CPU packages and by the job's GPUs.

    joules: by `cpu` and `gpu`; what cannot be read is absent.
    """

    def __init__(self, *devices: str, powercap: Path = POWERCAP) -> None:
        self._counters: dict[str, list[Counter]] = {"cpu": [*cpu_counters(powercap)], "gpu": [*gpu_counters(*devices)]}
        self._last: dict[Counter, float] = {}
        self._finished = threading.Event()
        self.joules = {source: 0.0 for source, counters in self._counters.items() if counters}

    def __enter__(self) -> EnergyMeter:
        self._read()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if self.joules:
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._finished.set()
        if self._thread.is_alive():
            self._thread.join()
        self._read()

    def cost(self, step: str) -> dict[str, float | None]:
        """The cost as a record has it: `STEP_energy_cpu_j`, `STEP_energy_gpu_j`."""
        return {f"{step}_energy_{source}_j": round(joules, 3) for source, joules in self.joules.items()}

    def _watch(self) -> None:
        while not self._finished.wait(SECONDS_BETWEEN_READINGS):
            self._read()

    def _read(self) -> None:
        for source in list(self.joules):
            try:
                self.joules[source] += sum(self._taken(counter) for counter in self._counters[source])
            except (OSError, ValueError):
                # A sum with a hole in it would pass for a low one.
                del self.joules[source]

    def _taken(self, counter: Counter) -> float:
        """The joules since the last reading; nothing at the first."""
        now = counter.joules()
        taken = now - self._last.get(counter, now)
        self._last[counter] = now
        if taken < 0 and counter.span is None:
            raise OSError("the counter began anew")
        return taken % counter.span if counter.span else taken


def _microjoules(file: Path) -> float:
    return int(file.read_text()) / 1e6
