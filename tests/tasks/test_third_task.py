"""A third task is one plugin: read from a matrix file, planned, run by its own evaluation, shown in its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rig import Bench

from srbench.pictures import read_image
from srbench.registry.registry import registry

DENOISING: dict[str, Any] = {
    "task": "toy-denoising",
    "passes": 3,
    "datasets": ["toy-noise"],
    "protocols": ["toy-noisy", {"as": "twice", "degradation": {"toy-grain": {"sigma": 80.0}}}],
    "methods": ["toy-smooth", {"use": "toy-smooth", "as": "still", "pixels": 1}],
    "metrics": ["toy-error"],
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).with_denoising()


def smoothed(row: np.ndarray, times: int) -> np.ndarray:
    """Each pixel the mean of itself and its neighbours to the left and right, so many times."""
    for _ in range(times):
        padded = np.pad(row, ((0, 0), (1, 1), (0, 0)))
        count = np.pad(np.ones(row.shape[1]), 1)
        row = (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / (count[:-2] + count[1:-1] + count[2:])[:, None]
    return row


def test_a_third_task_is_run_and_shown(bench: Bench) -> None:
    bench.matrix(**DENOISING)
    result = bench.srbench("run", "matrix.yaml")
    assert result.returncode == 0, result.stdout + result.stderr
    records = bench.records()
    assert set(records) == {
        f"toy-noise/{name}/{method}" for name in ("toy-noisy", "twice") for method in ("toy-smooth", "still")
    }
    record = records["toy-noise/toy-noisy/toy-smooth"]
    assert record["ingredients"]["task"]["name"] == "toy-denoising"
    assert record["ingredients"]["passes"] == 3

    # Its own evaluation applies the method three times: so the picture is that which the other method left, smoothed.
    noisy, made = (
        read_image(records[f"toy-noise/toy-noisy/{method}"]["path"].parent / "images" / "noise2-0.png").astype(float)
        for method in ("still", "toy-smooth")
    )
    np.testing.assert_allclose(made, smoothed(noisy, 3), atol=0.51)
    assert (
        record["metrics"]["toy-error"]["value"] < records["toy-noise/toy-noisy/still"]["metrics"]["toy-error"]["value"]
    )

    # Its own words, pages and costs.
    index = (bench.folder / "leaderboards/toy/index.html").read_text()
    for words in ("pictures without their noise", "Noise of a camera is another matter.", "Denoiser", "ms in all"):
        assert words in index
    assert "toy-grain(sigma=80.0) taken away" in index
    method = (bench.folder / "leaderboards/toy/methods/toy-smooth.html").read_text()
    assert "Denoising" in method and "Multiply-adds" not in method


def test_what_belongs_to_a_third_task_is_told_there_and_elsewhere(bench: Bench) -> None:
    bench.matrix(passes=2, methods=["toy-smooth"], protocols=["toy-noisy"])
    said = bench.srbench("plan", "matrix.yaml").stderr
    assert "`passes` belongs to the task toy-denoising; this matrix asks for super-resolution" in said
    assert "'toy-smooth' cannot upscale: it is for `task: toy-denoising`" in said
    assert "'toy-noisy' is a protocol of toy-denoising; this matrix asks for super-resolution" in said
    bench.matrix(task="toy-denoising", protocols=["x4-rgb"])
    said = bench.srbench("plan", "matrix.yaml").stderr
    assert "the task toy-denoising needs the key 'passes', such as passes: 2" in said
    assert "'toy-nearest' cannot take noise away: it is for `task: super-resolution`" in said
    assert "'psnr' cannot compare a denoised image with HR" in said
    assert "toy-denoising" in bench.srbench("list", "tasks").stdout
    assert "passes" in bench.srbench("info", "toy-denoising").stdout


def test_the_plugin_is_not_there_without_its_distribution() -> None:
    assert registry().names("task") == ["generation", "super-resolution"]
