"""Exponential moving averages of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def decay_at(decay: float, updates: int) -> float:
    """The decay after so many updates: `decay`, but less at first, so that the initial weights are soon forgotten.

    min(decay, (1 + t) / (10 + t)), as TensorFlow's ExponentialMovingAverage has it.
    """
    return min(decay, (1 + updates) / (10 + updates))


class Average:
    """The average of a network's weights; buffers (batch statistics, counters) are those of the last update.

    The first update copies; each later one is average <- d * average + (1 - d) * weights, with d from `decay_at`.
    """

    def __init__(self, network: torch.nn.Module, decay: float) -> None:
        import torch
        from torch.optim.swa_utils import AveragedModel

        def blend(averaged: Any, weights: Any, updates: Any) -> None:
            torch._foreach_lerp_(averaged, weights, 1 - decay_at(decay, int(updates)))

        self._network = network
        self._averaged = AveragedModel(network, multi_avg_fn=torch.no_grad()(blend))

    def update(self) -> None:
        """Take in the network's weights as they are now."""
        self._averaged.update_parameters(self._network)

    def replace(self) -> None:
        """Give the network the averaged weights."""
        self._network.load_state_dict(self._averaged.module.state_dict())

    def state(self) -> dict[str, Any]:
        """Everything, for `restore`."""
        return self._averaged.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from there."""
        self._averaged.load_state_dict(state)
