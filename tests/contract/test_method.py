"""A method that says nothing of itself upscales, and refuses what it was not made for by name."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import srbench
from srbench.contract.fit import Budget, FitContext
from srbench.contract.method import Problem


class Same(srbench.Method):
    def upscale(self, lr: Any, scale: int) -> Any:
        return lr


def test_its_task_is_super_resolution_of_anything() -> None:
    assert Same.tasks() == {"super-resolution"}
    assert Same().supports(Problem(16, (1, 3), ("float32",), (1, 1), (9, 9))) is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda method, folder: method.fit(None, FitContext(0, Budget("steps", 1), folder)), "Same does not learn"),
        (lambda method, folder: method.reconstruct(None), "Same has no ceiling"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(call: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=words):
        call(Same(), tmp_path)


def test_notes_are_each_instance_s_own_and_stay() -> None:
    one, other = Same(), Same()
    one.notes.append("A fall-back.")
    assert (one.notes, other.notes) == (["A fall-back."], [])


def test_what_it_learned_is_nothing(tmp_path: Path) -> None:
    method = Same()
    method.save(tmp_path)
    method.load(tmp_path)
    method.to("cpu")
    assert list(tmp_path.iterdir()) == [] and method.parameters_count() == 0


def test_one_that_upscales_nothing_cannot_be_made() -> None:
    class Nothing(srbench.Method):
        pass

    with pytest.raises(TypeError, match="upscale"):
        Nothing()  # type: ignore[abstract]


def test_only_whole_scales_are_asked_of_a_method_that_says_nothing_of_scales() -> None:
    answer = Same().supports(Problem(Fraction(10, 7), (3,), ("uint8",), (7, 7), (7, 7)))
    assert answer is not None and answer.reason == "upscales by whole numbers, not by 10/7"
