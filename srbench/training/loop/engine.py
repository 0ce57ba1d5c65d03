"""The training loop: stages and their steps, budget, schedules, averages, validation, checkpoints, progress.

A training that is stopped or killed at any moment continues from its checkpoint as if nothing had happened: on a CPU,
with the same number of threads and a budget that is not in seconds, the final weights are the same bit for bit.

The last checkpoint of a training is of its last stage, before that hands anything on. A training under a larger budget
goes on from there: its last stage has what it had and what is added, and its schedule is over both.

Where this process has joined others by `torch.distributed`, they share the training (`group`): all run this loop, and
the first of them writes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.errors import SrbenchError
from srbench.training.data.source import Source
from srbench.training.loop.batch_norm import share_batch_norm, unshare_batch_norm
from srbench.training.loop.budget import Course
from srbench.training.loop.checkpoint import CheckpointError, Checkpoints, read_last
from srbench.training.loop.divergence import BEST_WEIGHTS, Diverged
from srbench.training.loop.ema import Average
from srbench.training.loop.group import Group
from srbench.training.loop.history import Row
from srbench.training.loop.identity import identity
from srbench.training.loop.losses import NotFinite
from srbench.training.loop.outcome import Trained
from srbench.training.loop.randomness import random_state, restore_random_state
from srbench.training.loop.sample_strip import Strip, remove_strip
from srbench.training.loop.stages import Stage, all_networks
from srbench.training.loop.steps import Stepper
from srbench.training.loop.validation import Validation
from srbench.training.speed.compilation import compile_networks, uncompile
from srbench.training.speed.memory_format import Format, set_format
from srbench.training.speed.numerics import numerics, of_training
from srbench.training.speed.precision import MixedPrecision, check_precision

ROWS_PER_STAGE = 200
"""History rows of one stage: each holds the means of the losses since the row before."""
PROGRESS_SECONDS = 0.25
CHECKPOINT_SHARE = 0.05
"""Writing checkpoints takes no more than this share of the time, however large they are."""


class Unresumable(CheckpointError):
    """A checkpoint that was sound, yet does not fit the training that goes on from it; the next attempt leaves it."""


class NothingToGoOnFrom(CheckpointError):
    """An earlier training's last checkpoint that is gone, damaged, or does not fit the training that is to go on."""


def train(
    stages: Sequence[Stage],
    source: Source,
    context: FitContext,
    memory_format: Format = "contiguous",
    strip: Callable[[Any], Strip | None] | None = None,
) -> Trained:
    """Run the stages, one after the other, each for its share of the budget.

    Continues the checkpoint in `context.folder` when there is one; a damaged one is discarded. Otherwise begins with
    `context.earlier`, where there is one, or anew. At the end the networks hold what the last stage hands on and are in
    evaluation mode, and from the checkpoint it is there again without another step. strip: the sample strip, given what
    the source holds out; None: no strip.

    Raises `Interrupted` when `context.stop()` asked for it, `CheckpointError`, `NothingToGoOnFrom`, `SrbenchError` for
    a stage that the budget leaves no step, and `Diverged`: then the networks hold the best weights, if anything was
    validated, the error says what there is of the training, and the next one starts over.
    """
    run = _Training(stages, source, context, memory_format, strip)
    try:
        with numerics(of_training(context.precision)):
            run.begin()
            run.finish()
    except Diverged as diverged:
        if run.group.first:
            run.checkpoints.discard("its training diverged")
        if diverged.best is not None:
            diverged.best.restore(run.networks)
        diverged.trained = run.trained()
        raise
    finally:
        uncompile(run.networks.values())
        unshare_batch_norm(run.networks.values())
        for network in run.networks.values():
            network.eval()
    return run.trained()


