"""How far a training has come: its budget, shared among the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from srbench.contract.fit import Budget
from srbench.training.loop.stages import Stage, boundaries


@dataclass
class _Counts:
    """What is counted. start, start_step: where the current stage began, in the budget's unit and in steps.

    unspent: what stages that ended early left of their shares, in the budget's unit. over: whether the current stage
    has ended early. before: what an earlier training had spent that this one goes on from, in the budget's unit.
    """

    index: int = 0
    steps: int = 0
    images: int = 0
    seconds: float = 0.0
    start: float = 0.0
    start_step: int = 0
    unspent: float = 0.0
    over: bool = False
    before: float = 0.0


class Course:
    """Steps, patches and seconds so far, and what they mean for the budget.

    epoch: how many patches make one pass over the training images.
    """

    def __init__(self, stages: Sequence[Stage], budget: Budget, epoch: int) -> None:
        self._stages = stages
        self._budget = budget
        self._epoch = epoch
        self._ends = boundaries(stages, budget.amount)
        self.counts = _Counts()

    @property
    def stage(self) -> Stage | None:
        """The stage that the training is in; None when it is over."""
        return self._stages[self.counts.index] if self.counts.index < len(self._stages) else None

    @property
    def is_in_last_stage(self) -> bool:
        """Whether no stage comes after the current one."""
        return self.counts.index == len(self._stages) - 1

    @property
    def stage_steps(self) -> int:
        """Steps done in the current stage."""
        return self.counts.steps - self.counts.start_step

    @property
    def _spent(self) -> float:
        match self._budget.unit:
            case "steps":
                return self.counts.steps
            case "seconds":
                return self.counts.seconds
            case "images":
                return self.counts.images
            case "epochs":
                return self.counts.images / self._epoch

    @property
    def _end(self) -> float:
        return round(self._ends[self.counts.index] - self.counts.unspent, 9)

    def done(self) -> float:
        """The current stage's progress in [0, 1]; 1 exactly when its share is used up, or it has ended early."""
        if self.counts.over:
            return 1.0
        length = self._end - self.counts.start
        return min(1.0, (self._spent - self.counts.start) / length) if length > 0 else 1.0

    def all_done(self) -> float:
        """The training's progress in [0, 1]; what stages that ended early left counts as done.

        Of one that goes on from an earlier training, the progress of what it does itself.
        """
        begun, left = self.counts.before, self._budget.amount - self.counts.before
        return min(1.0, (self._spent + self.counts.unspent - begun) / left) if left > 0 else 1.0

    def stepped(self) -> None:
        """Count one step of the current stage."""
        stage = self._stages[self.counts.index]
        self.counts.steps += 1
        self.counts.images += stage.batch_size * stage.accumulate

    def end_early(self) -> None:
        """The current stage is over, whatever is left of its share."""
        self.counts.over = True

    def next_stage(self) -> None:
        """The current stage ends here; what is left of its share is not spent, so that later stages keep theirs."""
        counts = self.counts
        counts.unspent += max(0.0, self._end - self._spent)
        counts.index, counts.over = counts.index + 1, False
        counts.start, counts.start_step = self._spent, counts.steps

    def state(self) -> dict[str, Any]:
        """Everything, for `restore`."""
        return dict(vars(self.counts))

    def go_on(self) -> None:
        """The last stage of an earlier training, which is restored, goes on to the end of this budget."""
        self.counts.over, self.counts.before = False, self._spent + self.counts.unspent

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from there."""
        self.counts = _Counts(**state)
