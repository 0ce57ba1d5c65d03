"""Validation of a stage on held-out images: how good it is, when it was best, whether it has collapsed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.contract.fit import Precision
from srbench.training.data.batch import Batch
from srbench.training.data.source import Held
from srbench.training.loop.divergence import Best, Diverged
from srbench.training.loop.ema import Average
from srbench.training.loop.group import Group
from srbench.training.loop.randomness import seeded
from srbench.training.loop.sample_strip import Strip
from srbench.training.loop.schedules import Plateau
from srbench.training.loop.stages import Stage
from srbench.training.speed.compilation import not_compiled
from srbench.training.speed.numerics import EXACT, numerics

if TYPE_CHECKING:
    import torch

SAMPLES = 8
"""How many of a stage's validations leave a picture."""
COST = 0.03
"""The share of a stage's time that its validations may take, as long as crops need not be smaller than a patch."""
LARGEST_CROP = 96
"""LR pixels."""
FAR_BELOW = 10.0
"""A validation so many dB below the stage's best is a sign of collapse."""
BAD_IN_A_ROW = 2
"""Validations in a row with a sign of collapse that are one."""
_STEP = {"32": 3.0, "tf32": 1.5, "bf16": 1.5, "fp16": 1.5}
"""A step in this precision costs about so many times a forward pass in 32 bits over the same pixels."""
_SEED = 0
"""Validation of a method that draws random numbers draws the same ones each time."""


