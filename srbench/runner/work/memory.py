"""How much memory a piece of work held, or the process until now."""

from __future__ import annotations

import resource
import threading


class MemoryPeak:
    """The most memory held inside a `with` block: on a GPU what torch reserved, otherwise what the process grew by.

    Resident memory is sampled, since the system's own high-water mark also counts what came before.
    """

    def __init__(self, device: str) -> None:
        self._cuda = device if device.startswith("cuda") else None
        self.gb: float = 0.0
        self.allocated_gb: float | None = None
        self._finished = threading.Event()

    def __enter__(self) -> MemoryPeak:
        if self._cuda:
            import torch

            torch.cuda.reset_peak_memory_stats(self._cuda)
        else:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._cuda:
            import torch

            self.gb = round(torch.cuda.max_memory_reserved(self._cuda) / 1e9, 3)
            self.allocated_gb = round(torch.cuda.max_memory_allocated(self._cuda) / 1e9, 3)
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
        before = process.memory_info().rss
        while True:
            self.gb = max(self.gb, round((process.memory_info().rss - before) / 1e9, 3))
            if self._finished.wait(0.02):
                return


def peak_memory_gb(device: str) -> float:
    """The most that this process ever held: on a GPU what torch reserved, otherwise its resident memory."""
    if device.startswith("cuda"):
        import torch

        return round(torch.cuda.max_memory_reserved(device) / 1e9, 3)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 3)