class _Training:
    """rows: how many of the current stage's have been due. reports: what is known of each stage begun."""

    def __init__(
        self,
        stages: Sequence[Stage],
        source: Source,
        context: FitContext,
        memory_format: Format,
        strip: Callable[[Any], Strip | None] | None,
    ) -> None:
        import torch

        self.group = Group.here()
        self.context = self.group.agreed(context)
        self.stages, self.source, self.memory_format = stages, source, memory_format
        self.checkpoints = Checkpoints(context.folder)
        self.device = torch.device(context.device)
        check_precision(context.precision, self.device)
        self.precision = MixedPrecision(context.precision, self.device)
        self.networks = all_networks(stages)
        set_format(self.networks.values(), memory_format)
        for network in self.networks.values():
            network.to(self.device)
        self.held_out: list[str] = []
        self.validation: Validation | None = None
        if any(stage.validate is not None for stage in stages):
            held = source.hold_out()
            self.held_out = [] if held is None else held.ids
            shown = None if strip is None else strip(held)
            if held is not None or shown is not None:
                self.validation = Validation(held, shown, self.device, context.precision, self.group)
        self.course = Course(stages, context.budget, len(source))
        self.stepper = Stepper(stages, source, self.context, self.precision, self.group)
        self.averages: dict[str, Average] = {}
        self.history: list[Row] = []
        self.reports: list[dict[str, Any]] = []
        self.rows = 0

    def begin(self) -> None:
        """Continue the folder's checkpoint, if there is one that belongs to this training, or start."""
        self.last_progress = self.last_tick = self.context.clock()
        self.next_checkpoint = self.last_tick + self.context.checkpoint_seconds
        state = self.group.told(self._checkpoint_to_continue)
        if state is not None:
            try:
                self._resume(state)
            except Exception as error:  # half of it is in the networks by now: only a new attempt can start clean
                if self.group.first:
                    self.checkpoints.set_aside(f"it does not fit ({type(error).__name__}: {error})")
                raise Unresumable(
                    f"the checkpoint in {self.context.folder} cannot be continued and was set aside; run again, which "
                    "goes on from the one before it or starts over"
                ) from error
            self.last_tick = self.context.clock()  # the way back takes nothing of a budget in seconds
            return
        remove_strip(self.context.model_folder)
        (self.context.model_folder / BEST_WEIGHTS).unlink(missing_ok=True)
        if self.context.earlier is not None:
            self._go_on_from(self.context.earlier)
            self.last_tick = self.context.clock()
            return
        if self.validation is not None:
            self.validation.begin()
        self._enter()

    def _go_on_from(self, checkpoint: Path) -> None:
        """Begin where an earlier training ended."""
        state = self.group.told(lambda: read_last(checkpoint))
        if state is None:
            raise NothingToGoOnFrom(f"{checkpoint} is gone or damaged")
        if state.get("identity") != self._identity(self.context.budget.earlier):
            raise NothingToGoOnFrom(f"{checkpoint} is not of the training that this one goes on from")
        if self.group.first and self.validation is not None:
            self.validation.take_over(state["validation"], checkpoint.parent)
        try:
            self._resume(state)
        except Exception as error:
            raise NothingToGoOnFrom(f"{checkpoint} does not fit ({type(error).__name__}: {error})") from error
        self.course.go_on()
        stage = self.course.stage
        assert stage is not None, "the last checkpoint is of the last stage"
        self.rows = math.floor(self.course.done() * ROWS_PER_STAGE)
        if self.history:
            self.history[-1]["event"] = "went on"
        if self.validation is not None:
            self.validation.go_on(stage, self.course.done())

    def _checkpoint_to_continue(self) -> dict[str, Any] | None:
        state = self.checkpoints.read()
        if state is not None and state.get("identity") != self._identity():
            self.checkpoints.discard("it is of another training (its budget, seed or stages differ)")
            return None
        return state

    def finish(self) -> None:
        """Do all that is left to do."""
        while (stage := self.course.stage) is not None:
            try:
                self._go_on(stage)
            except NotFinite as bad:
                what = f"in stage {stage.name!r}, at step {bad.step}, the loss {bad.name!r} is {bad.value}"
                raise self._diverged(stage, what) from None
            except Diverged as collapse:
                raise self._diverged(stage, collapse.what) from None

    def _go_on(self, stage: Stage) -> None:
        """One step with all that belongs to it, or the end of the stage."""
        if self.course.done() < 1:
            counts = self.course.counts
            reduced = 1.0 if self.validation is None else self.validation.reduced(stage)
            self.stepper.step(stage, counts.steps + 1, self.course.done(), self.memory_format, reduced)
            for average in self.averages.values():
                average.update()
            self.course.stepped()
            self._count_seconds()
            self._observe(stage)
        else:
            if self.course.is_in_last_stage:
                self._checkpoint()
            self._leave(stage)
        if self.course.stage is not None:  # afterwards nothing is left to be interrupted
            self._tick()

    def _diverged(self, stage: Stage, what: str) -> Diverged:
        self._report(stage)
        if self.history:
            self.history[-1]["event"] = "diverged"
        return Diverged(what, None if self.validation is None else self.validation.best)

    def _enter(self) -> None:
        """Make ready for a stage that begins."""
        stage = self.course.stage
        if stage is None:
            return
        self._set_modes(stage)
        if stage.begin is not None:
            stage.begin(lambda: self.stepper.draw(stage))
        self.group.align(self.networks)
        self.reports.append({"name": stage.name, "memory_format": self.memory_format})
        self.rows = 0
        self.precision.clear_skipped()
        if self.validation is not None:
            self.validation.begin_stage()
        self._prepare(stage)

    def _set_modes(self, stage: Stage) -> None:
        for name, network in self.networks.items():
            network.train(name in stage.networks)

    def _prepare(self, stage: Stage) -> None:
        self.averages = {name: Average(stage.networks[name], decay) for name, decay in stage.ema.items()}
        share_batch_norm(stage.networks.values(), self.group)
        if self.context.compile:
            compile_networks(stage.networks.values())

    def _leave(self, stage: Stage) -> None:
        """End the current stage; the averaged weights, or the best ones, are what it hands on."""
        if self.course.stage_steps == 0:
            raise SrbenchError(
                f"stage {stage.name!r} took no step: the budget of {self.context.budget} is too small for "
                f"{len(self.stages)} stages, or those before it used up its share"
            )
        best = None if self.validation is None else self.validation.best_of(stage)
        if stage.keep == "best" and best is not None:
            best.restore(self.networks)
        else:
            for average in self.averages.values():
                average.replace()
        self.averages = {}
        self._report(stage)
        unshare_batch_norm(stage.networks.values())
        self.course.next_stage()
        self._enter()

    def _report(self, stage: Stage) -> None:
        """Note what the stage that ends was like."""
        report = self.reports[-1]
        report["steps"] = self.course.stage_steps
        best = None if self.validation is None else self.validation.best_of(stage)
        if best is not None and math.isfinite(best.score):
            report |= {"best_step": best.step, "best_validation": best.score}
        report |= {"ended_early": self.course.counts.over, "skipped_steps": self.precision.skipped}

    def _observe(self, stage: Stage) -> None:
        """Add a row to the history and validate, where the progress says so."""
        done = self.course.done()
        steps = self.course.counts.steps
        rows = math.floor(done * ROWS_PER_STAGE)
        validation = self.validation if stage.validate is not None else None
        due = validation is not None and validation.is_due(stage, done)
        if not due and rows <= self.rows and steps > 1:
            return
        self.rows = rows
        row: Row = {"stage": stage.name, "step": steps, "seconds": round(self.course.counts.seconds, 3)}
        for name, optimiser in stage.optimisers.items():
            row["lr" if len(stage.optimisers) == 1 else f"lr {name}"] = float(optimiser.param_groups[0]["lr"])
        row.update(self.stepper.losses.means())
        self.stepper.losses.clear()
        self.history.append(row)
        if validation is None or not due:
            return
        score = validation.run(
            stage, steps, self.course.stage_steps, done, self.networks, self.averages, self.context.compile
        )
        if score is not None:
            row["validation"] = score
        if done < 1 and validation.out_of_patience(stage):
            row["event"] = "ended early"
            self.course.end_early()

    def _count_seconds(self) -> None:
        now = self.context.clock()
        self.course.counts.seconds += now - self.last_tick
        self.last_tick = now

    def _tick(self) -> None:
        """What happens between steps: time is counted, progress told, the state saved."""
        self._count_seconds()
        now = self.last_tick
        if now - self.last_progress >= PROGRESS_SECONDS:
            self.last_progress = now
            self.context.progress(self.course.all_done(), self._message())
        if self.context.stop():
            self._checkpoint()
            steps = self.course.counts.steps
            raise Interrupted(f"training stopped after {steps} steps; its checkpoint is in {self.context.folder}")
        if now >= self.next_checkpoint:
            self._checkpoint()
            after = self.context.clock()
            self.next_checkpoint = after + max(self.context.checkpoint_seconds, (after - now) / CHECKPOINT_SHARE)

    def _message(self) -> str:
        parts = [f"step {self.course.counts.steps}"]
        if len(self.stages) > 1 and self.course.stage is not None:
            parts.insert(0, self.course.stage.name)
        parts += [f"{name} {mean:.3g}" for name, mean in self.stepper.losses.means().items()]
        return ", ".join(parts)

    def trained(self) -> Trained:
        """Gather what there is to know of the training."""
        facts = {
            "precision": self.context.precision,
            "compile": self.context.compile,
            "micro_batches": self.context.micro_batches,
            "processes": self.group.size,
            "held_out": self.held_out,
            "stages": self.reports,
        }
        not_validated = [
            stage.name
            for stage in self.stages
            if stage.validate is not None and (self.validation is None or not self.validation.sees(stage))
        ]
        return Trained(self.history, facts, not_validated)

    def _identity(self, budget: Budget | None = None) -> dict[str, Any]:
        """What a checkpoint is of: this training, under its own budget unless told."""
        context = self.context if budget is None else replace(self.context, budget=budget)
        return identity(self.stages, context, self.memory_format, len(self.source), self.held_out)

    def _checkpoint(self) -> None:
        self.stepper.losses.check()  # in every process, so that all meet what is wrong with them
        if not self.group.first:
            return
        stage = self.course.stage
        optimisers = {} if stage is None else stage.optimisers
        state = {
            "identity": self._identity(),
            "networks": {name: network.state_dict() for name, network in self.networks.items()},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in optimisers.items()},
            "averages": {name: average.state() for name, average in self.averages.items()},
            "course": self.course.state(),
            "losses": self.stepper.losses.state(),
            "validation": None if self.validation is None else self.validation.state(),
            "precision": self.precision.state(),
            "history": self.history,
            "reports": self.reports,
            "rows": self.rows,
            "source": self.source.state(),
            "random": random_state(),
        }
        self.checkpoints.write(state)

    def _resume(self, state: dict[str, Any]) -> None:
        self.course.restore(state["course"])
        self.history, self.reports, self.rows = state["history"], state["reports"], state["rows"]
        for name, network in self.networks.items():
            network.load_state_dict(state["networks"][name])
        self.stepper.losses.restore(state["losses"], self.device)
        self.precision.restore(state["precision"])
        if self.validation is not None:
            self.validation.restore(state["validation"])
        stage = self.course.stage
        if stage is not None:
            self._set_modes(stage)
            self._prepare(stage)
            for name, optimiser in stage.optimisers.items():
                optimiser.load_state_dict(state["optimisers"][name])
            for name, average in self.averages.items():
                average.restore(state["averages"][name])
        self.source.restore(state["source"])
        restore_random_state(state["random"])