def crop_side(pixels: float, crops: int, patch: int, precision: Precision) -> int:
    """The side of validation crops, in LR pixels: a multiple of the patch, within the allowed cost.

    pixels: LR pixels that all steps of the stage will see. crops: how many all its
    validations see.
    """
    affordable = COST * _STEP[precision] * pixels / crops
    side = min(math.isqrt(max(0, int(affordable))), LARGEST_CROP)
    return max(patch, side // patch * patch)


@contextmanager
def as_in_upscaling(
    networks: Mapping[str, torch.nn.Module], averages: Mapping[str, Average], compiled: bool
) -> Iterator[None]:
    """Inside, networks are in evaluation mode, uncompiled, and averaged where they are averaged.

    Afterwards everything is as it was, random number generators included.
    """
    modes = [(module, module.training) for network in networks.values() for module in network.modules()]
    with ExitStack() as stack:
        for average in averages.values():
            stack.enter_context(average.in_place())
        stack.enter_context(seeded(_SEED))
        stack.enter_context(numerics(EXACT))
        if compiled:
            stack.enter_context(not_compiled())
        for network in networks.values():
            network.eval()
        try:
            yield
        finally:
            for module, mode in modes:
                module.training = mode


@dataclass
class _Standing:
    """What validations of the current stage have found so far.

    crop: the side of their crops; 0 before the first. validated, sampled: how many of the points in the stage's
    progress have passed. worse: validations in a row that were no new best. bad: those in a row that look like a
    collapse. still: those in a row that were no new best, counted anew after each reduction of the learning rate.
    reductions: how many of these there were.
    """

    crop: int = 0
    validated: int = 0
    sampled: int = 0
    worse: int = 0
    bad: int = 0
    still: int = 0
    reductions: int = 0


class Validation:
    """Validates the stages of one training, one after the other.

    Of several processes that share the training the first looks, and the others hear what it found. best: of the
    latest stage that was validated.
    """

    def __init__(
        self, held: Held | None, strip: Strip | None, device: torch.device, precision: Precision, group: Group
    ) -> None:
        self._held, self._strip, self._device, self._precision = held, strip, device, precision
        self._group = group
        self._standing = _Standing()
        self.best: Best | None = None

    def begin(self) -> None:
        """A training starts: what an earlier one left is removed."""
        if self._strip is not None:
            self._strip.begin(())

    def begin_stage(self) -> None:
        """Another stage: what was found so far is not about it."""
        self._standing = _Standing()

    def take_over(self, state: dict[str, Any], folder: Path) -> None:
        """Copy the samples of an earlier training that this one goes on from; folder: of its model."""
        if self._strip is not None:
            self._strip.copy(state["samples"], folder)

    def go_on(self, stage: Stage, done: float) -> None:
        """The stage that was over goes on from this progress: with the best so far, and patience anew."""
        standing = self._standing
        standing.validated, standing.sampled = math.floor(done * stage.validations), math.floor(done * SAMPLES)
        standing.worse = standing.still = 0

    def sees(self, stage: Stage) -> bool:
        """Whether there is anything that a stage can be validated on."""
        return self._held is not None and self._held.count(stage.label) > 0

    def is_due(self, stage: Stage, done: float) -> bool:
        """Whether a progress in [0, 1] has passed another point of validation."""
        return math.floor(done * stage.validations) > self._standing.validated

    def best_of(self, stage: Stage) -> Best | None:
        """The best validation of this stage, if it had one."""
        return self.best if self.best is not None and self.best.stage == stage.name else None

    def run(
        self,
        stage: Stage,
        step: int,
        stage_steps: int,
        done: float,
        networks: Mapping[str, torch.nn.Module],
        averages: Mapping[str, Average],
        compiled: bool,
    ) -> float | None:
        """The mean score of the held-out images, after `step` steps of the training and `stage_steps` of the stage.

        None where there are none for this stage. Keeps the weights if they are the best of the stage, and writes a
        sample at some of the points. Raises `Diverged` when the stage has collapsed.
        """
        import torch

        standing = self._standing
        standing.validated = math.floor(done * stage.validations)
        best = self.best_of(stage)
        with as_in_upscaling(networks, averages, compiled):
            with torch.inference_mode():
                score, constant = self._group.told(
                    lambda: (self._score(stage, stage_steps, done), self._sample(stage, step, done))
                )
            self._look_for_collapse(stage, step, score, constant)
            if score is None:
                return None
            if best is None or score > best.score:
                self.best = Best.of(stage.name, step, score, networks)
                standing.worse = standing.still = 0
            else:
                standing.worse += 1
                standing.still += 1
        if isinstance(stage.schedule, Plateau) and standing.still > stage.schedule.patience:
            standing.reductions += 1
            standing.still = 0
        return score

    def reduced(self, stage: Stage) -> float:
        """What is left of the stage's learning rates where they fall on a plateau; otherwise 1."""
        schedule = stage.schedule
        return schedule.after(self._standing.reductions) if isinstance(schedule, Plateau) else 1.0

    def _score(self, stage: Stage, steps: int, done: float) -> float | None:
        if stage.validate is None or self._held is None or not self.sees(stage):
            return None
        crops = self._crops(self._held, stage, steps, done)
        return math.fsum(float(stage.validate(crop)) for crop in crops) / self._held.count(stage.label)

    def _look_for_collapse(self, stage: Stage, step: int, score: float | None, constant: bool) -> None:
        place = f"in stage {stage.name!r}, at step {step},"
        if score is not None and math.isnan(score):
            raise Diverged(f"{place} the validation is not a number")
        signs = ["what it makes is of one colour"] if constant else []
        best = self.best_of(stage)
        if score is not None and best is not None and score < best.score - FAR_BELOW:
            signs.append(f"the validation is {score:.4g}, after {best.score:.4g} at step {best.step}")
        self._standing.bad = self._standing.bad + 1 if signs else 0
        if self._standing.bad == BAD_IN_A_ROW:
            raise Diverged(f"{place} it had collapsed: {' and '.join(signs)}")

    def out_of_patience(self, stage: Stage) -> bool:
        """Whether the stage should end early."""
        return stage.patience is not None and self._standing.worse >= stage.patience

    def _crops(self, held: Held, stage: Stage, steps: int, done: float) -> Iterator[Batch]:
        """The held-out images, one after the other: all of them need not fit into memory."""
        import torch

        count = held.count(stage.label)
        if self._standing.crop == 0:
            pixels = steps / done * stage.batch_size * stage.accumulate * stage.patch**2
            self._standing.crop = crop_side(pixels, stage.validations * count, stage.patch, self._precision)
        for drawn in held.centres(self._standing.crop, stage.patch, stage.label):
            lr, hr, labels = (torch.from_numpy(array).to(self._device) for array in drawn)
            yield Batch(lr, hr, done, labels)

    def _sample(self, stage: Stage, step: int, done: float) -> bool:
        """Write a sample if one is due; whether it is of one colour."""
        if self._strip is None:
            return False
        made = self._strip.made()
        if math.floor(done * SAMPLES) > self._standing.sampled:
            self._standing.sampled = math.floor(done * SAMPLES)
            self._strip.add(made, stage.name, step)
        return self._strip.collapsed(made)

    def state(self) -> dict[str, Any]:
        """Everything, for `restore`."""
        return {
            "standing": dict(vars(self._standing)),
            "best": None if self.best is None else self.best.state(),
            "samples": [] if self._strip is None else self._strip.names,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from there."""
        self._standing = _Standing(**state["standing"])
        self.best = None if state["best"] is None else Best(**state["best"])
        if self._strip is not None:
            self._strip.begin(state["samples"])
