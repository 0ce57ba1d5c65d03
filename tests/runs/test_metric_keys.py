"""Results are kept by the metric's key: matrices that name metrics alike share a store and keep their numbers apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bench_in_process import perform
from click.testing import CliRunner

import srbench
from srbench.cli import cli
from srbench.leaderboard.board.description import describe
from srbench.leaderboard.pages.document import results_in
from srbench.matrix import Matrix, read_matrix
from srbench.pictures import read_image, write_image
from srbench.runner.job.tasks import Job
from srbench.runner.planning.plan import make_plan
from srbench.runner.planning.planned import Plan
from srbench.runner.supervision.display import summary
from srbench.store.frames import cells_frame, images_frame
from srbench.store.record import SCORES, MetricResult, Record
from srbench.store.records import Store

MAE: dict[str, Any] = {"use": "mae", "as": "q"}
RMSE: dict[str, Any] = {"use": "rmse", "as": "q"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Of a dataset with two small pictures."""
    random = np.random.default_rng(0)
    (tmp_path / "data/test").mkdir(parents=True)
    for name in ("a", "b"):
        write_image(tmp_path / "data/test" / f"{name}.png", random.integers(0, 256, (32, 32, 3), np.uint8))
    return Store(tmp_path / "store")


def matrix(store: Store, name: str, *metrics: Any) -> Matrix:
    path = store.root.parent / f"{name}.yaml"
    content = {
        "name": name,
        "datasets": [{"use": "folder", "as": "data", "path": str(store.root.parent / "data")}],
        "protocols": ["x2-rgb"],
        "methods": ["bicubic"],
        "metrics": list(metrics),
    }
    path.write_text(json.dumps(content))
    return read_matrix(path)


def run(asked: Matrix, store: Store) -> list[str]:
    """Do what is to be done, in this process; the names of the metrics that were computed."""
    (planned,) = make_plan(asked, store).cells
    perform(Job(planned.evaluation(), store.root, store.root))
    return [scoring.metric.name for scoring in planned.metrics]


def truth(store: Store) -> dict[str, dict[str, float]]:
    """MAE and RMSE of each picture, by numpy alone."""
    (images,) = store.root.glob("cells/??/*/images")
    found: dict[str, dict[str, float]] = {"mae": {}, "rmse": {}}
    for path in sorted(images.iterdir()):
        hr = read_image(store.root.parent / "data/test" / path.name) / 255
        error = read_image(path) / 255 - hr
        found["mae"][path.stem] = float(np.abs(error[2:-2, 2:-2]).mean())
        found["rmse"][path.stem] = float(np.sqrt((error[2:-2, 2:-2] ** 2).mean()))
    return found


def shown(plan: Plan, store: Store) -> list[dict[str, float]]:
    """The score of `q` of each picture, as export and as pages read it, and its mean as export and a line say it."""
    (planned,) = plan.cells
    pairs = [(planned.cell.point(), planned.record)]
    assert planned.record is not None and planned.record.metrics.keys() == {"q"}
    images = images_frame(pairs, store)
    cell = cells_frame(pairs, ["q"])["value"].item()
    assert summary(planned.record).startswith(f"q {cell:.4g}")
    paged = results_in(describe(plan), store.root).results.all[0].scores
    assert paged.keys() == {"q"}
    exported = images.set_index("image")["value"].to_dict()
    assert cell == pytest.approx(np.mean(list(exported.values())))
    return [
        {str(image): float(value) for image, value in exported.items()},
        {str(image): value for image, value in paged["q"].items()},
    ]


def test_matrices_that_name_different_metrics_alike_each_show_their_own_numbers(store: Store) -> None:
    one, other = matrix(store, "one", MAE), matrix(store, "other", RMSE)
    assert (run(one, store), run(other, store)) == (["q"], ["q"])
    for asked, name in ((one, "mae"), (other, "rmse")):
        plan = make_plan(asked, store)
        assert [planned.state for planned in plan.cells] == ["done"], "neither is scored again"
        for scores in shown(plan, store):
            assert scores == pytest.approx(truth(store)[name])


def test_a_name_given_to_another_metric_is_scored_and_the_old_result_is_there_when_it_is_given_back(
    store: Store,
) -> None:
    assert run(matrix(store, "m", MAE), store) == ["q"]
    (planned,) = make_plan(matrix(store, "m", RMSE), store).cells
    assert (planned.state, planned.why) == ("stale", "to be scored: q")
    assert planned.record is not None and not planned.record.metrics, "until then nothing stands under its name"
    assert run(matrix(store, "m", RMSE), store) == ["q"]
    assert run(matrix(store, "m", MAE), store) == []


def test_one_metric_under_two_names_is_computed_once_and_shown_under_both(store: Store) -> None:
    asked = matrix(store, "m", "mae", MAE)
    run(asked, store)
    (planned,) = make_plan(asked, store).cells
    assert planned.record is not None
    assert [result.name for result in planned.record.metrics.values()] == ["mae", "q"]
    rows = images_frame([(planned.cell.point(), planned.record)], store)
    assert rows.groupby("metric")["value"].mean().nunique() == 1 and len(rows) == 4
    stored = store.read("cells", planned.cell.key)
    assert stored is not None and len(stored.metrics) == 1


def test_a_store_read_without_a_matrix_tells_results_of_one_name_apart(store: Store) -> None:
    run(matrix(store, "one", MAE, "psnr"), store)
    run(matrix(store, "other", RMSE), store)
    frames = srbench.load(store.root)
    names = set(frames.cells["metric"])
    assert len(names) == 3 and {name.split("@")[0] for name in names} == {"psnr", "q"}
    means = frames.images.groupby("metric")["value"].mean()
    known = {name: np.mean(list(scores.values())) for name, scores in truth(store).items()}
    assert sorted(means.drop("psnr")) == pytest.approx(sorted(known.values()))
    said = CliRunner().invoke(cli, ["show", "data/x2-rgb/bicubic", "--store", str(store.root)]).output
    assert all(f"metric.{name}" in said for name in names)


def test_the_store_holds_results_and_scores_by_key(store: Store) -> None:
    run(matrix(store, "one", MAE), store)
    run(matrix(store, "other", RMSE), store)
    (record,) = store.records("cells")
    assert {result.name for result in record.metrics.values()} == {"q"}
    assert all(result.key == key for key, result in record.metrics.items())
    scores = pd.read_parquet(store.folder("cells", record.key) / SCORES)
    assert set(scores["metric"]) == set(record.metrics)


def test_a_ceiling_is_shown_by_the_same_names() -> None:
    results = {key: MetricResult(key=key, name="q", value=float(number)) for number, key in enumerate("ab")}
    record = Record(key="k", schema=2, status="ok", metrics=results, ceiling={"b": results["b"]})
    asked = record.as_asked({"p": "b"})
    assert asked.metrics["p"].value == asked.ceiling["p"].value == 1.0
    assert record.as_asked({"p": "a"}).ceiling == {}
