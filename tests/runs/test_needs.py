"""What metrics need beyond SR and HR: extractors, labels, masks, the SR of the training split."""

from __future__ import annotations

import csv
import json
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rig import Bench, untouched

import srbench
from srbench.contract.entry import Entry
from srbench.matrix import MatrixError, read_matrix
from srbench.registry import builtin
from srbench.registry.registry import Plugin, Registry
from srbench.runner.supervision.supervisor import MOST_REPEATS

LEARNER = {"srcnn": {"preset": "small"}}
TRAIN = {"on": ["same"], "budget": {"steps": 3}}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).with_measures()


def _stamps(bench: Bench, pattern: str) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (bench.folder / "results/toy").glob(pattern)}


def _metrics(bench: Bench, label: str) -> dict[str, Any]:
    metrics: dict[str, Any] = bench.records()[label]["metrics"]
    return metrics


def test_an_extractor_is_trained_once_for_all_cells_and_metrics_of_a_dataset(bench: Bench) -> None:
    marked = [{"use": "toy-marked", "as": "a"}, {"use": "toy-marked", "as": "b", "size": 60}]
    settings = {"datasets": marked, "methods": ["toy-nearest", "bicubic"], "protocols": ["x4-rgb", "x2-y"]}
    bench.matrix(**settings, metrics=["toy-distance", "toy-spread", "psnr"])
    plan = bench.srbench("plan", "matrix.yaml").stdout
    assert plan.count("training extractor toy-brightness on") == 2
    result = bench.run("--jobs", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    assert bench.events().count("fit for 5 epochs, seed 0") == 2
    assert bench.events().count("loaded") == 8, "one extractor a job, shared by its metrics"
    assert "training extractor toy-brightness on a" in result.stdout
    extractors = bench.records("extractors")
    assert set(extractors) == {"a/toy-brightness", "b/toy-brightness"}
    record = extractors["a/toy-brightness"]
    assert record["status"] == "ok"
    assert record["facts"] == {"accuracy": 1.0}
    threshold = json.loads((record["path"].parent / "threshold.json").read_text())

    metrics = _metrics(bench, "a/x4-rgb/toy-nearest")
    assert metrics["toy-distance"]["details"] == {"n": 4, "d": 2, "further": {"threshold": threshold}}
    (said,) = metrics["toy-spread"]["notes"]
    assert "toy-brightness was trained on the training split of a" in said
    assert "accuracy 1" in said
    assert metrics["psnr"]["notes"] == []
    rows = pd.read_parquet(bench.records()["a/x4-rgb/toy-nearest"]["path"].parent / "scores.parquet")
    (row,) = rows[rows["metric"] == metrics["toy-distance"]["key"]].itertuples()
    assert pd.isna(row.image)
    assert row.value == metrics["toy-distance"]["value"]
    shown = bench.srbench("show", "a/x4-rgb/toy-nearest", "--store", "results/toy").stdout
    assert "metric.toy-distance.n" in shown
    assert "accuracy 1" in shown

    before = bench.records() | extractors
    assert bench.run().returncode == 0
    assert untouched(before, bench.records() | bench.records("extractors"))
    assert "training extractor" not in bench.srbench("plan", "matrix.yaml").stdout

    # Another training of the extractor is another metric.
    bench.matrix(**settings, metrics=[{"toy-distance": {"epochs": 6}}, "toy-spread", "psnr"])
    plan = bench.srbench("plan", "matrix.yaml").stdout
    assert plan.count("to be scored: toy-distance") == 8
    assert plan.count("training extractor") == 2


def test_what_a_dataset_lacks_skips_the_metric_before_anything_runs(bench: Bench) -> None:
    bench.matrix(
        datasets=[
            {"use": "toy-marked", "as": "full"},
            {"use": "toy-marked", "as": "some", "bare": 1},
            "toy-noise",
            {"use": "toy-marked", "as": "leaky", "size": 60, "train_size": 60, "leaks": True},
        ],
        metrics=[
            *("toy-classes", "toy-cover", "toy-distance", "toy-nearness", "psnr"),
            {"use": "psnr", "as": "psnr-mask", "region": "mask"},
            {"use": "psnr", "as": "psnr-outside", "region": "outside"},
        ],
        methods=["toy-nearest"],
    )
    assert bench.run().returncode == 0
    full = _metrics(bench, "full/x4-rgb/toy-nearest")
    assert {name: result["value"] for name, result in full.items() if name in ("toy-classes", "toy-cover")} == {
        "toy-classes": 2.0,
        "toy-cover": 0.5,
    }
    for dataset, reason in (("some", "1 of 4 test images of some have none"), ("toy-noise", "toy-noise has none")):
        metrics = _metrics(bench, f"{dataset}/x4-rgb/toy-nearest")
        assert metrics.pop("psnr")["status"] == "ok"
        masked = (("toy-cover", "masks"), ("psnr-mask", "masks"), ("psnr-outside", "masks"))
        for name, what in (("toy-classes", "labels"), *masked, ("toy-nearness", "labels")):
            assert metrics[name]["status"] == "skipped"
            assert metrics[name]["reason"] == f"needs {what}; {reason}"
        assert metrics["toy-distance"]["status"] == "skipped"
        assert "needs labels" in metrics["toy-distance"]["reason"]
    leaky = _metrics(bench, "leaky/x4-rgb/toy-nearest")
    assert leaky["toy-classes"]["value"] == 2.0
    for name in ("toy-distance", "toy-nearness"):
        assert leaky[name]["status"] == "skipped"
        assert "4 of 4 test images are in the training split" in leaky[name]["reason"]
    assert set(bench.records("extractors")) == {"full/toy-brightness"}
    assert len(list(bench.folder.glob("results/toy/cells/*/*/images_train"))) == 1


def test_a_region_is_scored_beside_the_whole_and_can_rank(bench: Bench) -> None:
    regions = [{"use": "rmse", "as": f"rmse-{region}", "region": region} for region in ("mask", "outside")]
    bench.matrix(datasets=["toy-marked"], methods=["toy-nearest"], metrics=["rmse", *regions], rank_by="rmse-mask")
    assert bench.run().returncode == 0
    record = bench.records()["toy-marked/x4-rgb/toy-nearest"]
    scores = pd.read_parquet(record["path"].parent / "scores.parquet").set_index(["metric", "image"])["value"]
    whole, mask, outside = (
        scores[record["metrics"][name]["key"]] ** 2 for name in ("rmse", "rmse-mask", "rmse-outside")
    )
    # The mask is the left half of each picture, its border left out on both sides.
    assert len(whole) == 4
    assert np.allclose(whole, (mask + outside) / 2, rtol=1e-9)
    assert not np.allclose(mask, outside, rtol=1e-3)


def test_a_metric_added_later_upscales_only_what_it_needs_and_trains_nothing(bench: Bench) -> None:
    settings = {
        "datasets": ["toy-marked", {"use": "toy-marked", "as": "small", "size": 60, "train_size": 24}],
        "methods": [LEARNER, "toy-large"],
        "train": TRAIN,
    }
    bench.matrix(**settings)
    assert bench.run().returncode == 0
    images, models = _stamps(bench, "cells/*/*/images/*"), bench.records("models")
    upscaled = len(bench.events())
    assert len(images) == 16
    bench.matrix(**settings, metrics=["psnr", "toy-nearness"])
    result = bench.run()
    assert result.returncode == 0, result.stdout
    assert _stamps(bench, "cells/*/*/images/*") == images
    assert untouched(models, bench.records("models"))
    assert "training srcnn" not in result.stdout
    records = bench.records()
    for label, record in records.items():
        nearness = record["metrics"]["toy-nearness"]
        if label == "small/x4-rgb/toy-large":
            assert nearness["status"] == "skipped"
            assert nearness["reason"] == "toy-large cannot upscale the training split: only from 12 x 12 on"
            assert not record["training_images"]
            continue
        assert nearness["value"] == 1.0
        assert len(record["training_images"]) == nearness["details"]["further"]["trained on"] == 4
        assert nearness["details"]["further"]["error"] > 0, "the training split's images are SR, not HR"
        made = {path.name for path in (record["path"].parent / "images_train").iterdir()}
        assert made == set(record["training_images"].values())
    assert len(bench.events()) == upscaled + 5, "a warm-up, and the four images of one training split"

    # The same metric under another name is there already.
    everything = _stamps(bench, "cells/*/*/*"), _stamps(bench, "cells/*/*/images_train/*")
    bench.matrix(**settings, metrics=["psnr", {"use": "toy-nearness", "as": "again"}])
    assert bench.run().returncode == 0
    assert (_stamps(bench, "cells/*/*/*"), _stamps(bench, "cells/*/*/images_train/*")) == everything
    rows = [line.split(",") for line in bench.srbench("export", "matrix.yaml", "--to", "csv").stdout.splitlines()]
    assert {row[7] for row in rows if row[1] == "toy-marked" and row[6] == "again"} == {"1.0"}


def test_a_failure_stays_with_the_metric_that_it_belongs_to(bench: Bench) -> None:
    failing = [{"toy-distance": {"fault": "raises"}}, "toy-unsure"]
    bench.matrix(datasets=["toy-marked"], methods=["toy-nearest"], metrics=[*failing, "psnr", "toy-spread"])
    result = bench.run()
    assert result.returncode == 1
    record = bench.records()["toy-marked/x4-rgb/toy-nearest"]
    assert record["status"] == "ok"
    metrics = record["metrics"]
    assert metrics["toy-distance"]["status"] == "failed"
    assert (
        "training extractor toy-brightness on toy-marked: RuntimeError: cannot learn"
        in (metrics["toy-distance"]["reason"])
    )
    assert metrics["toy-unsure"]["reason"] == "RuntimeError: no idea"
    assert (metrics["psnr"]["status"], metrics["toy-spread"]["status"]) == ("ok", "ok")
    assert "cannot learn" in result.stdout

    before = bench.records()
    assert bench.run().returncode == 1
    assert untouched(before, bench.records())
    fits = bench.events().count("fit for 5 epochs, seed 0")
    images = _stamps(bench, "cells/*/*/images/*")
    assert bench.run("--retry", "failed").returncode == 1
    assert bench.events().count("fit for 5 epochs, seed 0") == fits + 1
    assert _stamps(bench, "cells/*/*/images/*") == images
    after = bench.records()["toy-marked/x4-rgb/toy-nearest"]["metrics"]
    assert after["toy-spread"] == metrics["toy-spread"]


def test_equal_cells_whose_metrics_look_at_other_training_splits_each_have_their_own(bench: Bench) -> None:
    twins = [{"use": "toy-marked", "as": "a"}, {"use": "toy-marked", "as": "b", "train_size": 60}]
    metrics = ["toy-distance", {"use": "toy-nearness", "as": "cas"}, "psnr"]
    bench.matrix(datasets=twins, metrics=metrics)
    assert bench.run().returncode == 0
    assert len(list(bench.folder.glob("results/toy/cells/??/*/record.json"))) == 1
    assert "2 cells: 2 done" in bench.srbench("plan", "matrix.yaml").stdout
    together = _exported(bench)
    for twin in twins:
        bench.matrix(name=f"only-{twin['as']}", datasets=[twin], metrics=metrics)
        assert bench.run().returncode == 0
        alone = _exported(bench)
        assert len(alone) == 3 and alone.items() <= together.items()


def _exported(bench: Bench) -> dict[tuple[str, str], str]:
    lines = bench.srbench("export", "matrix.yaml").stdout.splitlines()
    rows = csv.DictReader(lines)
    return {(row["dataset"], row["metric"]): row["value"] for row in rows}


def test_a_killed_training_of_an_extractor_is_repeated_in_the_run_and_by_the_next_one(bench: Bench) -> None:
    bench.matrix(datasets=["toy-marked"], metrics=["psnr", {"toy-distance": {"fault": "dies"}}])
    assert bench.run().returncode == 1
    assert sum(event.startswith("fit") for event in bench.events()) == MOST_REPEATS + 1
    killed = _metrics(bench, "toy-noise/x4-rgb/toy-nearest".replace("noise", "marked"))
    assert killed["toy-distance"]["status"] == "failed"
    assert "SIGKILL" in killed["toy-distance"]["reason"]
    assert killed["psnr"]["status"] == "ok"
    images = _stamps(bench, "cells/*/*/images/*")
    (bench.folder / "cured").touch()
    assert bench.run().returncode == 0
    assert _metrics(bench, "toy-marked/x4-rgb/toy-nearest")["toy-distance"]["status"] == "ok"
    assert _stamps(bench, "cells/*/*/images/*") == images


def test_an_interrupted_training_of_an_extractor_goes_on_where_it_was(bench: Bench) -> None:
    bench.matrix(datasets=["toy-marked"], metrics=[{"toy-distance": {"fault": "waits"}}])
    process = bench.fork("run", "matrix.yaml", "--no-report")
    until = time.monotonic() + 60
    while not bench.events():
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not bench.left()
    assert not bench.records("extractors")
    assert bench.run().returncode == 0
    assert "goes on from half" in bench.events()
    assert not list(bench.folder.glob("results/toy/extractors/*/*/checkpoint"))


def test_an_extractor_that_was_changed_after_its_training_is_trained_anew(bench: Bench) -> None:
    bench.matrix(datasets=["toy-marked"], metrics=["toy-distance"])
    assert bench.run().returncode == 0
    (extractor,) = bench.records("extractors").values()
    threshold = extractor["path"].parent / "threshold.json"
    true = threshold.read_text()
    threshold.write_text("0.9")
    assert bench.srbench("verify", "matrix.yaml").returncode == 1
    bench.matrix(datasets=["toy-marked"], metrics=["toy-distance", "toy-spread"])
    assert bench.run().returncode == 0
    assert threshold.read_text() == true
    metrics = _metrics(bench, "toy-marked/x4-rgb/toy-nearest")
    assert metrics["toy-spread"]["details"]["further"]["threshold"] == json.loads(true)


def test_missing_weights_skip_the_metric_until_they_are_there(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(bench.folder / "data"))
    bench.matrix(metrics=["psnr", {"toy-distance": {"extractor": "toy-published"}}])
    assert bench.run().returncode == 0
    skipped = _metrics(bench, "toy-noise/x4-rgb/toy-nearest")["toy-distance"]
    assert skipped["status"] == "skipped"
    assert "srbench fetch toy-weights" in skipped["reason"]
    before = bench.records()
    assert bench.run().returncode == 0
    assert untouched(before, bench.records())
    weights = bench.folder / "data/weights/toy.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"damaged")
    assert bench.run().returncode == 1
    damaged = _metrics(bench, "toy-noise/x4-rgb/toy-nearest")["toy-distance"]
    assert damaged["status"] == "failed"
    assert "sha256" in damaged["reason"]
    weights.write_bytes(b"weights")
    assert bench.run("--retry", "failed").returncode == 0
    assert _metrics(bench, "toy-noise/x4-rgb/toy-nearest")["toy-distance"]["value"] >= 0


def _registry() -> Registry:
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1] / "rig"))
    import srbench_measures

    registry = Registry()
    registry.add(Plugin("measures", "srbench-measures", "1.0", "srbench_measures"), srbench_measures)

    class Offers:
        @staticmethod
        @srbench.hookimpl
        def srbench_protocols() -> list[Entry]:
            return [Entry("x2-rgb", srbench.Protocol("x2-rgb", 2))]

        srbench_degradations = builtin.srbench_degradations
        srbench_tasks = builtin.srbench_tasks

    registry.add(Plugin("more", "srbench-more", "1.0", "more"), Offers)
    assert not registry.broken
    return registry


