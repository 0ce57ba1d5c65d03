"""`srbench run` as a person meets it: whatever methods do, each cell leaves a record and nothing else is left."""

from __future__ import annotations

import math
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rig import Bench, untouched, wait_for
from safetensors.numpy import load_file

import srbench

FAULTS = {
    "toy-sleeps": ("timeout", "limit of 5 s"),
    "toy-raises": ("failed", "ValueError: no such luck </script>"),
    "toy-notfinite": ("failed", "not finite"),
    "toy-wrongshape": ("failed", "shape"),
    "toy-exits": ("failed", "exit code 3"),
    "toy-dies": ("killed", "SIGKILL"),
    "toy-hogs": ("out_of_memory", "of 1 GB"),
    "toy-leaves": ("ok", ""),
    "toy-refuses": ("skipped", "only x1, not x4"),
    "toy-puzzled": ("failed", "KeyError: 4"),
    "toy-unmade": ("failed", "ValueError: depth 3 is odd"),
    "toy-verbose": ("failed", "no such luck, " * 30),
    "toy-nearest": ("ok", ""),
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_every_fault_leaves_its_record_and_the_others_go_on(bench: Bench) -> None:
    bench.matrix(methods=list(FAULTS), limits={"seconds": 5, "memory_gb": 1})
    result = bench.run("--jobs", "3")
    assert result.returncode == 1, result.stderr
    records = bench.records()
    for method, (status, reason) in FAULTS.items():
        record = records[f"toy-noise/x4-rgb/{method}"]
        assert record["status"] == status, (method, record)
        assert reason in record["reason"]
        assert method in result.stdout
    assert not bench.left(), "a method's own process outlived the run"
    assert "ValueError" in records["toy-noise/x4-rgb/toy-raises"]["log_tail"]


def test_scores_are_those_of_the_images_on_disk(bench: Bench) -> None:
    bench.matrix(metrics=["psnr", "mae"])
    process = bench.start("run", "matrix.yaml", "--no-report")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0 and "1 cell: 1 ok" in out and not err, out + err
    frames = srbench.load(bench.folder / "results/toy")
    record = bench.records()["toy-noise/x4-rgb/toy-nearest"]
    expected = {}
    generator_images = {f"noise2-{index}": index for index in range(2)}
    for name, index in generator_images.items():
        generator = np.random.default_rng([2, index])
        rough = generator.random((8, 8, 3))
        hr = (np.kron(rough, np.ones((6, 6, 1))) * 200 + generator.random((48, 48, 3)) * 50).astype(np.uint8)
        sr = np.asarray(Image.open(record["path"].parent / "images" / f"{name}.png"))
        error = (sr.astype(float) - hr)[4:-4, 4:-4]
        expected[name] = 10 * math.log10(255**2 / np.mean(error**2))
    rows = frames.images[frames.images["metric"] == "psnr"].set_index("image")["value"]
    assert rows.to_dict() == pytest.approx(expected)
    mean = frames.cells[frames.cells["metric"] == "psnr"]["value"].item()
    assert mean == pytest.approx(np.mean(list(expected.values())))


def test_running_again_recomputes_nothing(bench: Bench) -> None:
    bench.matrix(methods=["toy-nearest", "toy-raises", "toy-refuses"])
    assert bench.run().returncode == 1
    before = bench.records()
    assert bench.run().returncode == 1
    assert untouched(before, bench.records())
    retried = bench.run("--retry", "failed", "--where", "method=toy-raises")
    assert retried.returncode == 1
    after = bench.records()
    assert after["toy-noise/x4-rgb/toy-raises"]["changed"] > before["toy-noise/x4-rgb/toy-raises"]["changed"]
    assert after["toy-noise/x4-rgb/toy-nearest"]["changed"] == before["toy-noise/x4-rgb/toy-nearest"]["changed"]


def test_a_new_metric_trains_nothing_and_upscales_nothing(bench: Bench) -> None:
    learner = {"srcnn": {"preset": "small"}}
    settings = {"methods": ["toy-nearest", learner], "train": {"on": ["same"], "budget": {"steps": 3}}}
    bench.matrix(**settings)
    assert bench.run().returncode == 0
    images = {path: path.stat().st_mtime_ns for path in bench.folder.glob("results/toy/cells/*/*/images/*")}
    models = bench.records("models")
    assert len(images) == 4
    assert len(models) == 1
    bench.matrix(**settings, metrics=["psnr", "rmse"])
    assert "to be scored: rmse" in bench.srbench("plan", "matrix.yaml").stdout
    assert bench.run().returncode == 0
    assert {path: path.stat().st_mtime_ns for path in images} == images
    assert untouched(models, bench.records("models"))
    frames = srbench.load(bench.folder / "results/toy")
    assert set(frames.images["metric"]) == {"psnr", "rmse"}
    scores = frames.images.pivot_table(index=["method", "image"], columns="metric", values="value")
    assert scores["psnr"].to_numpy() == pytest.approx(-20 * np.log10(scores["rmse"].to_numpy()))


def test_images_that_somebody_removed_are_made_again_when_they_are_to_be_scored(bench: Bench) -> None:
    bench.matrix()
    assert bench.run().returncode == 0
    before = bench.records()["toy-noise/x4-rgb/toy-nearest"]
    removed = next((before["path"].parent / "images").iterdir())
    removed.unlink()
    bench.matrix(metrics=["psnr", "rmse"])
    assert f"damaged: images/{removed.name} is gone" in bench.srbench("plan", "matrix.yaml").stdout
    assert bench.run().returncode == 0
    metrics = bench.records()["toy-noise/x4-rgb/toy-nearest"]["metrics"]
    assert metrics.keys() == {"psnr", "rmse"}
    assert metrics["psnr"] == before["metrics"]["psnr"]
    assert removed.exists()


def test_a_training_that_diverges_fails_alone_and_starts_over_when_retried(bench: Bench) -> None:
    good = {"use": "toy-pixel", "as": "sound"}
    bad = {"use": "toy-pixel", "as": "sick", "spoil": 15}
    dataset = {"use": "toy-noise", "as": "toy-noise", "train": 6}
    bench.matrix(datasets=[dataset], methods=[bad, good], train={"on": ["same"], "budget": {"steps": 20}})
    assert bench.run().returncode == 1
    cells, models = bench.records(), bench.records("models")
    sound, sick = cells["toy-noise/x4-rgb/sound/same/0"], cells["toy-noise/x4-rgb/sick/same/0"]
    assert sound["status"] == "ok" and sick["status"] == "failed"
    model = models["toy-noise/x4/sick/0"]
    folder = model["path"].parent
    assert model["status"] == "failed"
    for reason in (model["reason"], sick["reason"]):
        assert "in stage 'pixel', at step 15, the loss 'l1' is nan" in reason
        assert str(folder / "best.safetensors") in reason
    assert load_file(folder / "best.safetensors").keys() == {"network/0.weight", "network/0.bias"}
    rows = pd.read_csv(folder / "history.csv")
    best = rows.loc[rows["validation"].idxmax()]
    assert f"at step {best['step']} with a validation of {best['validation']:.4g}" in model["reason"]

    # What the training says of itself is in its record and in that of the cell.
    for record in (models["toy-noise/x4/sound/0"], sound):
        note, warning = record["notes"]
        assert note == "A toy." and "dB below bicubic interpolation" in warning
        assert record["facts"].keys() - {"clamped"} == {"held_out", "best_step", "best_validation"}
    assert {"hr.png", "lr.png", "pixel-20.png"} <= {path.name for path in model_samples(models)}

    (bench.folder / "cured").touch()
    assert bench.run("--retry", "failed").returncode == 0
    again = bench.records("models")["toy-noise/x4/sick/0"]
    assert again["status"] == "ok" and again["cost"]["train_steps"] == 20
    assert not (folder / "best.safetensors").exists()
    healthy, cured = (
        load_file(models[f"toy-noise/x4/{name}/0"]["path"].parent / "weights.safetensors") for name in ("sound", "sick")
    )
    assert all(np.array_equal(healthy[name], cured[name]) for name in healthy), "it began again from the first step"


def model_samples(models: dict[str, dict[str, Any]]) -> list[Path]:
    return list((models["toy-noise/x4/sound/0"]["path"].parent / "samples").iterdir())


def test_pages_are_made_again_only_when_something_changed(bench: Bench) -> None:
    bench.matrix()
    index = bench.folder / "leaderboards/toy/index.html"
    made = []
    for metrics in (["psnr"], ["psnr"], ["psnr", "mae"]):
        bench.matrix(metrics=metrics)
        assert bench.srbench("run", "matrix.yaml").returncode == 0
        made.append(index.stat().st_mtime_ns)
    assert made[0] == made[1] < made[2]
    assert "MAE" in index.read_text()
    assert "toy/index.html" in (bench.folder / "leaderboards/index.html").read_text()


def test_changed_code_makes_its_cells_stale_and_says_so(bench: Bench) -> None:
    bench.matrix(methods=["toy-nearest", "bicubic"])
    assert bench.run().returncode == 0
    bench.plugin.write_text(bench.plugin.read_text() + "\nANOTHER = 1\n")
    plan = bench.srbench("plan", "matrix.yaml").stdout
    (stale,) = [line for line in plan.splitlines() if "stale" in line and "x4-rgb" in line]
    assert "toy-nearest" in stale
    assert "the code of srbench-toys changed" in stale
    assert "the code of srbench-toys changed" in bench.srbench("why", "toy-noise/x4-rgb/toy-nearest").stdout


def test_the_degradation_of_a_plugin_makes_the_lr_and_is_part_of_the_key(bench: Bench) -> None:
    def protocol(sigma: float) -> list[Any]:
        return [{"use": "x4-rgb", "as": "grainy", "degradation": {"toy-grain": {"sigma": sigma}}}]

    bench.matrix(methods=["bicubic"], protocols=["x4-rgb", *protocol(30)], metrics=["psnr", "lr-consistency"])
    assert bench.run().returncode == 0
    plain, grainy = (bench.records()[f"toy-noise/{name}/bicubic"] for name in ("x4-rgb", "grainy"))
    assert grainy["metrics"]["psnr"]["value"] < plain["metrics"]["psnr"]["value"] - 1
    made = grainy["ingredients"]["protocol"]["degradation"]
    assert (made["name"], made["version"], made["params"]) == ("toy-grain", 1, {"sigma": 30})
    assert list(made["source"]) == ["srbench-toys"]
    bench.matrix(methods=["bicubic"], protocols=protocol(20))
    assert "protocol.degradation.params.sigma: 30.0 -> 20.0" in bench.srbench("plan", "matrix.yaml").stdout
    bench.matrix(methods=["bicubic"], protocols=protocol(30), metrics=["psnr"])
    bench.plugin.write_text(bench.plugin.read_text() + "\nANOTHER = 1\n")
    assert "the code of srbench-toys changed" in bench.srbench("why", "toy-noise/grainy/bicubic").stdout


def test_code_that_is_changed_while_a_run_goes_on_leaves_no_result_under_the_old_key(bench: Bench) -> None:
    grainy = {"use": "x4-rgb", "as": "grainy", "degradation": "toy-grain"}
    bench.matrix(methods=["toy-edits", "toy-nearest", "bicubic"], protocols=["x4-rgb", grainy])
    assert bench.run().returncode == 1
    records = bench.records()
    for cell in ("x4-rgb/toy-nearest", "grainy/bicubic"):
        outdated = records[f"toy-noise/{cell}"]
        assert outdated["status"] == "killed" and not outdated["images"]
        assert "the code of the plugin toys changed after this was planned; run again" in outdated["reason"]
    assert records["toy-noise/x4-rgb/bicubic"]["status"] == "ok"
    assert bench.run().returncode == 0


def test_a_record_says_what_its_method_costs(bench: Bench) -> None:
    bench.matrix(
        methods=["toy-nearest", {"srcnn": {"preset": "small"}}],
        train={"on": ["same"], "budget": {"steps": 2}},
        seeds=[0],
    )
    assert bench.run().returncode == 0
    records = bench.records()
    nearest, srcnn = (records[f"toy-noise/x4-rgb/{name}"]["cost"] for name in ("toy-nearest", "srcnn/same/0"))
    for cost in (nearest, srcnn):
        # LR of the toy pictures has 12 pixels a side.
        assert (cost["latency_lr_height"], cost["latency_lr_width"]) == (12, 12)
        assert 0 < cost["latency_ms_q1"] <= cost["latency_ms"] <= cost["latency_ms_q3"]
        assert cost["latency_repeats"] >= 1
        assert cost["peak_memory_gb"] >= 0
    assert nearest["macs"] is None
    (model,) = bench.records("models").values()
    assert srcnn["macs"] == model["cost"]["macs"] > 15_800 * 1280 * 720
    assert srcnn["train_seconds"] == model["cost"]["train_seconds"] > 0


def test_what_cannot_be_used_ends_in_a_record_with_the_reason(bench: Bench) -> None:
    bench.matrix(
        datasets=[
            *("toy-noise", "toy-absent", "toy-damaged", "toy-blind", "toy-leaky"),
            {"use": "toy-noise", "as": "tiny", "size": 6},
        ],
        methods=["toy-nearest", "toy-stubborn"],
        train={"on": ["same"], "budget": {"steps": 1}},
    )
    assert bench.run().returncode == 1
    records = {label: (record["status"], record["reason"]) for label, record in bench.records().items()}
    assert records["toy-noise/x4-rgb/toy-nearest"][0] == "ok"
    status, reason = records["toy-noise/x4-rgb/toy-stubborn/same/0"]
    assert status == "failed"
    assert "cannot learn" in reason
    status, reason = records["toy-absent/x4-rgb/toy-nearest"]
    assert status == "skipped"
    assert "absent" in reason
    status, reason = records["toy-damaged/x4-rgb/toy-nearest"]
    assert status == "failed"
    assert "damaged.png" in reason
    assert records["toy-blind/x4-rgb/toy-nearest"] == (
        "failed",
        "image 'blind' cannot be read: ZeroDivisionError: no pixels",
    )
    status, reason = records["toy-leaky/x4-rgb/toy-stubborn/same/0"]
    assert status == "failed"
    assert "2 of 2 test images are in the training split" in reason
    status, reason = records["tiny/x4-rgb/toy-nearest"]
    assert status == "failed"
    assert "6 x 6 pixels are too few" in reason


def test_a_store_that_cannot_be_written_is_a_clear_error(bench: Bench) -> None:
    bench.matrix()
    (bench.folder / "results").write_text("not a folder")
    result = bench.run()
    assert result.returncode == 2
    assert "results/toy" in result.stderr
    assert "Traceback" not in result.stderr


TRAINING = {
    "datasets": [{"use": "toy-noise", "as": "toy-noise", "train": 6}],
    "methods": ["toy-nearest", "toy-pixel"],
    "train": {"on": ["same"], "budget": {"steps": 300}},
}


def _weights(bench: Bench) -> dict[int, dict[str, np.ndarray]]:
    models = bench.records("models")
    return {
        record["point"]["seed"]: load_file(record["path"].parent / "weights.safetensors") for record in models.values()
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, np.ndarray]]:
    bench = Bench(tmp_path_factory.mktemp("uninterrupted"))
    bench.matrix(**TRAINING)
    result = bench.run()
    assert result.returncode == 0, result.stderr
    return _weights(bench)


