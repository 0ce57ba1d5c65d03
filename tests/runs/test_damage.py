"""A record names the files that belong to it with their sha256: one that was changed is made again, never scored."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from bench_in_process import InProcess

from srbench.pictures import read_image, write_image
from srbench.store.record import SCORES, Record
from srbench.store.records import RECORD


@pytest.fixture
def bench(tmp_path: Path) -> InProcess:
    bench = InProcess(tmp_path)
    assert bench.run().status == "ok"
    return bench


def folder(bench: InProcess) -> Path:
    return bench.store.folder("cells", bench.plan().cell.key)


def values(record: Record) -> dict[str, float | None]:
    return {result.name: result.value for result in record.metrics.values()}


def test_a_cell_names_every_file_it_left(bench: InProcess) -> None:
    (record,) = bench.store.records("cells")
    left = {path.relative_to(folder(bench)).as_posix() for path in folder(bench).rglob("*") if path.is_file()}
    assert left - {RECORD, "images.jsonl"} == set(record.files) == {SCORES, "images/a.png", "images/b.png"}


@pytest.mark.parametrize("damage", ["gone", "empty", "truncated", "of another cell"])
def test_scores_that_are_damaged_are_scored_again_without_upscaling(bench: InProcess, damage: str) -> None:
    (before,) = bench.store.records("cells")
    scores = folder(bench) / SCORES
    if damage == "gone":
        scores.unlink()
    else:
        content = scores.read_bytes()
        scores.write_bytes({"empty": b"", "truncated": content[:-9], "of another cell": content + b" "}[damage])
    planned = bench.plan()
    assert planned.state == "stale" and planned.why.startswith("damaged: scores.parquet ")
    assert planned.record is None, "nothing shows what stands beside damaged scores"
    upscaled = {path: path.stat().st_mtime_ns for path in (folder(bench) / "images").iterdir()}
    bench.content["metrics"] = ["psnr", "rmse"]
    after = bench.run()
    assert values(after).keys() == {"psnr", "rmse"} and values(after)["psnr"] == values(before)["psnr"]
    assert upscaled == {path: path.stat().st_mtime_ns for path in upscaled}
    assert bench.plan().state == "done"


def test_results_of_another_matrix_go_with_the_scores_they_stood_in(bench: InProcess) -> None:
    bench.content["metrics"] = ["rmse"]
    (folder(bench) / SCORES).write_bytes(b"")
    assert values(bench.run()).keys() == {"rmse"}
    bench.content["metrics"] = ["psnr"]
    assert bench.plan().why == "to be scored: psnr"


def test_sr_that_was_replaced_by_hr_is_upscaled_again_before_it_is_scored(bench: InProcess) -> None:
    (before,) = bench.store.records("cells")
    sr = folder(bench) / "images/a.png"
    true = read_image(sr)
    write_image(sr, read_image(bench.data / "test/a.png"))
    assert bench.plan().why == "damaged: images/a.png is not the file that was written"
    bench.content["metrics"] = ["psnr", "rmse"]
    planned = bench.plan()
    assert (planned.state, planned.why) == ("stale", "damaged: images/a.png is not the file that was written")
    after = bench.run()
    assert (read_image(sr) == true).all()
    assert values(after)["psnr"] == values(before)["psnr"]


def test_sr_that_is_damaged_between_plan_and_job_is_not_scored(bench: InProcess) -> None:
    bench.content["metrics"] = ["psnr", "rmse"]
    planned = bench.plan()
    (folder(bench) / "images/a.png").unlink()
    record = bench.do(planned.evaluation())
    assert record.status == "ok" and values(record).keys() == {"rmse"}
    assert bench.plan().why == "to be scored: psnr"


TRAIN: dict[str, Any] = {
    "methods": [{"srcnn": {"preset": "small"}}],
    "train": {"on": ["same"], "budget": {"steps": 2}},
}


def test_a_model_that_was_changed_is_trained_anew_and_upscales_nothing(tmp_path: Path) -> None:
    bench = InProcess(tmp_path, **TRAIN)
    first = bench.run()
    assert first.status == "ok" and first.model is not None
    model = bench.store.read("models", first.model)
    assert model is not None and "weights.safetensors" in model.files and "history.csv" in model.files
    weights = bench.store.folder("models", first.model) / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    planned = bench.plan()
    assert planned.state == "stale" and planned.why.startswith("damaged: weights.safetensors is not the file")
    assert [task.key for task in planned.prerequisites()] == [first.model]
    shutil.rmtree(folder(bench))
    planned = bench.plan()
    record = bench.do(planned.evaluation())
    assert record.status == "killed"
    assert "damaged: weights.safetensors is not the file that was written" in record.reason
    from srbench.runner.planning.damage import Damage

    (training,) = bench.plan().prerequisites()
    assert not Damage(bench.store, verify=False).is_done(training)
    assert bench.run().status == "ok"