def _read(tmp_path: Path, metrics: str) -> Any:
    (tmp_path / "matrix.yaml").write_text(
        f"name: m\ndatasets: [toy-marked]\nprotocols: [x2-rgb]\nmethods: [toy-large]\nmetrics:\n{metrics}"
    )
    return read_matrix(tmp_path, _registry())


def test_an_extractor_of_a_family_is_an_entry_and_a_model(tmp_path: Path) -> None:
    matrix = _read(tmp_path, "  - toy-distance: {extractor: 'toy-channel:blue'}\n  - toy-classes\n")
    blue = matrix.metrics[0].extractor
    assert (blue.registered.entry.name, blue.params) == ("toy-channel", {"model": "blue"})
    assert blue.create().index == -1
    assert matrix.metrics[1].extractor is None


@pytest.mark.parametrize(
    ("extractor", "words"),
    [
        ("toy-brightnes", "unknown extractor 'toy-brightnes'. Did you mean 'toy-brightness'?"),
        ("'toy-channel:bleu'", "unknown value 'bleu'"),
        ("toy-channel", "parameter 'model' is missing"),
        ("'toy-brightness:red'", "unknown parameter 'model'"),
    ],
)
def test_a_wrong_extractor_is_an_error_where_the_file_names_it(tmp_path: Path, extractor: str, words: str) -> None:
    with pytest.raises(MatrixError) as caught:
        _read(tmp_path, f"  - toy-classes\n  - toy-distance: {{extractor: {extractor}}}\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (7, 31)
    assert words in problem.message


def test_parameters_of_the_extractor_that_do_not_fit_are_an_error_at_the_metric(tmp_path: Path) -> None:
    with pytest.raises(MatrixError) as caught:
        _read(tmp_path, "  - toy-distance: {fault: sleepy}\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (6, 5)
    assert "unknown value 'sleepy'" in problem.message


def test_a_mask_is_one_channel_of_classes() -> None:
    picture = np.zeros((4, 4, 1), np.uint8)
    assert srbench.Item("a", picture).read_mask() is None
    mask = srbench.Item("a", picture, mask=picture + 3).read_mask()
    assert mask is not None
    assert mask.max() == 3
    with pytest.raises(srbench.ImageError, match="3 channels; it should have one"):
        srbench.Item("a", picture, mask=np.zeros((4, 4, 3), np.uint8)).read_mask()
