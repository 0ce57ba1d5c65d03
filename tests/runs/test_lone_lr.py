"""A dataset of LR alone through every verb: nothing crashes, and what needs HR is empty with the reason."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from rig import Bench

from srbench.pictures import write_image


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    for name in ("a", "b"):
        picture = np.random.default_rng(len(name)).integers(0, 256, (12, 15, 3), np.uint8)
        (tmp_path / "scans").mkdir(exist_ok=True)
        write_image(tmp_path / "scans" / f"{name}.png", picture)
    return Bench(tmp_path)


LONE = {"use": "folder", "as": "scans", "path": "scans", "lr_alone": True}
WHOLE = {"use": "folder", "as": "whole", "path": "scans", "files": "a.png"}


def test_lr_alone_goes_through_every_verb(bench: Bench) -> None:
    bench.matrix(datasets=[LONE], methods=["toy-nearest", "bicubic"], metrics=["psnr", "lr-consistency", "fid"])
    planned = bench.srbench("plan", "matrix.yaml")
    assert "psnr: needs HR; scans has none (2 cells)" in planned.stdout
    assert "fid: needs HR; scans has none (2 cells)" in planned.stdout
    assert bench.run().returncode == 0
    record = bench.records()["scans/x4-rgb/toy-nearest"]
    assert (record["status"], record["lr"]) == ("ok", "alone")
    assert {name: one["status"] for name, one in record["metrics"].items()} == {
        "psnr": "skipped",
        "lr-consistency": "ok",
        "fid": "skipped",
    }
    assert bench.srbench("plan", "matrix.yaml").stdout.count("done") == 3
    assert bench.srbench("verify", "matrix.yaml").returncode == 0

    assert bench.srbench("report", "matrix.yaml").returncode == 0
    page = (bench.folder / "leaderboards/toy/index.html").read_text()
    assert "PSNR: needs HR; scans has none" in page and "there is LR alone" in page
    assert (bench.folder / "leaderboards/toy/pictures/scans-x4-rgb/a/LR.png").is_file()
    assert not [*bench.folder.glob("leaderboards/toy/pictures/**/HR.png")]
    assert not [*bench.folder.glob("leaderboards/toy/pictures/**/error-*.png")]
    with (bench.folder / "leaderboards/toy/scores.csv").open() as file:
        assert {row["metric"] for row in csv.DictReader(file)} == {"lr-consistency"}
    assert bench.srbench("report", "leaderboards/toy/records.jsonl", "--out", "again").returncode == 0
    assert bench.srbench("clean", "--store", "results/toy").returncode == 0
    assert bench.srbench("verify", "matrix.yaml").returncode == 0


def test_beside_a_dataset_with_hr_only_that_one_is_compared(bench: Bench) -> None:
    bench.matrix(datasets=[LONE, WHOLE], methods=["toy-nearest", "bicubic"], metrics=["psnr"], protocols=["x2-rgb"])
    assert bench.run().returncode == 0
    status = {name: one["metrics"]["psnr"]["status"] for name, one in bench.records().items()}
    assert status == {
        f"{dataset}/x2-rgb/{method}": "skipped" if dataset == "scans" else "ok"
        for dataset in ("scans", "whole")
        for method in ("toy-nearest", "bicubic")
    }


def test_what_needs_pairs_says_that_there_are_none(bench: Bench) -> None:
    for split in ("train", "test"):
        (bench.folder / "pairs" / split / "LR").mkdir(parents=True)
        picture = np.random.default_rng(len(split)).integers(0, 256, (12, 15, 3), np.uint8)
        write_image(bench.folder / "pairs" / split / "LR" / "a.png", picture)
    train = {"on": ["same"], "budget": {"steps": 1}}
    pairs = {"use": "pairs", "as": "pairs", "path": "pairs"}
    bench.matrix(datasets=[pairs], methods=["toy-pixel"], train=train)
    said = bench.srbench("plan", "matrix.yaml").stdout
    assert "needs HR; pairs has none; name one that has under `train: on:`" in said
    prepared = bench.srbench("prepare", "matrix.yaml", "--to", "prepared")
    assert "pairs has images without HR, which make no pairs" in prepared.stdout + prepared.stderr
