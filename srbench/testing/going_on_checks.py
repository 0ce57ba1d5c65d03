"""What a method that goes on from an earlier training must do: end where one budget at once would have ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.contract.fit import Budget, FitContext
from srbench.contract.method import Method
from srbench.store.records import LAST_CHECKPOINT
from srbench.testing.check import CheckFailure, check
from srbench.testing.subjects import MethodSubject, seeded

if TYPE_CHECKING:
    from srbench.training.data.batch import Batch
    from srbench.training.loop.stages import Stage

EARLIER, LARGER = 2, 4
"""Steps of a training, and those that another one goes on to from there."""


def _goes_on(subject: MethodSubject) -> bool:
    return bool(subject.target.learns) and bool(subject.target.goes_on)


@check("method", needs=("resumes",), applies=_goes_on)
def goes_on(subject: MethodSubject) -> None:
    """A training that goes on from an earlier one ends as one that had the larger budget from its beginning.

    Of a torch method without what hangs on how long its stages are: schedules and progress stand still, stages before
    the last end where they ended, none ends early, and the last weights are kept.
    """
    if not subject.create().goes_on:  # with these parameters it does not
        return
    folder = subject.folder()
    earlier, _ = _fitted(subject, Budget("steps", EARLIER), folder)
    if not (folder / LAST_CHECKPOINT).is_file():
        raise CheckFailure(
            f"goes_on is True, and fit left no {LAST_CHECKPOINT} in context.folder, from which another training could "
            "go on. Leave goes_on out, or train by srbench.TorchMethod"
        )
    budget = Budget("steps", LARGER, Budget("steps", EARLIER))
    further, asked = _fitted(subject, budget, subject.folder(), folder / LAST_CHECKPOINT)
    whole, at_once = _fitted(subject, Budget("steps", LARGER), subject.folder(), steps=_steps(earlier))
    if asked >= at_once:
        raise CheckFailure(
            f"fit began again from the start: {asked} steps from {EARLIER} to {LARGER}, {at_once} without an earlier "
            "training. Look for a checkpoint of its own in context.folder, and then for context.earlier"
        )
    if not subject.made(further).equal(subject.made(whole)):
        raise CheckFailure(
            f"{EARLIER} steps and {LARGER - EARLIER} more end in another model than {LARGER} at once. The last "
            "checkpoint needs the weights before any average or choice of the best, the optimiser, the order of the "
            "data and the random number generators"
        )


def _fitted(
    subject: MethodSubject, budget: Budget, folder: Path, earlier: Path | None = None, steps: Sequence[int] = ()
) -> tuple[Method, int]:
    """The method, trained, and how often it asked whether to stop. steps: of the stages before the last."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return False

    with seeded(0):
        method: Method = subject.create()
        _level(method, [*steps, budget.amount - sum(steps)] if steps else ())
        method.fit(subject.training_set(), FitContext(0, budget, folder, earlier=earlier, stop=stop))
    return method, asked


def _steps(method: Method) -> list[int]:
    """How many steps each stage before the last had of a training."""
    training: dict[str, Any] = getattr(method, "training", {})
    return [stage["steps"] for stage in training.get("stages", ())[:-1]]


def _level(method: Method, shares: Sequence[float]) -> None:
    """Let nothing in a torch method's stages hang on how long they are. shares: in place of their own, if there are."""
    from srbench.training.loop.schedules import constant
    from srbench.training.torch_method import TorchMethod

    if not isinstance(method, TorchMethod):
        return
    own = method.stages_by_recipe

    def level(*given: Any) -> list[Stage]:
        stages = own(*given)
        return [
            replace(
                stage,
                step=_half_way(stage.step),
                schedule=constant,
                warm_up=0.0,
                keep="last",
                patience=None,
                share=shares[place] if shares else stage.share,
            )
            for place, stage in enumerate(stages)
        ]

    setattr(method, "stages_by_recipe", level)  # noqa: B010  (in the place of what its class says)


def _half_way(step: Callable[[Batch], Any]) -> Callable[[Batch], Any]:
    return lambda batch: step(replace(batch, progress=0.5))
