"""Means of losses, kept on the device that computes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from srbench.devices.kinds import widest

if TYPE_CHECKING:
    import torch


class NotFinite(Exception):
    """A loss that is infinite or not a number: `name` at step `step`."""

    def __init__(self, name: str, step: int, value: float) -> None:
        super().__init__(name, step, value)
        self.name, self.step, self.value = name, step, value


class RunningLosses:
    """The mean of each loss since `clear`.

    Reading a number from a GPU waits until it has done all its work, so that it then idles until it gets more. Losses
    are therefore added up on the device, and looked at when somebody asks: `means` and `check`.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self._sums: dict[str, torch.Tensor] = {}
        self._finite: dict[str, torch.Tensor] = {}  # how many were added before the sum stopped being finite
        self._steps: dict[str, list[int]] = {}

    def add(self, losses: Mapping[str, torch.Tensor], step: int) -> None:
        """Take in the losses of one batch of a step."""
        import torch

        for name, loss in losses.items():
            if name not in self._sums:
                self._sums[name] = torch.zeros((), dtype=widest(loss.device), device=loss.device)
                self._finite[name] = torch.zeros((), dtype=widest(loss.device), device=loss.device)
                self._steps[name] = []
            self._sums[name] += loss.detach()
            self._finite[name] += torch.isfinite(self._sums[name])
            self._steps[name].append(step)

    def _read(self) -> dict[str, tuple[float, int]]:
        """Sum of each loss, and how many were finite, in one transfer."""
        import torch

        if not self._sums:
            return {}
        numbers = torch.stack([*self._sums.values(), *self._finite.values()]).tolist()
        sums, finite = numbers[: len(self._sums)], numbers[len(self._sums) :]
        return {name: (total, int(count)) for name, total, count in zip(self._sums, sums, finite, strict=True)}

    def check(self) -> None:
        """Raise `NotFinite` for the first loss that was not, if any."""
        self.means()

    def means(self) -> dict[str, float]:
        """The mean of each loss; raises `NotFinite` instead if any was not finite."""
        read = self._read()
        bad = [
            (self._steps[name][finite], name) for name, (_, finite) in read.items() if finite < len(self._steps[name])
        ]
        if bad:
            step, name = min(bad)
            raise NotFinite(name, step, read[name][0])
        return {name: total / len(self._steps[name]) for name, (total, _) in read.items()}

    def state(self) -> dict[str, tuple[float, list[int]]]:
        """Everything, for `restore`; raises `NotFinite` instead of keeping what has diverged."""
        self.check()
        return {name: (total, self._steps[name]) for name, (total, _) in self._read().items()}

    def restore(self, state: Mapping[str, tuple[float, list[int]]], device: torch.device) -> None:
        """Continue from there."""
        import torch

        for name, (total, steps) in state.items():
            self._sums[name] = torch.tensor(total, dtype=widest(device), device=device)
            self._finite[name] = torch.tensor(float(len(steps)), dtype=widest(device), device=device)
            self._steps[name] = list(steps)
