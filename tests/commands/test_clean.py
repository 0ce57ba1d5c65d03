"""A store that is cleaned still says what it said, loses only what was named, and nothing of anybody else's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from bench_in_process import InProcess, plan
from hypothesis import given, settings
from hypothesis import strategies as st
from made_records import contents, made_cell, made_failure, made_model

from srbench.commands.clean import KINDS, Kind, check_free, clean, removable
from srbench.leaderboard.board.contents import Board, BoardCell
from srbench.leaderboard.board.kept import keep_board
from srbench.pictures import Values
from srbench.store.cell import digest
from srbench.store.files import StoreError
from srbench.store.frames import read_scores
from srbench.store.lease import Lease
from srbench.store.merge import merge
from srbench.store.record import MetricResult, Record
from srbench.store.records import Store
from srbench.store.references import Reference, References
from srbench.store.verify import faults

HR = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def places(store: Store, kind: Kind) -> list[str]:
    return sorted(one.path.relative_to(store.root).as_posix() for one in removable(store) if one.kind == kind)


def place(store: Store, record: Record, name: str = "") -> str:
    return (store.folder("cells", record.key) / name).relative_to(store.root).as_posix()


def with_training(store: Store, record: Record) -> Record:
    """The cell with SR of a training split, too."""
    folder = store.folder("cells", record.key) / "images_train"
    folder.mkdir()
    (folder / "c.png").write_bytes(b"SRc")
    files = record.files | store.hashes("cells", record.key, ["images_train/c.png"])
    record = msgspec.structs.replace(record, files=files, training_images={"c": "c.png"}, training_split="t")
    store.write("cells", record)
    return record


def with_samples(store: Store, record: Record) -> Record:
    """The cell with a sample of its SR, too."""
    folder = store.folder("cells", record.key) / "images_samples"
    folder.mkdir()
    (folder / "a.001.png").write_bytes(b"sample")
    files = record.files | store.hashes("cells", record.key, ["images_samples/a.001.png"])
    record = msgspec.structs.replace(record, files=files, samples=1)
    store.write("cells", record)
    return record


def test_what_killed_writers_and_runs_left_goes_and_a_begun_training_stays(store: Store) -> None:
    done, begun = made_model(store, "done"), made_model(store, "begun", status="timeout")
    for record in (done, begun):
        (store.folder("models", record.key) / "checkpoint").mkdir()
        (store.folder("models", record.key) / "checkpoint/checkpoint.pt").write_bytes(b"12345")
    (store.root / "jobs/abc").mkdir(parents=True)
    (store.root / "jobs/abc/job.json").write_bytes(b"{}")
    (store.root / "boards").mkdir()
    (store.root / "boards/.srbench-1-2").write_bytes(b"123")
    sizes = {one.path.name: one.bytes for one in removable(store) if one.kind == "leftovers"}
    assert sizes == {"checkpoint": 5, "abc": 2, ".srbench-1-2": 3}
    before = contents(store)
    removed = clean(store, ["leftovers"])
    assert sorted(one.path.name for one in removed) == [".srbench-1-2", "abc", "checkpoint"]
    gone = {name for name in before if name not in contents(store)}
    assert len(gone) == 3 and all("begun" not in name for name in gone)
    assert (store.folder("models", begun.key) / "checkpoint/checkpoint.pt").exists()
    assert store.read("models", done.key) is not None


def test_models_and_references_that_no_record_names_and_no_others(store: Store) -> None:
    named, meant, idle = (made_model(store, name) for name in ("named", "meant", "idle"))
    made_model(store, "failed", status="failed")
    made_cell(store, "ok", model=named.key)
    ingredients = {"method": "n", "model": meant.ingredients}  # of a cell that failed before it had SR
    store.write("cells", Record(key=digest(ingredients), schema=2, status="failed", ingredients=ingredients))
    used = References.of(store.root, {"method": "ok"})
    for one in (used, References(store.root / "references/ab/abcd")):
        one.keep([("one", Reference(HR, Values(0, 255)))])
    model = store.folder("models", idle.key).relative_to(store.root).as_posix()
    assert places(store, "unnamed") == [model, "references/ab/abcd"]
    clean(store, ["unnamed"])
    assert places(store, "unnamed") == [] and list(faults(store)) == []
    assert {record.point["model"] for record in store.records("models")} == {"named", "meant", "failed"}
    assert used.files()


def test_checkpoints_are_those_of_finished_trainings_that_somebody_names(store: Store) -> None:
    named, idle, failed = (made_model(store, name) for name in ("named", "idle", "failed"))
    store.write("models", msgspec.structs.replace(failed, status="failed"))
    for place, record in enumerate((named, idle, failed)):
        store.last_checkpoint(record.key).write_bytes(b"checkpoint"[: 5 + place])
    made_cell(store, "x", model=named.key)
    sizes = {one.path: (one.kind, one.bytes) for one in removable(store)}
    assert sizes[store.last_checkpoint(named.key)] == ("checkpoints", 5)
    assert sizes[store.folder("models", idle.key)][0] == "unnamed", "and the checkpoint goes with it"
    assert places(store, "checkpoints") == [str(store.last_checkpoint(named.key).relative_to(store.root))]
    clean(store, ["checkpoints"])
    left = [store.last_checkpoint(record.key).exists() for record in (named, idle, failed)]
    assert left == [False, True, True] and list(faults(store)) == []
    assert store.read("models", named.key) == named


def test_a_model_that_another_went_on_from_is_named(store: Store) -> None:
    first, second = made_model(store, "first"), made_model(store, "second")
    before = {"model": second.key, "budget": {"steps": 20}, "from": {"model": first.key, "budget": {"steps": 10}}}
    ingredients = {"method": "n", "model": {"model": "third", "from": before}}
    store.write("cells", Record(key=digest(ingredients), schema=2, status="ok", ingredients=ingredients))
    assert places(store, "unnamed") == []


def test_models_are_not_unnamed_for_records_that_cannot_be_read_or_are_still_to_come(store: Store) -> None:
    made_model(store, "m")
    record = made_cell(store, "x")
    path = store.folder("cells", record.key) / "record.json"
    path.write_bytes(path.read_bytes()[:-9])
    assert places(store, "unnamed") == []
    path.unlink()
    assert places(store, "unnamed") == []


def test_models_that_only_a_conflict_names_stay(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    model = made_model(other, "m")
    made_cell(other, "x", sr=b"other", model=model.key)
    made_cell(store, "x")
    merge(other, store)
    assert places(store, "unnamed") == []
    clean(store, ["conflicts"])
    assert not (store.root / "conflicts").exists() and len(places(store, "unnamed")) == 1


def test_pictures_are_those_of_cells_that_have_all_that_was_asked_for(store: Store) -> None:
    whole, asked = made_cell(store, "whole"), made_cell(store, "asked")
    for name, result in {
        "failed": MetricResult(key="q", name="q", status="failed", reason="why"),
        "again": MetricResult(key="q", name="q", status="skipped", again=True),
    }.items():
        record = made_cell(store, name)
        store.write("cells", msgspec.structs.replace(record, metrics=record.metrics | {"q": result}))
    made_cell(store, "unscored", metrics={})
    made_failure(store, "bad")
    cell = BoardCell("d", "p", "m", None, None, asked.key, metrics={"ssim": "later"})
    keep_board(store, Board(name="b", title="b", task="t", path="m.yaml", cells=[cell]))
    assert places(store, "pictures") == [place(store, whole, "images")]


def test_a_cleaned_cell_has_its_scores_and_no_fault_and_is_filled_again_by_a_merge(
    store: Store, tmp_path: Path
) -> None:
    record = with_training(store, made_cell(store, "x"))
    shutil.copytree(store.root, tmp_path / "copy")
    before = read_scores(store, record)
    clean(store, ["pictures", "training-pictures"])
    (after,) = store.records("cells")
    assert read_scores(store, after) == before and list(faults(store)) == []
    assert (after.training_images, after.training_split, after.images) == ({}, "", record.images)
    assert list(removable(store)) == []
    folder = store.folder("cells", record.key)
    assert sorted(path.name for path in folder.iterdir()) == ["log.txt", "record.json", "scores.parquet"]
    assert merge(Store(tmp_path / "copy"), store).completed == 1
    assert list(store.records("cells")) == [record] and (folder / "images/a.png").read_bytes() == b"SRa"


def test_samples_go_as_if_they_had_never_been_drawn(store: Store, tmp_path: Path) -> None:
    record = with_samples(store, made_cell(store, "x"))
    shutil.copytree(store.root, tmp_path / "copy")
    assert places(store, "samples") == [place(store, record, "images_samples")]
    clean(store, ["samples"])
    (after,) = store.records("cells")
    assert after.samples == 0 and not any("samples" in name for name in after.files) and list(faults(store)) == []
    assert places(store, "pictures") == [place(store, record, "images")]
    assert merge(Store(tmp_path / "copy"), store).completed == 1
    assert list(store.records("cells")) == [record]
    assert (store.folder("cells", record.key) / "images_samples/a.001.png").read_bytes() == b"sample"


def test_a_metric_that_is_added_to_a_cleaned_cell_has_the_others_come_out_the_same(tmp_path: Path) -> None:
    bench = InProcess(tmp_path)
    before = bench.run()
    clean(bench.store, ["pictures"])
    planned = plan(bench, metrics=["psnr", "ssim"]).cells[0]
    assert (planned.state, planned.why) == ("stale", "damaged: images/a.png is gone")
    after = bench.do(planned.evaluation())
    results = {result.name: result for result in after.metrics.values()}
    assert results.keys() == {"psnr", "ssim"} and all(result.status == "ok" for result in results.values())
    assert results["psnr"] == next(iter(before.metrics.values()))
    assert after.images == before.images and list(faults(bench.store)) == []


def test_what_somebody_else_put_into_a_folder_keeps_it(store: Store, tmp_path: Path) -> None:
    record, model = made_cell(store, "x"), made_model(store, "m")
    (store.folder("cells", record.key) / "images/notes.txt").write_bytes(b"mine")
    (store.folder("models", model.key) / "link").symlink_to(tmp_path)
    linked = made_cell(store, "linked")
    images = store.folder("cells", linked.key) / "images"
    images.rename(tmp_path / "elsewhere")
    images.symlink_to(tmp_path / "elsewhere")
    assert list(removable(store)) == []
    before = contents(store)
    clean(store, KINDS)
    assert contents(store) == before and (tmp_path / "elsewhere/a.png").exists()


@settings(max_examples=15, deadline=None)
@given(kinds=st.sets(st.sampled_from(KINDS)))
def test_what_was_not_named_is_untouched(tmp_path_factory: pytest.TempPathFactory, kinds: set[Kind]) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    made_model(store, "idle")
    model = made_model(store, "named")
    store.last_checkpoint(model.key).write_bytes(b"last")
    with_samples(store, with_training(store, made_cell(store, "x", model=model.key)))
    other = Store(tmp_path_factory.mktemp("other"))
    made_cell(other, "x", sr=b"other")
    merge(other, store)
    listed = {one.path: one.kind for one in removable(store)}
    assert {*listed.values()} == {*KINDS} - {"leftovers"}
    clean(store, kinds)
    assert {path for path in listed if not path.exists()} == {path for path, kind in listed.items() if kind in kinds}
    assert list(faults(store)) == []


def test_a_clean_that_is_killed_leaves_no_half_folder(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with_training(store, made_cell(store, "x"))
    for stop in ("srbench.commands.clean.remove", "pathlib.Path.rename"):
        with monkeypatch.context() as patch:
            patch.setattr(stop, lambda *_: os.kill(os.getpid(), 9))
            child = os.fork()
            if not child:
                clean(store, ["pictures", "training-pictures"])
            assert os.waitpid(child, 0)[1] == 9
        assert list(faults(store)) == []
    clean(store, ["pictures", "training-pictures"])
    assert list(removable(store)) == [] and list(faults(store)) == []


def test_a_store_that_a_run_holds_is_let_alone(store: Store) -> None:
    made_cell(store, "x")
    check_free(store)
    with Lease(store.root, "a run of m"):
        with pytest.raises(StoreError, match=r"is in use \(a run of m, process .*\); clean it when that is done"):
            check_free(store)
        with pytest.raises(StoreError, match="is in use"):
            clean(store, KINDS)
    assert places(store, "pictures")
