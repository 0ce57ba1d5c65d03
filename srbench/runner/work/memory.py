"""How much memory a piece of work held, or the process until now; and what to say where there was too little."""

from __future__ import annotations

import re
import resource
import sys
import threading

from srbench.devices.kinds import KINDS, kind_of

_CPU_FULL = "can't allocate memory"
_OTHERS_GB = 1.0
"""What is in use on a GPU beyond what torch reserved for this process: up to so much of it is the driver's own."""


class MemoryPeak:
    """The most memory held inside a `with` block: on a GPU what torch reserved, otherwise what the process grew by.

    Where the device has no memory of its own, what is held is sampled: the system's own high-water mark also counts
    what came before.
    """

    def __init__(self, device: str) -> None:
        self._device, self._kind = device, kind_of(device)
        self.gb: float = 0.0
        self.allocated_gb: float | None = None
        self._finished = threading.Event()

    def __enter__(self) -> MemoryPeak:
        if self._kind.own_memory:
            self._kind.forget_peak(self._device)
        else:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._kind.own_memory:
            self.gb, self.allocated_gb = (round(held / 1e9, 3) for held in self._kind.peak(self._device))
        else:
            self._finished.set()
            self._thread.join()

    def cost(self, step: str = "") -> dict[str, float]:
        """The cost as a record has it: `peak_memory_gb`; on a GPU `peak_memory_allocated_gb` too, held by tensors."""
        allocated = {} if self.allocated_gb is None else {f"{step}peak_memory_allocated_gb": self.allocated_gb}
        return {f"{step}peak_memory_gb": self.gb, **allocated}

    def _watch(self) -> None:
        import psutil

        process = psutil.Process()

        def held() -> int:
            on_device = self._kind.held(self._device)
            return int(process.memory_info().rss) if on_device is None else on_device

        before = held()
        while True:
            self.gb = max(self.gb, round((held() - before) / 1e9, 3))
            if self._finished.wait(0.02):
                return


def peak_cost(device: str) -> dict[str, float | None]:
    """The most that this process ever held, as the cost of a record: on a GPU, see `MemoryPeak`; otherwise resident."""
    kind = kind_of(device)
    if kind.own_memory:
        reserved, allocated = kind.peak(device)
        return {
            "peak_memory_gb": round(reserved / 1e9, 3),
            "peak_memory_allocated_gb": round(allocated / 1e9, 3),
        }
    unit = 1 if sys.platform == "darwin" else 1024  # of `ru_maxrss`
    return {"peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9, 3)}


def ran_out(error: BaseException) -> bool:
    """Whether an exception says that there was too little memory, of the machine or of a GPU."""
    return isinstance(error, MemoryError) or gpu_ran_out(error) or _CPU_FULL in str(error)


def gpu_ran_out(error: BaseException) -> bool:
    """Whether an exception says that there was too little memory on a GPU."""
    import torch

    full = (words for kind in KINDS.values() for words in kind.full)
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in full)


def full_gpu(error: BaseException, device: str, remedy: str) -> str:
    """What a record says of a GPU that was full: what was asked for, what the GPU has, who held it, and what to do."""
    asked = re.search(r"Tried to allocate ([\d.]+ \w+)", str(error))
    wanted = f" when {asked[1]} more were asked for" if asked else ""
    return f"the GPU's memory was full{wanted}{_held(device)}. {remedy}"


def _held(device: str) -> str:
    kind = kind_of(device)
    try:
        memory = kind.free(device)
        if memory is None:
            return ""
        (free, total), own, name = memory, (kind.held(device) or 0) / 1e9, kind.title(device)
    except (RuntimeError, ValueError, AssertionError):  # no such device, or one that answers nothing any more
        return ""
    others = (total - free) / 1e9 - own
    held = f": {name} has {total / 1e9:.1f} GB, of which this process held {own:.1f}"
    return held + (f" and others {others:.1f}; alone on the GPU it may fit" if others > _OTHERS_GB else "")
