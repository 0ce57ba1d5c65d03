"""Whole runs whose jobs are done in processes of their own: what one of them knows, and what its end costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig import Bench

from srbench.runner.supervision.supervisor import MOST_REPEATS


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).with_measures()


def test_a_process_that_scores_knows_neither_the_method_nor_its_plugin(bench: Bench) -> None:
    bench.matrix(datasets=["toy-marked"], methods=["toy-nearest", "toy-large"], metrics=["toy-stranger", "psnr"])
    result = bench.run()
    assert result.returncode == 0, result.stdout + result.stderr
    for record in bench.records().values():
        assert record["metrics"]["toy-stranger"]["value"] == 0.0
        assert record["metrics"]["psnr"]["status"] == "ok"


def test_a_metric_that_ends_its_process_fails_alone(bench: Bench) -> None:
    crashes = [{"use": "toy-crashes", "as": how, "how": how} for how in ("signal", "exit")]
    bench.matrix(datasets=["toy-marked"], metrics=["psnr", *crashes, "ssim"])
    assert bench.run().returncode == 1
    (record,) = bench.records().values()
    found = {name: (result["status"], result["reason"]) for name, result in record["metrics"].items()}
    assert found == {
        "psnr": ("ok", ""),
        "signal": ("failed", "its process crashed with SIGSEGV"),
        "exit": ("failed", "its process ended with exit code 5 before it was done"),
        "ssim": ("ok", ""),
    }


def test_a_disk_that_is_full_is_tried_again_in_this_run_and_in_the_next(bench: Bench) -> None:
    bench.matrix(datasets=["toy-marked"], metrics=["psnr", "toy-full"])
    assert bench.run().returncode == 1
    assert bench.events().count("full") == MOST_REPEATS + 1
    (record,) = bench.records().values()
    full = record["metrics"]["toy-full"]
    assert (full["status"], full["again"]) == ("failed", True)
    assert full["reason"].endswith("the disk is full: /scratch/x") and record["metrics"]["psnr"]["status"] == "ok"
    (bench.folder / "room").touch()
    assert bench.run().returncode == 0
    (record,) = bench.records().values()
    assert record["metrics"]["toy-full"]["value"] == 1.0
