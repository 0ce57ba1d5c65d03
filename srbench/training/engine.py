"""The training loop: device, precision, budget, schedules, averages, checkpoints, progress.

A training that is stopped or killed at any moment continues from its checkpoint as if nothing had happened: on a CPU,
with the same number of threads and a budget that is not in seconds, the final weights are the same bit for bit.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from srbench.errors import SrbenchError
from srbench.training.checkpoint import discard_checkpoint, read_checkpoint, write_checkpoint
from srbench.training.context import FitContext, Interrupted
from srbench.training.ema import Average
from srbench.training.patches import Patches
from srbench.training.randomness import random_state, restore_random_state
from srbench.training.stages import Batch, Stage, StageError, all_networks, boundaries

if TYPE_CHECKING:
    import torch
    from lightning_fabric import Fabric

ROWS_PER_STAGE = 200
"""History rows of one stage: each holds the means of the losses since the row before."""
PROGRESS_SECONDS = 0.25

Row = dict[str, float | int | str]
"""One line of a training's history: `stage`, `step`, `seconds`, one `lr` an optimiser, and the losses.

Where the stage was validated after that step also `validation`, its mean score over the held-out images; where
something happened, `event`: a few words, such as `ended early`.
"""


class Diverged(SrbenchError):
    """A loss that is infinite or not a number; the message names stage, step and loss."""


def train(stages: Sequence[Stage], patches: Patches, context: FitContext) -> list[Row]:
    """Run the stages, one after the other, each for its share of the budget; return the history.

    Continues the checkpoint in `context.folder` when there is one; a damaged one is discarded. At the end the networks
    hold the averaged weights, where a stage averages, and are in evaluation mode, and the checkpoint says that
    nothing is left to do. Raises `Interrupted` when `context.stop()` asked for it, and `Diverged`.
    """
    run = _Training(stages, patches, context)
    run.resume()
    run.finish()
    return run.history


class _Training:
    def __init__(self, stages: Sequence[Stage], patches: Patches, context: FitContext) -> None:
        self.stages, self.patches, self.context = stages, patches, context
        self.ends = boundaries(stages, context.budget.amount)
        self.networks = all_networks(stages)
        self.fabric = _fabric(context)
        for network in self.networks.values():
            network.to(self.fabric.device)
        self.rates = {
            stage.name: {
                name: [float(group["lr"]) for group in optimiser.param_groups]
                for name, optimiser in stage.optimisers.items()
            }
            for stage in stages
        }
        self.index = 0
        self.steps = 0
        self.images = 0
        self.seconds = 0.0
        self.start = 0.0  # where the current stage began, in the budget's unit
        self.history: list[Row] = []
        self.sums: dict[str, list[float]] = {}  # sum and count of each loss since the last row
        self.averages: dict[str, Average] = {}

    def finish(self) -> None:
        self._enter()
        self.last_checkpoint = self.last_progress = self.last_tick = time.monotonic()
        while self.index < len(self.stages):
            stage = self.stages[self.index]
            if self._spent() < self.ends[self.index]:
                self._step(stage)
            else:
                self._leave()
            self._tick()
        for network in self.networks.values():
            network.eval()
        self._checkpoint()

    def _enter(self) -> None:
        """Make ready for the current stage."""
        if self.index == len(self.stages):
            return
        stage = self.stages[self.index]
        for name, network in self.networks.items():
            network.train(name in stage.networks)
        if not self.averages:
            self.averages = {name: Average(stage.networks[name], decay) for name, decay in stage.ema.items()}

    def _leave(self) -> None:
        """End the current stage; the averaged weights are what it hands on."""
        if self.sums:
            self._add_row(self.stages[self.index])
        for average in self.averages.values():
            average.replace()
        self.averages = {}
        self.index += 1
        self.start = self._spent()
        self._enter()

    def _spent(self) -> float:
        """How much of the budget is used, in its unit."""
        match self.context.budget.unit:
            case "steps":
                return self.steps
            case "seconds":
                return self.seconds
            case "images":
                return self.images
            case "epochs":
                return self.images / len(self.patches)

    def _done(self) -> float:
        """The current stage's progress in [0, 1]."""
        length = self.ends[self.index] - self.start
        return min(1.0, (self._spent() - self.start) / length) if length > 0 else 1.0

    def _step(self, stage: Stage) -> None:
        import torch

        done = self._done()
        factor = stage.schedule(done)
        for name, optimiser in stage.optimisers.items():
            for group, rate in zip(optimiser.param_groups, self.rates[stage.name][name], strict=True):
                group["lr"] = rate * factor
        lr, hr = (torch.from_numpy(array) for array in self.patches.draw(stage.batch_size, stage.patch))
        batch = Batch(self.fabric.to_device(lr), self.fabric.to_device(hr), done)
        with self.fabric.autocast():
            losses = stage.step(batch)
        self._record(stage, losses)
        self._update(stage, losses)
        for average in self.averages.values():
            average.update()
        self.steps += 1
        self.images += stage.batch_size
        rows = ROWS_PER_STAGE
        if self.steps == 1 or math.floor(self._done() * rows) > math.floor(done * rows):
            self._add_row(stage)

    def _record(self, stage: Stage, losses: Mapping[str, torch.Tensor]) -> None:
        """Add the losses up, before they can spoil the weights."""
        if not any(name in losses for name in stage.optimisers):
            raise StageError(
                f"stage {stage.name!r}: its step returned {sorted(losses)}, none of which an optimiser minimises; "
                f"the optimisers minimise {sorted(stage.optimisers)}"
            )
        for name, loss in losses.items():
            value = float(loss.detach())
            if not math.isfinite(value):
                raise Diverged(
                    f"training diverged: in stage {stage.name!r}, at step {self.steps + 1}, the loss {name!r} is "
                    f"{value}. Lower the learning rate, clip gradients, or train in 32-bit precision."
                )
            total = self.sums.setdefault(name, [0.0, 0.0])
            total[0] += value
            total[1] += 1

    def _update(self, stage: Stage, losses: Mapping[str, torch.Tensor]) -> None:
        import torch

        updates = [(losses[name], optimiser) for name, optimiser in stage.optimisers.items() if name in losses]
        # All gradients before any update: the generator's loss runs through the discriminator as the step saw it.
        for loss, optimiser in updates:
            optimiser.zero_grad(set_to_none=True)
            parameters = [p for group in optimiser.param_groups for p in group["params"] if p.requires_grad]
            # Only these: the discriminator must not learn from the generator's loss.
            self.fabric.backward(loss, inputs=parameters)
            if stage.clip is not None:
                torch.nn.utils.clip_grad_norm_(parameters, stage.clip)
        for _, optimiser in updates:
            optimiser.step()

    def _add_row(self, stage: Stage) -> None:
        row: Row = {"stage": stage.name, "step": self.steps, "seconds": round(self.seconds, 3)}
        for name, optimiser in stage.optimisers.items():
            row["lr" if len(stage.optimisers) == 1 else f"lr {name}"] = float(optimiser.param_groups[0]["lr"])
        row.update({name: total / count for name, (total, count) in self.sums.items()})
        self.history.append(row)
        self.sums = {}

    def _tick(self) -> None:
        """What happens between steps: time is counted, progress told, the state saved."""
        now = time.monotonic()
        self.seconds += now - self.last_tick
        self.last_tick = now
        if now - self.last_progress >= PROGRESS_SECONDS:
            self.last_progress = now
            self.context.progress(min(1.0, self._spent() / self.context.budget.amount), self._message())
        if self.context.stop():
            self._checkpoint()
            raise Interrupted(f"training stopped after {self.steps} steps; its checkpoint is in {self.context.folder}")
        if now - self.last_checkpoint >= self.context.checkpoint_seconds:
            self._checkpoint()
            self.last_checkpoint = time.monotonic()

    def _message(self) -> str:
        parts = [f"step {self.steps}"]
        if len(self.stages) > 1 and self.index < len(self.stages):
            parts.insert(0, self.stages[self.index].name)
        parts += [f"{name} {total / count:.3g}" for name, (total, count) in self.sums.items()]
        return ", ".join(parts)

    def _identity(self) -> dict[str, Any]:
        """What must be the same for a checkpoint to be continued."""
        budget = self.context.budget
        return {
            "seed": self.context.seed,
            "budget": [budget.unit, float(budget.amount)],
            "precision": self.context.precision,
            "stages": [[stage.name, float(stage.share), stage.batch_size, stage.patch] for stage in self.stages],
            "images": len(self.patches),
        }

    def _checkpoint(self) -> None:
        optimisers = self.stages[self.index].optimisers if self.index < len(self.stages) else {}
        state = {
            "identity": self._identity(),
            "networks": {name: network.state_dict() for name, network in self.networks.items()},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in optimisers.items()},
            "averages": {name: average.state() for name, average in self.averages.items()},
            "index": self.index,
            "steps": self.steps,
            "images": self.images,
            "seconds": self.seconds,
            "start": self.start,
            "history": self.history,
            "sums": self.sums,
            "patches": self.patches.state(),
            "random": random_state(),
        }
        write_checkpoint(self.context.folder, state)

    def resume(self) -> None:
        """Continue from the folder's checkpoint, if there is one that belongs to this training."""
        state = read_checkpoint(self.context.folder)
        if state is None:
            return
        if state.get("identity") != self._identity():
            discard_checkpoint(self.context.folder, "it is of another training (its budget, seed or stages differ)")
            return
        for name, network in self.networks.items():
            network.load_state_dict(state["networks"][name])
        for name in ("index", "steps", "images", "seconds", "start", "history", "sums"):
            setattr(self, name, state[name])
        self._enter()
        if self.index < len(self.stages):
            for name, optimiser in self.stages[self.index].optimisers.items():
                optimiser.load_state_dict(state["optimisers"][name])
        for name, average in self.averages.items():
            average.restore(state["averages"][name])
        self.patches.restore(state["patches"])
        restore_random_state(state["random"])


def _fabric(context: FitContext) -> Fabric:
    import torch

    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    device = torch.device(context.device)
    return Fabric(
        accelerator=device.type,
        devices=1 if device.type == "cpu" else [device.index or 0],
        precision="bf16-mixed" if context.precision == "bf16" else "32-true",
        # One process: a job of a cluster that happens to surround it must not be taken for a distributed training.
        plugins=[LightningEnvironment()],
    )
