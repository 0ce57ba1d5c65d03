"""Trainings that go wrong, and the best weights that are saved from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import torch

    from srbench.training.loop.outcome import Trained

BEST_WEIGHTS = "best.safetensors"
"""The file in the model's folder with what was best before a training diverged."""


@dataclass(frozen=True)
class Best:
    """The weights with the best validation of a stage: states of all networks of the training, on the CPU."""

    stage: str
    step: int
    score: float
    weights: Mapping[str, Mapping[str, torch.Tensor]]

    @classmethod
    def of(cls, stage: str, step: int, score: float, networks: Mapping[str, torch.nn.Module]) -> Best:
        """A copy of the networks' states."""
        import torch

        weights = {
            name: {key: torch.empty_like(value, device="cpu").copy_(value) for key, value in net.state_dict().items()}
            for name, net in networks.items()
        }
        return cls(stage, step, score, weights)

    def restore(self, networks: Mapping[str, torch.nn.Module]) -> None:
        """Give the networks these weights."""
        for name, network in networks.items():
            network.load_state_dict(self.weights[name])

    def state(self) -> dict[str, Any]:
        """Everything, for a checkpoint."""
        return dict(vars(self))


class Diverged(SrbenchError):
    """A loss that is not finite, or a collapse seen in validation.

    what: `in stage ..., at step ..., ...`. best: what was best until then, if anything was validated. kept: the file
    that holds it. trained: what else there is of the training.
    """

    def __init__(
        self, what: str, best: Best | None = None, kept: Path | None = None, trained: Trained | None = None
    ) -> None:
        self.what, self.best, self.kept, self.trained = what, best, kept, trained
        message = f"training diverged: {what}. Lower the learning rate, clip gradients, or train in 32-bit precision."
        if best is None:
            message += " Nothing had been validated, so no weights are kept."
        elif kept is not None:
            message += (
                f" The best weights until then, of stage {best.stage!r} at step {best.step} with a validation of "
                f"{best.score:.4g}, are in {kept}."
            )
        super().__init__(message)
