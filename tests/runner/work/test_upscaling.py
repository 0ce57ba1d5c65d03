"""A cell of super-resolution: what is told of its progress, its ceiling, and what is kept for pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench_in_process import InProcess, Nearest, emptied, work

from srbench.contract.degradations import Bicubic
from srbench.pictures import DEPTHS, read_image
from srbench.store.references import References


@pytest.fixture
def bench(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path)


def test_progress_goes_through_every_image_twice_and_once_where_sr_is_there(bench: InProcess) -> None:
    _, done = work(bench, bench.plan().evaluation())
    assert done == [0.5, 1.0, 0.5, 1.0]
    bench.content["metrics"] = ["psnr", "ssim"]
    _, done = work(bench, bench.plan().evaluation())
    assert done == [0.5, 1.0]


def test_hr_and_lr_are_kept_as_they_were_compared_and_given(bench: InProcess) -> None:
    record, _ = work(bench, bench.plan().evaluation())
    assert record is not None
    kept = References.of(bench.store.root, record.ingredients)
    assert list(kept.labels()) == list(record.images) == ["a", "b"]
    for image in record.images:
        reference, hr = kept.read(image), read_image(bench.data / "test" / f"{image}.png")
        assert reference is not None and reference.lr is not None
        np.testing.assert_array_equal(reference.hr, hr)
        made = Bicubic().lr(hr, DEPTHS["uint8"], 2, np.random.default_rng(0))
        np.testing.assert_array_equal(reference.lr, made)
        assert reference.values == DEPTHS["uint8"]


class Ceiled(Nearest):
    """Has a ceiling that cannot be made."""

    ceiling = "HR"

    def reconstruct(self, hr: Any) -> Any:
        raise ZeroDivisionError("no pixels")


def test_a_ceiling_that_cannot_be_made_or_scored_is_a_note(bench: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.method = Ceiled
    record, done = work(bench, bench.plan().evaluation())
    assert record is not None and record.status == "ok" and len(record.metrics) == 1
    assert record.notes == ["Its ceiling (HR) was not measured: ZeroDivisionError: no pixels"]
    assert done == [0.25, 0.5, 0.5, 1.0], "two of it were to be made"
    monkeypatch.setattr(Ceiled, "reconstruct", lambda self, hr: hr)
    emptied(bench.store, "cells", record.key)
    record, done = work(bench, bench.plan().evaluation())
    assert record is not None and record.notes == []
    assert done == [0.25, 0.5, 0.75, 1.0] * 2, "what is made of HR is scored, too"
    (ceiling,) = record.ceiling.values()
    assert ceiling.infinite == 2


def test_lr_without_hr_is_upscaled_kept_and_has_no_ceiling(bench: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.method = Ceiled
    bench.content["datasets"] = [{"use": "folder", "as": "data", "path": str(bench.data / "test"), "lr_alone": True}]
    bench.content["metrics"] = ["psnr", "lr-consistency"]
    record, _ = work(bench, bench.plan().evaluation())
    assert record is not None and (record.status, record.lr, record.notes) == ("ok", "alone", [])
    assert record.ceiling == {} and sorted(record.images) == ["a", "b"]
    results = {result.name: (result.status, result.reason) for result in record.metrics.values()}
    assert results == {"psnr": ("skipped", "needs HR; data has none"), "lr-consistency": ("ok", "")}
    kept = References.of(bench.store.root, record.ingredients).read("a")
    assert kept is not None and kept.hr is None and kept.lr is not None
    np.testing.assert_array_equal(kept.lr, read_image(bench.data / "test" / "a.png"))
    assert bench.plan().state == "done"
