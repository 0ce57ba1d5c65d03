"""Exponential moving averages of weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def decay_at(decay: float, updates: int) -> float:
    """The decay after so many updates: `decay`, but less at first, so that the initial weights are soon forgotten.

    min(decay, (1 + t) / (10 + t)), as TensorFlow's ExponentialMovingAverage has it.
    """
    return min(decay, (1 + updates) / (10 + updates))


class Average:
    """The average of a network's weights; its buffers (batch statistics, counters) are not averaged.

    The first update copies; each later one is average <- d * average + (1 - d) * weights, with d from `decay_at`.
    Torch's own AveragedModel keeps the number of updates on the device, and so waits for a GPU at every update.
    """

    def __init__(self, network: torch.nn.Module, decay: float) -> None:
        self._weights: list[torch.Tensor] = list(network.parameters())
        self._averaged = [weight.detach().clone() for weight in self._weights]
        self._decay = decay
        self._updates = 0

    def update(self) -> None:
        """Take in the network's weights as they are now."""
        import torch

        with torch.no_grad():
            if self._updates == 0:
                torch._foreach_copy_(self._averaged, self._weights)
            else:
                torch._foreach_lerp_(self._averaged, self._weights, 1 - decay_at(self._decay, self._updates))
        self._updates += 1

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside, the network has the averaged weights; afterwards its own again, bit for bit."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for i, weight in enumerate(self._weights):
            weight.data, self._averaged[i] = self._averaged[i], weight.data

    def replace(self) -> None:
        """Give the network the averaged weights."""
        import torch

        with torch.no_grad():
            torch._foreach_copy_(self._weights, self._averaged)

    def state(self) -> dict[str, Any]:
        """Everything, for `restore`."""
        return {"averaged": self._averaged, "updates": self._updates}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from there."""
        for averaged, saved in zip(self._averaged, state["averaged"], strict=True):
            averaged.copy_(saved)
        self._updates = state["updates"]
