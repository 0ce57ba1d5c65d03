"""Records of a cell, of one that failed, of a training, and its history."""

from __future__ import annotations

import os

import pytest

import srbench
from srbench.store.record import MetricResult

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # before a test imports MLflow
STARTED = "2026-01-01T00:00:00.000+00:00"
METHOD = {
    "name": "srcnn",
    "version": "1",
    "params": {"kernels": [9, 5, 5], "rate": 0.5, "blur": False, "inner": {"width": 8}, "none": None},
}


@pytest.fixture
def cell() -> srbench.Record:
    return srbench.Record(
        key="ab" * 32,
        schema=1,
        status="ok",
        point={"dataset": "set5", "protocol": "x4-y", "method": "srcnn", "trained_on": "t91", "seed": 1},
        ingredients={"method": METHOD, "test": {"fingerprint": "f"}},
        metrics={
            "psnr": MetricResult(key="1", name="psnr", value=30.5),
            "fid": MetricResult(key="2", name="fid", status="skipped", reason="no weights"),
            "ssim": MetricResult(key="3", name="ssim", value=None),
        },
        cost={"train_seconds": 20.0, "macs": None},
        model="cd" * 32,
        environment={"device": "A CPU"},
        started=STARTED,
        seconds=2.5,
    )


@pytest.fixture
def failed() -> srbench.Record:
    return srbench.Record(
        key="ef" * 32,
        schema=1,
        status="timeout",
        reason="took too long",
        point={"dataset": "set5", "method": "bicubic", "seed": None},
        started=STARTED,
    )


@pytest.fixture
def training() -> srbench.Record:
    return srbench.Record(
        key="cd" * 32,
        schema=1,
        status="ok",
        point={"dataset": "t91", "protocol": "x4", "method": "srcnn", "seed": 1},
        ingredients={"method": METHOD, "budget": {"steps": 30}},
        facts={"accuracy": 0.75},
        started=STARTED,
        seconds=21.0,
    )


@pytest.fixture
def history() -> list[dict[str, float | str]]:
    """Two stages, of which the first was ended early; one loss has a name that not every place takes."""
    return [
        {"stage": "warm", "step": 1.0, "seconds": 0.1, "mse": 0.5},
        {"stage": "warm", "step": 9.0, "seconds": 0.9, "mse": 0.25, "event": "ended early"},
        {"stage": "main", "step": 4.0, "seconds": 1.5, "l1 (y)": 0.125},
    ]
