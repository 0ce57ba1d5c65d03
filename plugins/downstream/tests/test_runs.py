"""Task metrics in a run: on a phantom with planted microcalcifications, with ceiling and floor on its page."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from rig import Bench
from safetensors.torch import save_file
from srbench_fid.trained.networks import SegmentationUNet

from srbench.leaderboard.words.numerals import significant


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))
    return Bench(tmp_path)


def test_a_board_shows_what_is_left_of_the_task_beside_hr_and_bicubic(bench: Bench) -> None:
    torch.manual_seed(0)
    save_file(SegmentationUNet().state_dict(), bench.folder / "unet.safetensors")
    bench.matrix(
        datasets=[{"phantom-mammography": {"size": 96, "count": 24, "photons": 2e5}}],
        methods=["bicubic"],
        protocols=["x2-rgb"],
        metrics=[
            "detection",
            {"segmentation": {"weights": "unet.safetensors"}},
            {"use": "physical-error", "as": "error"},
        ],
    )
    run = bench.srbench("run", "matrix.yaml", "--out", "page")
    assert run.returncode == 0, run.stderr
    (record,) = bench.records().values()
    found = record["metrics"]
    assert found["error"]["unit"] == "levels"
    for name in ("detection", "segmentation", "error"):
        assert found[name]["value"] == pytest.approx(found[name]["details"]["floor"]["value"]), "bicubic is the floor"
    details = found["detection"]["details"]
    assert details["ceiling"]["value"] > found["detection"]["value"]
    assert details["interval"][0] < found["detection"]["value"] < details["interval"][1]
    page = (bench.folder / "page/index.html").read_text()
    assert "error, levels" in page
    low, high = (significant(end, 3) for end in details["ceiling"]["interval"])
    assert f"[{low}, {high}]" in page


def test_what_a_dataset_lacks_is_said_before_anything_runs(bench: Bench) -> None:
    bench.matrix(metrics=["psnr", "detection", "spot-contrast", "segmentation"])
    plan = bench.srbench("plan", "matrix.yaml")
    for name in ("detection", "spot-contrast", "segmentation"):
        assert name in plan.stdout
    assert "masks" in plan.stdout
