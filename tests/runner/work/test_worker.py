"""What a job's own process leaves, where no run can show it: with counters and remains that a machine may not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from srbench.commands.upscale import Picture, load_method, upscale_file
from srbench.errors import SrbenchError
from srbench.matrix import read_matrix
from srbench.pictures import Values, read_image, write_image
from srbench.registry.registry import registry
from srbench.runner.job.tasks import Evaluation, Job, Training
from srbench.runner.planning.plan import PlannedCell, make_plan
from srbench.runner.work import worker
from srbench.runner.work.energy import EnergyMeter
from srbench.store.records import SCORES, Record, Store

TOLD = {"values_low", "values_high", "values_bits"}
"""The facts by which a model remembers what the values of its training meant."""


@pytest.fixture
def planned(tmp_path: Path) -> PlannedCell:
    """SRCNN on two small pictures."""
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        write_image(tmp_path / split / "a.png", random.integers(0, 256, (64, 64, 3), np.uint8))
    matrix = tmp_path / "matrix.yaml"
    content: dict[str, Any] = {
        "name": "small",
        "datasets": [{"use": "folder", "path": str(tmp_path)}],
        "protocols": ["x2-y"],
        "methods": [{"srcnn": {"preset": "small"}}],
        "metrics": ["psnr"],
        "train": {"on": ["same"], "budget": {"steps": 4}},
    }
    matrix.write_text(json.dumps(content))
    (cell,) = make_plan(read_matrix(matrix), Store(tmp_path / "store")).cells
    return cell


def do(task: Training | Evaluation, store: Store, stop: bool = False) -> Record | None:
    """The job, in this process."""
    store.folder(task.shelf, task.key).mkdir(parents=True, exist_ok=True)
    worker.run(Job(task, store.root, store.root), lambda done, message: None, lambda: stop)
    return store.read(task.shelf, task.key)


def test_energy_is_that_of_a_whole_training_or_absent(
    planned: PlannedCell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Meter(EnergyMeter):
        def cost(self, step: str) -> dict[str, float | None]:
            return {f"{step}_energy_cpu_j": 7.0}

    monkeypatch.setattr(worker, "EnergyMeter", Meter)
    assert planned.training is not None
    whole = do(planned.training, Store(tmp_path / "whole"))
    assert whole is not None and whole.cost["train_energy_cpu_j"] == 7.0
    parts = Store(tmp_path / "parts")
    assert do(planned.training, parts, stop=True) is None
    rest = do(planned.training, parts)
    assert rest is not None and rest.status == "ok" and rest.cost["train_steps"] == 4
    assert "train_energy_cpu_j" not in rest.cost


def test_a_damaged_model_says_which_file_it_is_and_what_to_do(planned: PlannedCell, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert planned.training is not None
    do(planned.training, store)
    folder = store.folder("models", planned.training.key)
    (folder / "weights.safetensors").write_bytes(b"damaged")
    record = do(planned.evaluation(), store)
    assert record is not None and record.status == "killed"
    assert f"weights.safetensors is not the file that was written ({folder}); run again" in record.reason


def test_scores_of_a_metric_that_nobody_asks_for_any_more_do_no_harm(planned: PlannedCell, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert planned.training is not None
    do(planned.training, store)
    folder = store.folder("cells", planned.cell.key)
    folder.mkdir(parents=True)
    # Written by an attempt that was killed before its record was.
    left = {"image": ["a"], "metric": ["given-up"], "value": [1.0]}
    pq.write_table(pa.table(left), folder / SCORES)
    record = do(planned.evaluation(), store)
    assert record is not None and record.status == "ok", record
    key = planned.keys["psnr"]
    assert record.metrics[key].status == "ok"
    assert pq.read_table(folder / SCORES)["metric"].to_pylist() == [key]


def test_a_record_says_which_image_is_of_which_picture_and_what_the_model_saw_of_these(tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.yaml"
    content: dict[str, Any] = {
        "name": "walls",
        "datasets": ["textures"],
        "protocols": ["x4-y"],
        "methods": ["nearest", {"srcnn": {"preset": "small"}}],
        "metrics": ["psnr"],
        "train": {"on": ["same"], "budget": {"steps": 1}},
    }
    matrix.write_text(json.dumps(content))
    store = Store(tmp_path / "store")
    for cell in make_plan(read_matrix(matrix), store).cells:
        if cell.training is not None:
            do(cell.training, store)
        record = do(cell.evaluation(), store)
        assert record is not None and record.status == "ok", record
        assert record.groups == {name: name.split("-")[0] for name in record.images}
        assert record.seen_groups == ([] if cell.training is None else ["brick", "grass", "gravel"])
        scores = pq.read_table(store.folder("cells", cell.cell.key) / SCORES).to_pandas()
        of_pictures = scores.groupby(scores["image"].str.split("-").str[0])["value"].mean()
        assert record.metrics[cell.keys["psnr"]].value == pytest.approx(of_pictures.mean(), abs=1e-12)
        assert (record.metrics[cell.keys["psnr"]].n, record.metrics[cell.keys["psnr"]].groups) == (12, 3)


def test_of_a_log_without_lines_the_last_64_kilobytes_are_kept(tmp_path: Path) -> None:
    (tmp_path / worker.LOG).write_bytes(b"\xff" * 300_000 + b"the end")
    kept = Record(key="a", schema=1, status="ok", log_tail=worker.log_tail(tmp_path)).log_tail
    assert len(kept) <= 1 << 16 and kept.endswith("the end")


@pytest.fixture
def twelve_bits(tmp_path: Path) -> PlannedCell:
    """SRCNN on two small pictures of 12 bits in files of 16."""
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        write_image(tmp_path / split / "a.png", random.integers(0, 4096, (48, 48, 1), np.uint16))
    matrix = tmp_path / "matrix.yaml"
    content: dict[str, Any] = {
        "name": "small",
        "datasets": [{"use": "folder", "path": str(tmp_path), "peak": 4095}],
        "protocols": ["x2-y"],
        "methods": [{"srcnn": {"preset": "small"}}],
        "metrics": ["psnr"],
        "train": {"on": ["same"], "budget": {"steps": 4}},
    }
    matrix.write_text(json.dumps(content))
    (cell,) = make_plan(read_matrix(matrix), Store(tmp_path / "store")).cells
    return cell


def test_a_model_upscales_with_the_values_that_it_learned_with(twelve_bits: PlannedCell, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    training = twelve_bits.training
    assert training is not None
    trained = do(training, store)
    assert trained is not None and {name: trained.facts[name] for name in TOLD} == {
        "values_low": 0,
        "values_high": 4095,
        "values_bits": 16,
    }
    record = do(twelve_bits.evaluation(), store)
    assert record is not None and record.status == "ok"
    sr = read_image(store.folder("cells", record.key) / "images" / "a.png")
    hr = read_image(tmp_path / "test" / "a.png")
    write_image(tmp_path / "lr.png", twelve_bits.protocol.lr(hr, Values(0, 4095), "image"))
    loaded = load_method("srcnn", str(store.folder("models", training.key)))
    made = upscale_file(loaded, Picture(tmp_path / "lr.png", tmp_path / "own"))
    assert np.array_equal(read_image(made), sr)
    # What is given wins, and another depth has values of its own.
    other = upscale_file(loaded, Picture(tmp_path / "lr.png", tmp_path / "other"), values=Values(0, 65535))
    assert not np.array_equal(read_image(other), sr)
    write_image(tmp_path / "grey.png", np.full((8, 8, 1), 200, np.uint8))
    upscale_file(loaded, Picture(tmp_path / "grey.png", tmp_path / "eight"))
    write_image(tmp_path / "bright.png", np.full((8, 8, 1), 5000, np.uint16))
    with pytest.raises(SrbenchError, match="outside the black and white of the model's training, 0 to 4095"):
        upscale_file(loaded, Picture(tmp_path / "bright.png", tmp_path / "bright"))


def test_a_model_that_learned_with_the_usual_values_declares_none(planned: PlannedCell, tmp_path: Path) -> None:
    assert planned.training is not None
    trained = do(planned.training, Store(tmp_path / "store"))
    assert trained is not None and not trained.facts.keys() & TOLD


@pytest.mark.parametrize(("factor", "share", "warned"), [(255, 0.9, True), (1, 0, False)])
def test_sr_that_is_clamped_is_counted_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factor: float, share: float, warned: bool
) -> None:
    write_image(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8))
    (tmp_path / "matrix.yaml").write_text(
        json.dumps(
            {
                "name": "small",
                "datasets": [{"use": "folder", "path": str(tmp_path)}],
                "protocols": ["x2-rgb"],
                "methods": ["nearest"],
                "metrics": ["psnr"],
            }
        )
    )
    kind = registry().get("method", "nearest").load()
    upscaled = kind.upscale
    monkeypatch.setattr(kind, "upscale", lambda self, lr, scale: upscaled(self, lr, scale) * factor)
    (cell,) = make_plan(read_matrix(tmp_path / "matrix.yaml"), Store(tmp_path / "store")).cells
    record = do(cell.evaluation(), Store(tmp_path / "store"))
    assert record is not None and record.status == "ok"
    assert record.facts["clamped"] >= share
    assert any("does nearest return values in [0, 1]?" in warning for warning in record.warnings) == warned
    if warned:
        assert f"{100 * record.facts['clamped']:.2g} % of the SR values lie outside 0 to 1" in record.warnings[-1]
    else:
        assert record.facts["clamped"] == 0
