"""What MLflow's own client reads in a file of SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from srbench_trackers.mlflow import DEFAULT, MLflow

import srbench

Rows = list[dict[str, float | str]]
CELL = srbench.Cell("set5", "x4-y", "srcnn", "t91", 1)


class Read:
    """The runs of the experiment `m`, by name."""

    def __init__(self, uri: str) -> None:
        self.client = MlflowClient(tracking_uri=uri)
        self.experiment = self.client.get_experiment_by_name("m")
        assert self.experiment is not None
        self.all = self.client.search_runs([self.experiment.experiment_id])
        self.runs = {run.info.run_name: run for run in self.all}

    def curve(self, run: Any, name: str) -> list[tuple[int, float]]:
        return [(metric.step, metric.value) for metric in self.client.get_metric_history(run.info.run_id, name)]


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/mlflow.db"


def test_cells_and_trainings_are_runs_of_an_experiment(
    uri: str, cell: srbench.Record, failed: srbench.Record, training: srbench.Record, history: Rows
) -> None:
    tracker = MLflow(uri)
    tracker.begin("m")
    tracker.training_finished(training, history)
    for record in (cell, failed):
        tracker.cell_started(CELL)
        tracker.cell_finished(CELL, record)
    tracker.end()
    again = MLflow(uri)
    again.begin("m")
    again.cell_finished(CELL, cell)
    read = Read(uri)
    assert len(read.all) == 4 and len(read.runs) == 3  # a cell that is made again is another run

    seen = read.runs["set5/x4-y/srcnn/t91/1"]
    assert seen.info.status == "FINISHED"
    assert (seen.info.start_time, seen.info.end_time) == (1767225600000, 1767225602500)
    assert seen.data.metrics == {"psnr": 30.5, "cost/train_seconds": 20.0, "cost/seconds": 2.5}
    assert seen.data.params == {
        "dataset": "set5",
        "protocol": "x4-y",
        "method": "srcnn",
        "trained_on": "t91",
        "seed": "1",
        "kernels": "[9, 5, 5]",
        "rate": "0.5",
        "blur": "False",
        "inner.width": "8",
    }
    assert {"kind": "cell", "status": "ok", "model": "cd" * 32}.items() <= seen.data.tags.items()

    bad = read.runs["set5/bicubic"]
    assert (bad.info.status, bad.data.tags["reason"]) == ("FAILED", "took too long")

    learned = read.runs["training t91/x4/srcnn/1"]
    assert learned.data.tags["kind"] == "training" and learned.data.params["budget.steps"] == "30"
    assert read.curve(learned, "warm/mse") == [(1, 0.5), (9, 0.25)]
    assert read.curve(learned, "main/l1 _y_") == [(4, 0.125)]


def test_more_points_and_parameters_than_are_taken_at_once(uri: str, training: srbench.Record) -> None:
    training.ingredients = {"method": {"params": {f"p{number}": number for number in range(150)}}}
    tracker = MLflow(uri)
    tracker.begin("m")
    tracker.training_finished(
        training, [{"stage": "s", "step": float(step), "l1": 1 / step} for step in range(1, 1501)]
    )
    read = Read(uri)
    (run,) = read.all
    assert len(run.data.params) == 154
    assert read.curve(run, "s/l1") == [(step, 1 / step) for step in range(1, 1501)]


def test_where_things_go_is_said_by_the_matrix_or_else_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert MLflow()._uri == DEFAULT
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://example.org")
    assert (MLflow()._uri, MLflow("sqlite:///other.db")._uri) == ("https://example.org", "sqlite:///other.db")
