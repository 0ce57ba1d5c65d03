"""One step of a training: batches in, losses, gradients, updated weights.

A batch is computed in parts: by each process of the training its own, and that in micro-batches where one does not fit
into memory. Parts count as many images as they have, so that means over them add up to the batch's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from srbench.contract.fit import FitContext
from srbench.devices.kinds import kind_of, widest
from srbench.training.data.batch import Batch
from srbench.training.data.source import Drawn, Source
from srbench.training.loop.group import Group
from srbench.training.loop.losses import RunningLosses
from srbench.training.loop.stages import Stage, StageError
from srbench.training.speed.compilation import compile_errors
from srbench.training.speed.memory_format import Format, torch_format
from srbench.training.speed.precision import MixedPrecision, trained_parameters

if TYPE_CHECKING:
    import torch


def cannot_be_divided(batch_size: int, processes: int, micro_batches: int) -> str:
    """Why a batch has too few images for so many processes with so many micro-batches each; empty where it has not."""
    if batch_size >= processes * micro_batches:
        return ""
    if processes == 1:
        parts = f"into {micro_batches} micro-batches"
    else:
        each = f" with {micro_batches} micro-batches each" if micro_batches > 1 else ""
        parts = f"among {processes} processes{each}"
    return f"a batch of {batch_size} cannot be divided {parts}; use a larger batch_size, or fewer of them"


class Stepper:
    """Makes the steps of all stages of a training.

    losses: the means of what was minimised or recorded since they were last cleared. Raises `StageError` for a batch
    that cannot be divided among the processes and micro-batches.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        source: Source,
        context: FitContext,
        precision: MixedPrecision,
        group: Group,
    ) -> None:
        import torch

        for stage in stages:
            if told := cannot_be_divided(stage.batch_size, group.size, context.micro_batches):
                raise StageError(f"stage {stage.name!r}: {told}")
        self.losses = RunningLosses()
        self._source, self._context, self._precision, self._group = source, context, precision, group
        self._device = torch.device(context.device)
        self._rates = {
            stage.name: {
                name: [float(group["lr"]) for group in optimiser.param_groups]
                for name, optimiser in stage.optimisers.items()
            }
            for stage in stages
        }

    def step(self, stage: Stage, number: int, done: float, layout: Format, reduced: float = 1.0) -> None:
        """One update of what the stage's optimisers update; `number` is the step's, `done` the stage's progress.

        reduced: what validations have left of the learning rates.
        """
        factor = stage.rate(done) * reduced
        for name, optimiser in stage.optimisers.items():
            for group, rate in zip(optimiser.param_groups, self._rates[stage.name][name], strict=True):
                group["lr"] = rate * factor
        updates: dict[str, torch.optim.Optimizer] = {}
        for place in range(stage.accumulate):
            batch = self.draw(stage, done, layout)
            apart = self._group.apart(self._context.seed, number, place)
            with apart, compile_errors(f"stage {stage.name!r}", "`compile: true` under `train`"):
                losses = self._learn_from(stage, batch, updates)
            self.losses.add(losses, number)
            if self._device.type == "cpu":
                self.losses.check()  # before it can spoil the weights; a GPU would have to be waited for
        trained = dict.fromkeys(p for optimiser in updates.values() for p in trained_parameters(optimiser))
        self._group.add_up(p.grad for p in trained if p.grad is not None)
        self._precision.step(updates.values(), stage.clip)

    def _learn_from(
        self, stage: Stage, batch: Batch, updates: dict[str, torch.optim.Optimizer]
    ) -> dict[str, torch.Tensor]:
        """Add the gradients of a batch; its losses."""
        import torch

        count = len(batch.lr)
        found: dict[str, torch.Tensor] = {}
        for part in self._group.parts(count, self._context.micro_batches):
            share = (part.stop - part.start) / count
            losses = self._compute(stage, batch if share == 1 else batch.part(part))
            self._add_gradients(stage, losses, updates, share)
            if share == 1:
                return dict(losses)
            for name, loss in losses.items():
                found[name] = loss.detach().to(widest(loss.device)) * share + found.get(name, 0.0)
        values = torch.stack(list(found.values()))
        self._group.add_up([values])
        return dict(zip(found, values, strict=True))

    def draw(self, stage: Stage, done: float = 0.0, layout: Format = "contiguous") -> Batch:
        """The next batch, augmented; `done` is the stage's progress."""
        drawn = self._source.draw(stage.batch_size, stage.patch, stage.label)
        return self._batch(stage, drawn, done, layout)

    def _add_gradients(
        self,
        stage: Stage,
        losses: Mapping[str, torch.Tensor],
        updates: dict[str, torch.optim.Optimizer],
        share: float,
    ) -> None:
        """Add the gradients of all losses before any update: the generator's runs through the discriminator it saw.

        share: of the batch that they are the losses of.
        """
        for name, optimiser in stage.optimisers.items():
            if name in losses:
                if name not in updates:
                    optimiser.zero_grad(set_to_none=True)
                    updates[name] = optimiser
                loss = losses[name] if share == 1 else losses[name] * share
                loss = loss if stage.accumulate == 1 else loss / stage.accumulate
                # Only its own parameters: the discriminator must not learn from the generator's loss.
                self._precision.backward(loss, trained_parameters(optimiser))

    def _batch(self, stage: Stage, drawn: Drawn, done: float, layout: Format) -> Batch:
        import torch

        lr, hr, labels = (torch.from_numpy(array) for array in drawn)
        if kind_of(self._device).pins:
            lr, hr, labels = (tensor.pin_memory() for tensor in (lr, hr, labels))
        lr, hr = (image.to(self._device, non_blocking=True, memory_format=torch_format(layout)) for image in (lr, hr))
        batch = Batch(lr, hr, done, labels.to(self._device, non_blocking=True))
        return batch if stage.augment is None else stage.augment(batch)

    def _compute(self, stage: Stage, batch: Batch) -> Mapping[str, torch.Tensor]:
        import torch

        with self._precision.autocast():
            losses = stage.step(batch)
        if not isinstance(losses, Mapping):
            raise StageError(
                f"stage {stage.name!r}: its step returned {type(losses).__name__}; it should return its losses by "
                f"name, such as {{{next(iter(stage.optimisers), 'loss')!r}: loss}}"
            )
        for name, loss in losses.items():
            if not isinstance(loss, torch.Tensor) or loss.ndim > 0:
                shape = f" of the shape {tuple(loss.shape)}" if isinstance(loss, torch.Tensor) else ""
                raise StageError(
                    f"stage {stage.name!r}: the loss {name!r} is {type(loss).__name__}{shape}; it should be a tensor "
                    "with one number, a mean say"
                )
        if not any(name in losses for name in stage.optimisers):
            raise StageError(
                f"stage {stage.name!r}: its step returned {sorted(losses)}, none of which an optimiser minimises; "
                f"the optimisers minimise {sorted(stage.optimisers)}"
            )
        return losses
