"""Shared parameters: on the instance as an object, whatever its `__init__` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

import srbench
from srbench.registry.parameters import resolve
from srbench.registry.shared import create, sampling


@dataclass(frozen=True)
class Course:
    sampling: ClassVar = frozenset({"tiles"})
    patience: int | None = None
    tiles: int = 1


@dataclass(frozen=True)
class Look:
    sampling: ClassVar = frozenset({"flips", "strength"})
    flips: int = 1
    strength: float = 0.0


class Family(srbench.Method):
    shared: ClassVar = {"course": Course, "look": Look}
    sampling: ClassVar = frozenset({"seed"})

    def __init__(self, strength: float = 1.0, seed: int = 0) -> None:
        self.strength = strength

    def upscale(self, lr: Any, scale: Any) -> Any:
        return lr


class Alone(Family):
    shared: ClassVar = {}


@pytest.mark.parametrize(
    ("given", "course", "look"),
    [
        ({}, Course(), Look()),
        ({"patience": 3}, Course(3), Look()),
        ({"tiles": 4, "flips": 8, "strength": 0.5}, Course(tiles=4), Look(8)),
    ],
)
def test_they_are_objects_on_the_instance(given: dict[str, Any], course: Course, look: Look) -> None:
    made = create(Family, resolve(Family, given))
    assert (made.course, made.look) == (course, look)
    assert made.strength == given.get("strength", 1.0)


def test_a_class_without_them_is_made_as_ever() -> None:
    made = create(Alone, resolve(Alone, {"strength": 2}))
    assert made.strength == 2.0 and not hasattr(made, "course")


def test_which_of_them_training_pays_no_heed_to_says_their_class() -> None:
    """`strength` is the method's own, and that is not among what it says of itself."""
    assert sampling(Family, resolve(Family, {})) == {"seed", "tiles", "flips"}
    assert sampling(Alone, resolve(Alone, {})) == {"seed"}
