"""Budgets of a matrix file: every unit, earlier ones that are gone on from, and what is wrong, where it stands."""

from __future__ import annotations

import pytest

from srbench.contract.fit import Budget
from srbench.matrix.budgets import UNITS, read_budget
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import Mistake
from srbench.matrix.yaml_nodes import read_nodes


def read(text: str) -> tuple[Budget | None, list[Mistake]]:
    node, problems = read_nodes(text)
    assert node is not None
    return read_budget(node, Fields(problems)), problems


@pytest.mark.parametrize("unit", UNITS)
def test_a_training_goes_on_in_every_unit(unit: str) -> None:
    assert read(f"{{{unit}: 3}}") == (Budget(unit, 3.0), [])  # type: ignore[arg-type]
    further = Budget(unit, 3.0, Budget(unit, 2.0))  # type: ignore[arg-type]
    assert read(f"{{{unit}: 3, from: {{{unit}: 2}}}}") == (further, [])
    assert read(f"{{from: {{{unit}: 2}}, {unit}: 3}}") == (further, [])


def test_what_stood_there_goes_under_from_whatever_it_was() -> None:
    found, problems = read("{steps: 4e4, from: {steps: 20000, from: {steps: 10000}}}")
    assert found == Budget("steps", 40000, Budget("steps", 20000, Budget("steps", 10000))) and not problems
    assert str(found) == "40,000 steps, gone on from 20,000 steps, gone on from 10,000 steps"
    assert found.own == 20000


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("20000", 1, "expected one of steps, seconds, epochs, images, such as {steps: 20000}: a mapping"),
        ("{step: 3}", 2, "unknown key 'step'. Did you mean 'steps'?"),
        ("{steps: 3, form: {steps: 2}}", 12, "unknown key 'form'. Did you mean 'from'?"),
        ("{steps: 3, from: {steps: 2, on: [a]}}", 29, "unknown key 'on'."),
        ("{steps: 3, seconds: 4}", 12, "a budget has one unit; here are steps and seconds"),
        (
            "{steps: 3, from: 2}",
            18,
            "expected one of steps, seconds, epochs, images, such as {steps: 20000}: a mapping",
        ),
        ("{steps: 3, from: {}}", 18, "found an empty mapping"),
        ("{from: {steps: 2}}", 1, "a budget that goes on `from` another has an amount of its own, such as {steps: 400"),
        ("{steps: 3, from: {seconds: 2}}", 18, "a budget in steps goes on from one in steps, not in seconds"),
        ("{steps: 3, from: {steps: 3}}", 18, "more than the 3 steps that it goes on from, not 3;"),
        ("{steps: 3, from: {steps: 5}}", 18, "all that a training gets, its earlier part included: more than the 5"),
        ("{steps: 3, from: {steps: 0}}", 26, "budget in steps: expected a whole number from 1 up, found the number 0"),
        ("{epochs: 3, from: {epochs: 2.5, from: {epochs: 2.5}}}", 39, "more than the 2.5 epochs"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(text: str, column: int, message: str) -> None:
    _, problems = read(text)
    (problem,) = problems
    assert (problem.line, problem.column) == (1, column) and message in problem.message
