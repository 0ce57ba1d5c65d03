"""RRDB and ESRGAN as methods: their parameters, presets and stages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

import srbench
from srbench.training.stages import Batch, Schedule, cosine
from srbench.weights import WeightsMissing

if TYPE_CHECKING:
    import torch

    from srbench.method import Problem
    from srbench.training.context import FitContext
    from srbench.training.trainingset import TrainingSet

AtLeastOne = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Decay = Annotated[float, Meta(ge=0, lt=1)]
Side = Annotated[int, Meta(ge=8, multiple_of=4)]
Decline = Literal["steps", "cosine"]

SCALES = (2, 4)
PIXEL_WEIGHT_ALONE = 1.0
"""The weight of L1 in the adversarial stage where it is the whole content loss."""
_BETAS = (0.9, 0.99)


def halved_at(*points: float) -> Schedule:
    """Half the rate from each of these points of a stage's progress on."""
    return lambda progress: 0.5 ** sum(progress >= point for point in points)


PIXEL_HALVINGS = halved_at(0.2, 0.4, 0.6, 0.8)
"""Every 200,000 of 1,000,000 steps."""
ADVERSARIAL_HALVINGS = halved_at(0.125, 0.25, 0.5, 0.75)
"""After 50,000, 100,000, 200,000 and 300,000 of 400,000 steps."""


class RRDB(srbench.TorchMethod):
    """Residual in residual dense blocks, trained on the mean absolute error: the first stage of ESRGAN.

    Wang, Yu, Wu, Gu, Liu, Dong, Loy, Qiao, Change Loy, "ESRGAN: Enhanced super-resolution generative adversarial
    networks", 2018. The network is basicsr's `RRDBNet`. Preset `paper`: 23 blocks, 64 features, growth 32, 16,697,987
    parameters in colour at x4; Adam at 2e-4, halved four times; HR patches of 128, batches of 16.

    Deviations from the paper: the weights that count are an exponential moving average, as in the authors' later
    programs; Adam's second decay is .99, as there; at x2 the network sees 2 x 2 pixels of LR as one with four times the
    channels. The budget is yours: the paper's is 1,000,000 steps. Preset `small` has 4 blocks, 32 features and growth
    16, and learning rates that fall along a cosine.
    """

    presets: ClassVar = {
        "paper": {},
        "small": {
            "blocks": 4,
            "features": 32,
            "growth": 16,
            "learning_rate": 5e-4,
            "schedule": "cosine",
            "batch_size": 8,
        },
    }

    def __init__(
        self,
        blocks: AtLeastOne = 23,
        features: AtLeastOne = 64,
        growth: AtLeastOne = 32,
        learning_rate: Positive = 2e-4,
        schedule: Decline = "steps",
        ema: Decay = 0.999,
        batch_size: AtLeastOne = 16,
        patch: Side = 128,
        weights: Path | None = None,
    ) -> None:
        """What it is and how it learns.

        blocks, features, growth: of `RRDBNet`. schedule: how learning rates fall, in steps as in the paper or along a
        cosine. ema: decay of the average of the weights. patch: side of a patch in HR pixels. weights: a released
        checkpoint of the same network (safetensors, or a pickle that holds tensors only) to start from.
        """
        self.blocks, self.features, self.growth = blocks, features, growth
        self.learning_rate, self.schedule, self.ema = learning_rate, schedule, ema
        self.batch_size, self.patch, self.weights = batch_size, patch, weights

    def supports(self, problem: Problem) -> srbench.Skip | None:
        """Scales 2 and 4. Raises `WeightsMissing` when the weights to start from are not there."""
        if problem.scale not in SCALES:
            return srbench.Skip(f"RRDBNet upscales by 2 or 4, not by {problem.scale}")
        if isinstance(self.weights, Path) and not self.weights.is_file():
            raise WeightsMissing(f"there is no file of weights {self.weights}")
        return None

    def build(self, channels: int, scale: int) -> dict[str, torch.nn.Module]:
        """One network."""
        return {"generator": self._network(channels, scale)}

    def stages(self, networks: dict[str, torch.nn.Module], scale: int) -> list[srbench.Stage]:
        """One stage, on L1."""
        generator = networks["generator"]
        self._start(generator)
        return [self._pixel_stage("generator", generator, scale)]

    def sr(self, lr: torch.Tensor) -> torch.Tensor:
        """SR of LR of any size."""
        from .upscaling import enlarge

        return enlarge(self.networks["generator"], lr, self.scale)

    def _network(self, channels: int, scale: int) -> torch.nn.Module:
        from .basicsr_networks import rrdb_net
        from .upscaling import halo

        if scale not in SCALES:
            raise srbench.SrbenchError(f"RRDBNet upscales by 2 or 4, not by {scale}")
        self.halo = halo(self.blocks, scale)
        return rrdb_net(channels, scale, self.blocks, self.features, self.growth)

    def _start(self, network: torch.nn.Module) -> None:
        from .released import load_released

        if self.weights is not None:
            load_released(network, self.weights)

    def _pixel_stage(self, name: str, network: torch.nn.Module, scale: int, share: float = 1.0) -> srbench.Stage:
        import torch
        from torch.nn.functional import l1_loss

        def step(batch: Batch) -> dict[str, torch.Tensor]:
            return {"l1": l1_loss(network(batch.lr), batch.hr)}

        return srbench.Stage(
            "pixel",
            networks={name: network},
            optimisers={"l1": torch.optim.Adam(network.parameters(), lr=self.learning_rate, betas=_BETAS)},
            step=step,
            batch_size=self.batch_size,
            patch=self.patch // scale,
            share=share,
            schedule=self._declining(PIXEL_HALVINGS),
            ema={name: self.ema},
        )

    def _declining(self, halvings: Schedule) -> Schedule:
        return halvings if self.schedule == "steps" else cosine
