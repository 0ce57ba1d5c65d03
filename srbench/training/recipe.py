"""How a method learns, as a matrix asks for it, in place of what the method says itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from srbench.contract.generator import Generator
from srbench.contract.method import Method
from srbench.errors import ParameterError, SrbenchError
from srbench.registry.choices import chosen
from srbench.registry.type_words import Choices
from srbench.training.data.augment import AUGMENTATIONS, CutBlur, MixUp, Noise, in_turn, orientations
from srbench.training.data.pairs import TrainingDataError
from srbench.training.loop.schedules import SCHEDULES
from srbench.training.loop.stages import Stage
from srbench.types import Count, ProperFraction

if TYPE_CHECKING:
    from srbench.training.data.heldout import HeldOut

Named = str | dict[str, dict[str, Any]]
NamedSchedule = Annotated[Named, Choices(SCHEDULES)]
NamedAugmentation = Annotated[Named, Choices(AUGMENTATIONS)]


def schedule_named(asked: NamedSchedule) -> Any:
    """The schedule of a name, alone or with its parameters, made. Raises `ParameterError`."""
    return chosen("schedule", asked, SCHEDULES)


@dataclass(frozen=True)
class Recipe:
    """How it learns, in place of what the method says itself.

    Parameters of every method that derives from `TorchMethod`, which hold for each of its stages; None leaves what the
    method has. schedule: of the learning rate. warm_up: the share of a stage in which the rate rises. early_stopping:
    validations in a row without a better score after which a stage ends, handing on its best weights. augment: what
    patches are learned from, besides the images as they are.
    """

    schedule: NamedSchedule | None = None
    warm_up: ProperFraction | None = None
    early_stopping: Count | None = None
    augment: tuple[NamedAugmentation, ...] | None = None

    def __post_init__(self) -> None:
        names = [name if isinstance(name, str) else next(iter(name), "") for name in self.augment or ()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ParameterError("augment", f"augment: {', '.join(twice)} is there twice")
        _ = self.course, self.augmentations  # what is wrong with them is told now

    @cached_property
    def course(self) -> Any:
        """The schedule, made; None where the method's own counts."""
        return None if self.schedule is None else schedule_named(self.schedule)

    @cached_property
    def augmentations(self) -> tuple[Any, ...]:
        """The augmentations, made, in the order in which they are applied."""
        return tuple(chosen("augment", one, AUGMENTATIONS) for one in self.augment or ())

    def check(self, method: Method) -> None:
        """Raise `ParameterError` for an augmentation that the method has no use for."""
        for one in self.augmentations:
            if isinstance(one, CutBlur) and not getattr(method, "takes_enlarged", False):
                raise ParameterError(
                    "augment",
                    "augment: cutblur puts pixels of HR into LR, and is for methods that take LR in HR's size, such as "
                    "srcnn; this one takes it in its own",
                )
            if isinstance(one, Noise | MixUp) and isinstance(method, Generator):
                what = "noise is of LR" if isinstance(one, Noise) else "mixup learns blends of two images"
                raise ParameterError("augment", f"augment: {what}, and a generator makes neither; leave it out")

    def turns(self, own: tuple[int, ...]) -> tuple[int, ...]:
        """The orientations to learn from. own: the method's."""
        return own if self.augment is None else orientations(self.augmentations)

    def applied(self, stages: Sequence[Stage]) -> list[Stage]:
        """The stages as they are to be. Raises `SrbenchError` for one that is to stop by validations and has none."""
        return list(map(self._applied, stages))

    def _applied(self, stage: Stage) -> Stage:
        changes: dict[str, Any] = {}
        if self.course is not None:
            changes["schedule"] = self.course
        if self.warm_up is not None:
            changes["warm_up"] = self.warm_up
        if self.early_stopping is not None:
            changes |= {"patience": self.early_stopping, "keep": "best"}
        if self.augment is not None:
            changes["augment"] = in_turn(self.augmentations)
        if stage.validate is None and self.validates:
            raise SrbenchError(f"{self.validates}: stage {stage.name!r} of this method is not validated; leave it out")
        return replace(stage, **changes)

    @property
    def validates(self) -> str:
        """What of it hangs on validations, by its names; empty where nothing does."""
        asked = {"early_stopping": self.early_stopping is not None, "schedule: plateau": self._plateau}
        return " and ".join(name for name, is_there in asked.items() if is_there)

    @property
    def _plateau(self) -> bool:
        return isinstance(self.course, SCHEDULES["plateau"])

    def check_held_out(self, stages: Sequence[Stage], held: HeldOut | None) -> None:
        """Raise `TrainingDataError` where there is nothing to validate on, and something asked for hangs on that."""
        for stage in stages if self.validates else ():
            if held is None or not held.count(stage.label):
                of = "" if stage.label is None else f" of the class {stage.label!r}"
                raise TrainingDataError(
                    f"{self.validates}: no training image{of} can be held out to validate on, for which "
                    "there have to be 5 or more, in several groups; train on more images, or leave it out"
                )
