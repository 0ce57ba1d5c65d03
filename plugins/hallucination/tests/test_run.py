"""From matrix to record: samples are drawn for the metric that needs them, kept, and added to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from bench_in_process import InProcess

import srbench
from srbench.pictures import resize

METRICS: list[Any] = ["hallucination", "omission", "improvement", {"use": "coverage", "samples": 5}]


class Noisy(srbench.Method):
    """Bicubic SR; a sample has noise, as wide as the test pictures, which are noise."""

    samples = True
    asked = 0

    def upscale(self, lr: torch.Tensor, scale: Any) -> torch.Tensor:
        return resize(lr, scale)

    def sample_sr(self, lr: torch.Tensor, scale: Any) -> torch.Tensor:
        type(self).asked += 1
        return torch.rand_like(resize(lr, scale))


def test_samples_are_drawn_once_scored_and_added_to_when_more_are_asked_for(tmp_path: Path) -> None:
    Noisy.asked = 0
    bench = InProcess(tmp_path, metrics=METRICS)
    bench.method = Noisy
    record = bench.run()
    results = {result.name: result for result in record.metrics.values()}
    assert [(name, results[name].value) for name in METRICS[:3]] == [
        ("hallucination", 0),
        ("omission", 1),
        ("improvement", 0),
    ]
    coverage = results["coverage"]
    assert (coverage.status, coverage.n, record.samples, Noisy.asked) == ("ok", 2, 5, 10)
    assert [claimed for claimed, _ in coverage.details.coverage] == [1 / 3, 2 / 3]
    assert coverage.value is not None and coverage.value < 0.05, "pixels and samples are drawn alike"
    images = bench.store.folder("cells", record.key) / "images_samples"
    kept = {path.name: path.read_bytes() for path in images.iterdir()}
    assert len(kept) == 10 and bench.plan().state == "done"

    bench.content["metrics"] = [*METRICS[:3], {"use": "coverage", "samples": 6}]
    assert bench.plan().state != "done"
    more = bench.run()
    assert (more.samples, Noisy.asked) == (6, 12)
    assert all((images / name).read_bytes() == content for name, content in kept.items())
    assert {f"images_samples/{path.name}" for path in images.iterdir()} <= more.files.keys()


def test_a_method_that_draws_nothing_is_skipped_with_the_reason_and_has_no_samples(tmp_path: Path) -> None:
    record = InProcess(tmp_path, metrics=METRICS).run()
    results = {result.name: result for result in record.metrics.values()}
    assert results["coverage"].status == "skipped"
    assert results["coverage"].reason == "needs samples; bicubic draws none, its SR is always the same"
    assert record.samples == 0 and results["omission"].value == 1
