"""What is told of cells and trainings: parameters, scores, cost, words, curves."""

from __future__ import annotations

import pytest
from srbench_trackers import tracked as home
from srbench_trackers.tracked import Point, needs, tracked_cell, tracked_training

import srbench
from srbench.registry.registry import registry


def test_of_a_cell_its_parameters_scores_cost_and_words(cell: srbench.Record) -> None:
    told = tracked_cell(cell)
    assert (told.kind, told.name, told.ok, told.points) == ("cell", "set5/x4-y/srcnn/t91/1", True, ())
    assert told.parameters == {
        "dataset": "set5",
        "protocol": "x4-y",
        "method": "srcnn",
        "trained_on": "t91",
        "seed": 1,
        "kernels": "[9, 5, 5]",
        "rate": 0.5,
        "blur": False,
        "inner.width": 8,
    }
    assert told.values == {"psnr": 30.5, "cost/train_seconds": 20.0, "cost/seconds": 2.5}
    assert told.words == {"status": "ok", "key": "ab" * 32, "model": "cd" * 32, "device": "A CPU"}
    assert (told.begun, told.seconds) == (1767225600.0, 2.5)  # `date -d 2026-01-01T00:00:00Z +%s`


def test_of_a_cell_that_failed_the_reason(failed: srbench.Record) -> None:
    told = tracked_cell(failed)
    assert not told.ok and told.words["status"] == "timeout" and told.words["reason"] == "took too long"
    assert told.parameters == {"dataset": "set5", "method": "bicubic"} and told.values == {"cost/seconds": 0.0}


def test_of_a_training_its_budget_facts_and_curves(
    training: srbench.Record, history: list[dict[str, float | str]]
) -> None:
    told = tracked_training(training, history)
    assert (told.kind, told.name) == ("training", "training t91/x4/srcnn/1")
    assert told.parameters["budget.steps"] == 30 and told.values["accuracy"] == 0.75
    assert told.points == (
        *(Point("warm", 1, "seconds", 0.1), Point("warm", 1, "mse", 0.5)),
        *(Point("warm", 9, "seconds", 0.9), Point("warm", 9, "mse", 0.25)),
        *(Point("main", 4, "seconds", 1.5), Point("main", 4, "l1 (y)", 0.125)),
    )
    assert {point.curve for point in told.points} == {"warm/seconds", "warm/mse", "main/seconds", "main/l1 (y)"}


def test_of_a_training_that_went_on_what_the_earlier_one_had(training: srbench.Record) -> None:
    training.ingredients["from"] = {"model": "ef" * 32, "budget": {"steps": 10}}
    budgets = {name: value for name, value in tracked_training(training, []).parameters.items() if "budget" in name}
    assert budgets == {"budget.steps": 30, "budget.from.steps": 10}


def test_what_is_not_installed_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "find_spec", lambda name: None)
    for name in registry().names("tracker"):
        kind = registry().get("tracker", name).load()
        if kind.__module__.startswith("srbench_trackers."):
            with pytest.raises(srbench.SrbenchError, match=rf"{name} is not installed; .*srbench-trackers\[{name}\]"):
                kind()
    monkeypatch.undo()
    needs("json")
