"""A plan: a cell a point, its state against the store, what is needed first, verdicts where nothing can be run."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from astropy.io import fits
from bench_in_process import InProcess, emptied, picture, plan, put, record_of
from PIL import Image as Pillow
from skimage import data

from srbench.matrix import read_matrix
from srbench.pictures import write_image
from srbench.runner.job.tasks import SeenFile
from srbench.runner.planning.plan import make_plan
from srbench.runner.planning.planned import Plan, PlannedCell
from srbench.store import records, summary
from srbench.store.files import bytes_of, sha256
from srbench.store.record import MetricResult
from srbench.store.records import Store

Planned = Callable[..., Plan]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return InProcess(tmp_path)


LEARNER = {"methods": ["bicubic", {"srcnn": {"preset": "small"}}], "metrics": ["psnr"]}
TRAIN = {"on": ["same", {"use": "folder", "as": "other"}], "budget": {"steps": 2}}


def test_learners_are_repeated_for_each_training_set_and_seed_and_others_are_not(bench: InProcess) -> None:
    for name in ("train/x", "test/y"):
        picture(bench.root / "other" / f"{name}.png", seed=7)
    train = {**TRAIN, "on": ["same", {"use": "folder", "as": "other", "path": str(bench.root / "other")}]}
    found = plan(bench, **LEARNER, train=train, seeds=[0, 5], protocols=["x2-rgb", "x2-y"])
    assert [planned.cell.label for planned in found.cells] == [
        f"data/{protocol}/{rest}"
        for protocol in ("x2-rgb", "x2-y")
        for rest in ("bicubic", "srcnn/same/0", "srcnn/same/5", "srcnn/other/0", "srcnn/other/5")
    ]
    assert len({planned.cell.key for planned in found.cells}) == len(found.cells)
    models = [planned.training.key for planned in found.cells if planned.training is not None]
    # A training set and a seed are a model each; protocols that differ only in scoring share them.
    assert len(models) == 8 and models[:4] == models[4:] and len(set(models)) == 4
    assert {len(planned.prerequisites()) for planned in found.cells if planned.training} == {1}


def test_a_cell_without_a_record_is_new_and_one_with_another_s_is_stale(bench: InProcess) -> None:
    found = plan(bench)
    assert [(one.state, one.why, one.record) for one in found.cells] == [("new", "never run", None)]
    put(bench, record_of(found))
    (done,) = plan(bench).cells
    assert (done.state, done.why) == ("done", "ok") and done.record is not None
    assert list(done.record.metrics) == ["psnr"]
    picture(bench.data / "test/a.png", seed=9)
    (stale,) = plan(bench).cells
    assert (stale.state, stale.why) == ("stale", "changed: the pictures of the test split changed")
    assert stale.cell.key != done.cell.key


def test_what_ranks_is_no_part_of_a_key(bench: InProcess) -> None:
    put(bench, record_of(plan(bench, metrics=["psnr", "mae"])))
    (cell,) = plan(bench, metrics=["psnr", "mae"], rank_by="mae").cells
    assert cell.state == "done"


def test_a_file_that_lr_is_made_with_is_part_of_the_key_and_watched_by_training_and_scoring(bench: InProcess) -> None:
    def planned(fill: float) -> PlannedCell:
        fits.PrimaryHDU(np.full((3, 3), fill) + np.eye(3)).writeto(bench.root / "psf.fits", overwrite=True)
        steps = [{"psf": {"file": "psf.fits"}}, {"noise": {"sigma": 0.1}}]
        blurred = {"use": "x2-rgb", "as": "blurred", "degradation": steps}
        train = {**TRAIN, "on": ["same"]}
        (cell,) = plan(bench, methods=LEARNER["methods"][1:], train=train, protocols=[blurred]).cells
        return cell

    first, other = planned(0.0), planned(1.0)
    assert other.training is not None and first.training is not None
    assert first.cell.key != other.cell.key and first.training.key != other.training.key
    seen = SeenFile(bench.root / "psf.fits", sha256(bench.root / "psf.fits"))
    assert other.evaluation().judging_files == other.training.files == (seen,)
    assert [use.name for use in other.evaluation().degradations] == ["psf(file=psf.fits)", "noise(sigma=0.1)"]


@pytest.mark.parametrize(
    ("status", "retry", "state"),
    [
        ("failed", (), "done"),
        ("failed", ("failed",), "retry"),
        ("failed", ("timeout",), "done"),
        ("killed", (), "retry"),
        ("skipped", ("failed",), "done"),
        ("ok", ("ok",), "retry"),
    ],
)
def test_what_is_repeated_is_what_was_asked_for_and_what_was_killed(
    bench: InProcess, status: Any, retry: tuple[Any, ...], state: str
) -> None:
    put(bench, record_of(plan(bench), status=status, reason="why"))
    (cell,) = plan(bench, retry=retry).cells
    assert cell.state == state
    assert state == "done" or (cell.why, len(cell.metrics)) == (f"{status}: why", 1)


def test_only_metrics_without_a_result_are_to_be_scored(bench: InProcess) -> None:
    put(bench, record_of(plan(bench)))
    (cell,) = plan(bench, metrics=["psnr", "mae"]).cells
    assert (cell.state, cell.why) == ("stale", "to be scored: mae")
    assert [scoring.metric.name for scoring in cell.metrics] == ["mae"]
    assert cell.stored is not None  # its SR need not be made again
    assert set(cell.keys) == {"psnr", "mae"}


@pytest.mark.parametrize(
    ("result", "retry", "asked"),
    [
        ({"status": "failed"}, (), []),
        ({"status": "failed"}, ("failed",), ["psnr"]),
        ({"status": "failed", "again": True}, (), ["psnr"]),
        ({"status": "skipped"}, ("failed",), []),
    ],
)
def test_a_metric_that_failed_is_repeated_when_asked_for(
    bench: InProcess, result: dict[str, Any], retry: tuple[Any, ...], asked: list[str]
) -> None:
    found = plan(bench)
    key = found.cells[0].keys["psnr"]
    put(bench, record_of(found, metrics={key: MetricResult(key=key, name="psnr", reason="x", **result)}))
    (cell,) = plan(bench, retry=retry).cells
    assert [scoring.metric.name for scoring in cell.metrics] == asked


def test_damaged_tables_and_pictures_are_found_whatever_is_asked_for(bench: InProcess) -> None:
    found = plan(bench)
    record = record_of(found, images={"a": "a.png"})
    folder = emptied(bench.store, "cells", record.key)
    (folder / "images").mkdir()
    for name in ("scores.parquet", "images/a.png"):
        (folder / name).write_bytes(b"sound")
    record.files = bench.store.hashes("cells", record.key, ["scores.parquet", "images/a.png"])
    bench.store.write("cells", record)
    (folder / "images/a.png").write_bytes(b"other")
    for cell in (
        plan(bench).cells[0],
        plan(bench, verify=True).cells[0],
        plan(bench, metrics=["psnr", "mae"]).cells[0],
    ):
        assert (cell.state, cell.why) == ("stale", "damaged: images/a.png is not the file that was written")
        assert cell.stored is None and cell.record is None
        assert len(cell.metrics) == len(cell.keys)
    (folder / "images/a.png").write_bytes(b"sound")
    half = {"images/a.png": record.files["images/a.png"]}  # as a run that was ended between SR and scores leaves it
    bench.store.write("cells", msgspec.structs.replace(record, files=half, metrics={}))
    (cell,) = plan(bench).cells
    assert cell.state == "stale" and cell.why.startswith("to be scored: psnr") and not cell.damage
    bench.store.write("cells", record)
    assert plan(bench, metrics=["psnr"]).cells[0].state == "done"
    (folder / "scores.parquet").write_bytes(b"other")
    (cell,) = plan(bench, metrics=["psnr"]).cells
    assert cell.damage == "damaged: scores.parquet is not the file that was written"
    assert cell.stored is not None  # the pictures are sound: they are only scored again


def test_a_finished_cell_is_read_once_until_something_of_it_changes_or_somebody_asks(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "TICK_NS", -1)
    record = put(bench, record_of(plan(bench)))
    read: list[str] = []

    def reading(path: Path) -> bytes | None:
        if path.parent.name == record.key:
            read.append(path.name)
        return bytes_of(path)

    monkeypatch.setattr(records, "bytes_of", reading)
    assert plan(bench).cells[0].state == "done" and read.pop() == "record.json"
    (cell,) = plan(bench).cells
    assert (cell.state, cell.why, cell.status, cell.went_well) == ("done", "ok", "ok", True) and not read
    assert cell.record == record.as_asked(cell.keys) and read.pop() == "record.json"
    assert plan(bench, metrics=["psnr", "mae"]).cells[0].why == "to be scored: mae" and read.pop() == "record.json"
    assert plan(bench, metrics=["psnr"], verify=True).cells[0].state == "done" and read.pop() == "record.json"
    bench.store.write("cells", msgspec.structs.replace(record, status="failed", reason="why"))
    (cell,) = plan(bench).cells
    assert (cell.why, cell.went_well) == ("why", False) and read.pop() == "record.json"
    assert plan(bench).cells == (cell,) and not read
    assert plan(bench, retry=("failed",)).cells[0].state == "retry" and not read


def test_what_cannot_be_run_has_its_verdict_and_the_others_go_on(bench: InProcess) -> None:
    broken = bench.root / "broken"
    shutil.copytree(bench.data, broken)
    (broken / "test" / "a.png").write_bytes(b"no picture")
    missing = {"use": "set5"}
    uses = [{"use": "folder", "as": "broken", "path": str(broken)}, *bench.content["datasets"], missing]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRBENCH_DATA", str(bench.root / "nothing"))
        bad, fine, absent = plan(bench, datasets=uses).cells
    assert bad.verdict is not None and bad.verdict[0] == "failed" and "a.png" in bad.verdict[1]
    assert absent.verdict is not None and absent.verdict[0] == "skipped" and "set5" in absent.verdict[1]
    assert (fine.verdict, fine.state) == (None, "new")
    assert bad.metrics == absent.metrics == ()


def test_another_version_of_a_package_is_told_where_nothing_is_stale(bench: InProcess) -> None:
    found = plan(bench)
    put(bench, record_of(found, environment={"packages": {"torch": "0.1", "srbench": "0"}}))
    (cell,) = plan(bench).cells
    assert cell.state == "done"
    assert cell.why.startswith("ok; torch 0.1 -> ") and cell.why.endswith(" since this was made")


def test_planning_writes_nothing_into_the_store(bench: InProcess) -> None:
    plan(bench)
    assert not bench.store.root.exists()
    store = Store(bench.root / "nowhere")
    make_plan(read_matrix(bench.matrix), store)
    assert not store.root.exists()
    assert json.loads((bench.root / "matrix.yaml").read_text())["name"] == "m"


def test_a_training_that_was_interrupted_is_said_to_go_on(bench: InProcess) -> None:
    found = plan(bench, **LEARNER, train={"on": ["same"], "budget": {"steps": 4}})
    training = found.cells[1].training
    assert training is not None and found.cells[1].why == "never run"
    checkpoint = bench.store.folder("models", training.key) / "checkpoint"
    checkpoint.mkdir(parents=True)
    assert plan(bench).cells[1].why == "never run", "nothing was written yet"
    (checkpoint / "checkpoint.pt").touch()
    assert plan(bench).cells[1].why == "never run; its training was interrupted and goes on from its checkpoint"


def test_a_generator_of_classes_is_not_run_where_images_have_none(bench: InProcess) -> None:
    asked = {"task": "generation", "samples": 2, "protocols": ["32px"], "metrics": ["pairwise-ssim"]}
    train = {"on": ["same"], "budget": {"steps": 1}}
    generators = [
        {"use": "ddpm-generator", "as": kind, "preset": "small", "classes": kind} for kind in ("none", "apart")
    ]
    free, labelled = plan(bench, **asked, train=train, methods=generators).cells
    assert free.verdict is None and free.tested == (), "no image that is made is one of the test split"
    assert labelled.verdict == ("skipped", "needs labels; data has none")


def test_images_that_two_datasets_have_are_said_to_be_counted_twice(bench: InProcess) -> None:
    (once,) = bench.content["datasets"]
    half = bench.root / "half"
    shutil.copytree(bench.data, half)
    picture(half / "test/b.png", 77)
    found = plan(bench, datasets=[once, {"use": "folder", "as": "half", "path": str(half)}])
    first, second = found.cells
    assert first.warnings == ()
    (said,) = second.warnings
    assert said.startswith("half: 1 of its 2 test images are in data, too;")


def test_a_test_image_that_a_training_set_has_in_another_form_is_told_where_it_was_learned_from(
    bench: InProcess,
) -> None:
    coffee = data.coffee()
    for name, image in {
        "data/train/own": data.chelsea(),
        "data/test/cup": np.ascontiguousarray(resized(coffee)[:, ::-1]),
        "other/train/kaffee": coffee,
        "other/test/y": data.rocket(),
    }.items():
        path = bench.root / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, image)
    train = {**TRAIN, "on": ["same", {"use": "folder", "as": "other", "path": str(bench.root / "other")}]}
    bicubic, same, other = plan(bench, **LEARNER, train=train).cells
    assert bicubic.warnings == same.warnings == ()
    assert other.warnings == (
        "1 of 3 test images of data looks like a training image of other, so probably seen in training: "
        "cup (like kaffee, mirrored)",
    )
    assert (other.verdict, other.state) == (None, "new"), "likeness is no proof"
    assert other.evaluation().warnings == other.warnings, "so that it stands in the record"


def test_pixels_that_are_the_same_are_still_refused(bench: InProcess) -> None:
    shutil.copy(bench.data / "test/a.png", bench.data / "train/x.png")
    _, refused = plan(bench, **LEARNER, train={**TRAIN, "on": ["same"]}).cells
    assert refused.verdict is not None and refused.verdict[0] == "failed"
    assert "1 of 2 test images are in the training split of data: " in refused.verdict[1]


def test_a_picture_that_a_split_has_twice_is_told(bench: InProcess) -> None:
    write_image(bench.data / "test/cup.png", data.coffee())
    write_image(bench.data / "test/upright.png", np.ascontiguousarray(np.rot90(resized(data.coffee()))))
    (cell,) = plan(bench).cells
    assert cell.warnings == ("data, test split: cup and upright (turned) look alike, and count as two",)


def resized(image: np.ndarray) -> np.ndarray:
    """Half as large."""
    return np.asarray(Pillow.fromarray(image).resize((image.shape[1] // 2, image.shape[0] // 2)))


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EMFILE, errno.ESTALE])
@pytest.mark.parametrize(
    "where",
    [
        "srbench_images.folder.Folder.test",
        "srbench_bicubic.interpolation.Bicubic.__init__",
        "srbench_fidelity.pixelwise.Psnr.__init__",
    ],
)
def test_a_fault_of_the_machine_ends_the_plan_and_is_no_verdict_on_a_plugin(
    bench: InProcess, monkeypatch: pytest.MonkeyPatch, where: str, number: int
) -> None:
    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    matrix = read_matrix(bench.matrix)
    monkeypatch.setattr(where, fails)
    with pytest.raises(OSError, match=os.strerror(number)):
        make_plan(matrix, bench.store)
