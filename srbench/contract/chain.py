"""Degradations one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from srbench.contract.degradation import Degradation

if TYPE_CHECKING:
    import numpy as np

    from srbench.pictures import Image, Scale, Values


@dataclass(frozen=True)
class Chain(Degradation):
    """Degradations one after the other; the first makes LR of HR, each of the others its LR of that, at scale 1.

    Every step gives a picture of HR's type: rounded, where that is a type of integers, and clipped. All draw from the
    same `rng`, in turn. Steps have names, versions and parameters; the chain itself has none of its own.

    steps: two or more, none of them a chain.
    """

    name: ClassVar[str] = "chain"
    steps: tuple[Degradation, ...]

    def lr(self, hr: Image, values: Values, scale: Scale, rng: np.random.Generator) -> Image:
        """What the last step makes."""
        first, *others = self.steps
        lr = first.lr(hr, values, scale, rng)
        for step in others:
            lr = step.lr(lr, values, 1, rng)
        return lr

    @property
    def draws(self) -> bool:
        """Whether one of the steps does."""
        return any(step.draws for step in self.steps)

    def facts(self) -> dict[str, Any]:
        """The identity of each step."""
        return {"steps": [step.identity() for step in self.steps]}

    def __str__(self) -> str:
        """The steps: `gaussian-blur(sigma=1.2) + jpeg(quality=60)`."""
        return " + ".join(map(str, self.steps))


def steps_of(degradation: Degradation) -> tuple[Degradation, ...]:
    """The steps of a chain; what is none is its own only step."""
    return degradation.steps if isinstance(degradation, Chain) else (degradation,)


def in_turn(steps: Sequence[Degradation]) -> Degradation:
    """These degradations one after the other, one alone as it is."""
    return steps[0] if len(steps) == 1 else Chain(tuple(steps))
