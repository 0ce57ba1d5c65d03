"""What a stage of training is: networks, optimisers, a schedule, and one step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from srbench.errors import SrbenchError
from srbench.training.data.batch import Batch
from srbench.training.loop.schedules import Plateau, Schedule, constant, warmed_up

if TYPE_CHECKING:
    import torch


class StageError(SrbenchError):
    """Stages that contradict themselves or each other; the message names the stage."""


@dataclass(frozen=True)
class Stage:
    """One phase of a training.

    networks: those that learn in this stage, by name. They are in training mode, all others in evaluation mode. A
        network that several stages share is the same module under the same name in each.
    optimisers: by the name of the loss that each minimises. An optimiser updates its own parameters only, whatever
        else its loss depends on.
    step: losses of one batch, as scalars, by name. The loss of an optimiser is minimised by it; one that is left out
        is not minimised in this step; other values are recorded. All losses are computed before any update, so two
        of them must not share a graph: detach what one takes from the other.
    batch_size, patch: how many patches a step sees, and the side of their LR in pixels.
    share: of the budget, relative to the other stages' shares.
    begin: called once before the stage's first step, with a function that draws one batch after another as `step` will
        get them: for weights that start as another network's, for what is measured on the training set (the scale of a
        latent space). Not called again when a training is resumed within the stage: what it changes belongs into the
        networks of the stages.
    schedule: the factor of all learning rates over the stage's progress; or a `Plateau`, which follows validations.
    warm_up: the share of the stage in which they rise, before the schedule counts.
    ema: decay of an exponential moving average of the weights, by network name. The averaged weights take the place
        of the network's when the stage ends; until then the step sees the raw ones.
    clip: the largest norm of an optimiser's gradient; larger ones are scaled down to it.
    accumulate: batches whose mean gradient makes one step. Each batch is one call of `step`; batch statistics (batch
        normalisation) are those of each batch, not of all of them together.
    label: the class whose images alone the stage learns from, and is validated on; None: all images.
    validate: the score of one held-out image, a batch of one in which LR is `(1, C, h, w)`; higher is better:
        `TorchMethod.validation_psnr`, for one. When any stage validates, some training images are held out.
    keep: what the stage hands on: the weights of its last step, or those of its best validation.
    patience: validations in a row without a better score after which the stage ends early; None: it does not.
    validations: at so many points of its progress, in equal distances, it is validated.
    augment: changes a batch before `step` sees it; draws from torch's, numpy's or Python's global generators.
    """

    name: str
    networks: Mapping[str, torch.nn.Module]
    optimisers: Mapping[str, torch.optim.Optimizer]
    step: Callable[[Batch], Mapping[str, torch.Tensor]]
    batch_size: int
    patch: int
    share: float = 1.0
    schedule: Schedule = constant
    warm_up: float = 0.0
    ema: Mapping[str, float] = field(default_factory=dict)
    clip: float | None = None
    accumulate: int = 1
    label: str | None = None
    validate: Callable[[Batch], float] | None = None
    keep: Literal["last", "best"] = "last"
    patience: int | None = None
    validations: int = 20
    augment: Callable[[Batch], Batch] | None = None
    begin: Callable[[Callable[[], Batch]], None] | None = None

    def __post_init__(self) -> None:
        if min(self.batch_size, self.patch, self.validations) < 1:
            raise StageError(f"stage {self.name!r}: batch_size, patch and validations are at least 1")
        if not (self.share > 0 and math.isfinite(self.share)):
            raise StageError(f"stage {self.name!r}: its share of the budget is {self.share}; it should be positive")
        if not self.optimisers:
            raise StageError(f"stage {self.name!r} has no optimiser")
        for name, decay in self.ema.items():
            if name not in self.networks:
                raise StageError(f"stage {self.name!r} averages {name!r}, which is not among its networks")
            if not 0 <= decay < 1:
                raise StageError(f"stage {self.name!r}: the decay of {name!r} is {decay}; it should be in [0, 1)")
        if self.accumulate < 1:
            raise StageError(f"stage {self.name!r}: accumulate is {self.accumulate}; it should be at least 1")
        if self.patience is not None and self.patience < 1:
            raise StageError(f"stage {self.name!r}: patience is {self.patience}; it should be at least 1, or None")
        if not 0 <= self.warm_up < 1:
            raise StageError(f"stage {self.name!r}: warm_up is {self.warm_up}; it should be in [0, 1)")
        if self.validate is None and (self.keep == "best" or self.looks_for_better):
            raise StageError(
                f"stage {self.name!r}: keep='best', patience and a plateau need `validate`, to tell what is better"
            )

    @property
    def looks_for_better(self) -> bool:
        """Whether how it goes on hangs on validations: when it ends, or its learning rate."""
        return self.patience is not None or isinstance(self.schedule, Plateau)

    def rate(self, progress: float) -> float:
        """The factor of all learning rates at a progress in [0, 1], but for what a plateau takes from it."""
        return warmed_up(self.schedule, self.warm_up, progress)


def all_networks(stages: Sequence[Stage]) -> dict[str, torch.nn.Module]:
    """The networks of all stages, by name. Raises `StageError` when a name stands for two of them."""
    networks: dict[str, torch.nn.Module] = {}
    for stage in stages:
        for name, network in stage.networks.items():
            if networks.setdefault(name, network) is not network:
                raise StageError(f"stage {stage.name!r}: another stage has a different network named {name!r}")
    return networks


def boundaries(stages: Sequence[Stage], amount: float) -> list[float]:
    """Where each stage ends, counted in the budget's unit from the start of the training."""
    if not stages:
        raise StageError("a training needs at least one stage")
    names = [stage.name for stage in stages]
    if len(set(names)) < len(names):
        raise StageError(f"two stages have the same name; there are {', '.join(names)}")
    total = math.fsum(stage.share for stage in stages)
    # Rounded, so that 0.1 + 0.2 of 100 steps are 30 steps and not 31.
    return [round(amount * math.fsum(s.share for s in stages[: i + 1]) / total, 9) for i in range(len(stages))]
