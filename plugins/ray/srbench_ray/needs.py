"""What a job needs, as Ray counts it, and which nodes have that much."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

import srbench

ACCELERATOR, CUSTOM = "accelerator_type", "custom_resource"
"""The keys of `resources` that only Ray knows."""
_STEPS = 10_000
"""Ray counts in ten thousandths."""
_A_LITTLE = 0.001
"""How much of an accelerator's type a task takes that is to run beside it: what Ray itself takes."""
_GB = 1e9

Node = Mapping[str, float]
"""How much a node has in all, by Ray's names: `CPU`, `GPU`, `memory` in bytes, and its custom resources."""


class Needs(msgspec.Struct, frozen=True):
    """What Ray sets aside for a task. gpus: a fraction, where jobs share one. memory: bytes. custom: by name."""

    cpus: int = 1
    gpus: float = 0.0
    memory: int = 0
    custom: dict[str, float] = {}

    @property
    def options(self) -> dict[str, Any]:
        """The same as options of a Ray task."""
        counted = {"num_cpus": self.cpus, "num_gpus": self.gpus, "memory": self.memory or None}
        return {**counted, "resources": self.custom or None}

    def __str__(self) -> str:
        """The options of a Ray task, as a person writes them: `num_cpus=4, num_gpus=0.25`."""
        told = {name: value for name, value in self.options.items() if value and name != "resources"}
        return ", ".join(f"{name}={value}" for name, value in {**told, **self.custom}.items())

    @property
    def amounts(self) -> Node:
        """The same, by the names that nodes have for it."""
        return {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory, **self.custom}

    def fits(self, node: Node) -> int:
        """How many such tasks a node holds at once, when it does nothing else."""
        return min(_fits(name, needed, node.get(name, 0.0)) for name, needed in self.amounts.items() if needed)

    def lacking(self, nodes: Sequence[Node]) -> str | None:
        """That no node holds even one, in words, with what there is; None where one does."""
        if any(self.fits(node) for node in nodes):
            return None
        kinds = Counter(map(self._in_words, nodes))
        there = "; ".join(f"{count} with {kind}" for kind, count in kinds.items()) or "none"
        asked = self._in_words(self.amounts)
        return (
            f"no node of Ray can hold a job that needs {asked}; there is {there}. Ask for less in `resources`, or have "
            "such a node join"
        )

    def _in_words(self, has: Node) -> str:
        """What a node has of all that is needed, in words."""
        cores, gpus = has.get("CPU", 0.0), has.get("GPU", 0.0)
        parts = [f"{cores:g} core{'' if cores == 1 else 's'}"]
        parts += [f"{gpus:g} GPU{'' if gpus == 1 else 's'}"] if self.gpus else []
        parts += [f"{has.get('memory', 0.0) / _GB:.3g} GB"] if self.memory else []
        parts += [f"{has[name]:g} {name}" for name in self.custom if has.get(name)]
        return ", ".join(parts)


def _fits(name: str, needed: float, there: float) -> int:
    """How often there is as much as needed; a part of a GPU is a part of one."""
    if name == "GPU" and needed < 1:
        return int(there) * (_STEPS // round(needed * _STEPS))
    return round(there * _STEPS) // round(needed * _STEPS)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def needs_of(resources: srbench.Resources, per_gpu: int, gpus: int) -> Needs:
    """What a job needs. per_gpu: how many that need one GPU share it. gpus: for a job that does not say."""
    count = gpus if resources.gpus is None else resources.gpus
    custom = {resources.options[CUSTOM]: 1.0} if CUSTOM in resources.options else {}
    if ACCELERATOR in resources.options:
        custom[f"{ACCELERATOR}:{resources.options[ACCELERATOR]}"] = _A_LITTLE
    return Needs(
        cpus=resources.cores or 1,
        # rounded down: seven times a seventh, rounded up, would be more than a GPU
        gpus=(_STEPS // per_gpu) / _STEPS if count == 1 else float(count),
        memory=0 if resources.memory_gb is None else math.ceil(resources.memory_gb * _GB),
        custom=custom,
    )