def _same(left: dict[int, dict[str, np.ndarray]], right: dict[int, dict[str, np.ndarray]]) -> bool:
    return left.keys() == right.keys() and all(
        np.array_equal(left[seed][name], right[seed][name]) for seed in left for name in left[seed]
    )


@pytest.mark.parametrize("victim", ["run", "worker"])
def test_kill_9_at_random_moments_loses_nothing(
    bench: Bench, victim: str, uninterrupted: dict[int, dict[str, np.ndarray]]
) -> None:
    bench.matrix(**TRAINING)
    moments = random.Random(victim)
    finished: dict[str, dict] = {}
    for sign in ("jobs/*/job.json", "models/*/*/log.txt", "*/*/*/record.json"):
        began = time.time_ns()
        process = bench.fork("run", "matrix.yaml", "--no-report")
        wait_for(lambda began=began, sign=sign, run=process: run.poll() is not None or _news(bench, sign, began))
        time.sleep(moments.uniform(0, 0.5))
        if process.poll() is None:
            if victim == "run":
                process.kill()
            elif below := bench.below(process):
                moments.choice(below).kill()
        process.wait(timeout=120)
        wait_for(lambda: not bench.left())
        records = bench.records()
        assert untouched(finished, records), "a finished cell was computed again"
        finished = {label: record for label, record in records.items() if record["metrics"]}
    last = bench.run()
    assert last.returncode == 0, last.stdout + last.stderr
    assert untouched(finished, bench.records())
    assert _same(_weights(bench), uninterrupted)
    assert not bench.left()


def _news(bench: Bench, pattern: str, since: int) -> bool:
    """Whether a file of the store was written since then; jobs are removed while one looks."""
    with suppress(FileNotFoundError):
        return any(path.stat().st_mtime_ns > since for path in bench.folder.glob(f"results/toy/{pattern}"))
    return False


@pytest.mark.parametrize("ask", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_writes_a_checkpoint_and_goes_on_from_it(
    bench: Bench, ask: signal.Signals, uninterrupted: dict[int, dict[str, np.ndarray]]
) -> None:
    bench.matrix(**TRAINING)
    (bench.folder / "gate").touch()
    process = bench.fork("run", "matrix.yaml", "--no-report")
    bench.interrupted_at_the_gate(process, ask)
    assert process.wait(timeout=60) == 130
    assert not bench.left()
    assert any(bench.folder.glob("results/toy/models/*/*/checkpoint/checkpoint.pt")) or bench.records("models")
    assert bench.run().returncode == 0
    assert _same(_weights(bench), uninterrupted)
