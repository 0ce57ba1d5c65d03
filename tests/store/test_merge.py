"""Merging is a set union: nothing is lost, nothing is doubled, and whatever ends it, it goes on."""

from __future__ import annotations

import os
import shutil
import sys
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from made_records import contents, made_cell, made_failure, made_model

from srbench.pictures import Values
from srbench.runner.supervision.at_work import at_work_in
from srbench.store.conflicts import conflicts
from srbench.store.files import StoreError, sha256_of
from srbench.store.frames import read_scores
from srbench.store.merge import Merged, merge
from srbench.store.record import MetricResult, Record, Status
from srbench.store.records import Store
from srbench.store.references import Reference, References
from srbench.store.seal import sealed
from srbench.store.verify import faults
from srbench.store.votes import Picture, Session, keep_key, keep_session


@pytest.fixture
def source(tmp_path: Path) -> Store:
    return Store(tmp_path / "source")


@pytest.fixture
def target(tmp_path: Path) -> Store:
    target = Store(tmp_path / "target")
    target.create()
    return target


def counts(merged: Merged) -> tuple[int, int, int, int, int]:
    return merged.taken, merged.completed, merged.there, len(merged.conflicts), len(merged.faults)


def filled(store: Store) -> Store:
    """A store with something of everything."""
    model = made_model(store, "m")
    store.last_checkpoint(model.key).write_bytes(b"its last checkpoint")
    made_cell(store, "learner", model=model.key)
    made_cell(store, "bicubic", metrics={"psnr": 20.0, "ssim": 0.5})
    made_failure(store, "bad")
    hr = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    References(store.root / "references/ab/abcd").keep([("one", Reference(hr, Values(0, 255), lr=hr))])
    (store.root / "boards").mkdir()
    (store.root / "boards/m-1.json").write_bytes(sealed(b'{"name":"m"}'))
    keep_key(store, "c" * 64, {"id": Picture("set5", "x4-y", "baby", "hr")})
    keep_session(store, Session(study="c" * 64, session="s", kind="pairs", seed=1, pictures=(), answers=()))
    return store


def test_an_empty_target_becomes_what_the_source_is_and_the_source_is_only_read(source: Store, target: Store) -> None:
    whole = contents(filled(source))
    (checkpoint := source.folder("models", made_model(source, "m").key) / "checkpoint").mkdir()
    (checkpoint / "checkpoint.pt").write_bytes(b"work that is done")
    paths = [source.root, *source.root.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    assert counts(merge(source, target)) == (4, 0, 0, 0, 0)
    for path in paths:
        path.chmod(path.stat().st_mode | 0o200)
    assert contents(target) == whole
    work = checkpoint / "checkpoint.pt"
    assert contents(source) == {**whole, str(work.relative_to(source.root)): sha256_of(work)}
    assert list(faults(target)) == []


def test_merging_twice_changes_no_file(source: Store, target: Store) -> None:
    merge(filled(source), target)
    before = {path: path.stat().st_mtime_ns for path in target.root.rglob("*") if path.is_file()}
    assert counts(merge(source, target)) == (0, 0, 4, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in target.root.rglob("*") if path.is_file()} == before


def test_metrics_that_either_has_are_united_with_their_scores(source: Store, target: Store) -> None:
    made_cell(target, "m", metrics={"psnr": 30.0, "ssim": 0.9})
    made_cell(source, "m", metrics={"mae": 2.0, "ssim": 0.9 + 1e-13})
    assert counts(merge(source, target)) == (0, 1, 0, 0, 0)
    (record,) = target.records("cells")
    assert {name: result.value for name, result in record.metrics.items()} == {"psnr": 30.0, "ssim": 0.9, "mae": 2.0}
    scores = {metric: [*images.values()] for metric, images in read_scores(target, record).items()}
    assert scores == {"psnr": [29.0, 31.0], "ssim": [pytest.approx(-0.1), 1.9], "mae": [1.0, 3.0]}
    assert list(faults(target)) == []


def test_another_score_is_a_conflict_of_which_both_sides_are_kept(source: Store, target: Store) -> None:
    kept = made_cell(target, "m", metrics={"psnr": 30.0})
    other = made_cell(source, "m", metrics={"psnr": 30.25, "ssim": 0.5})
    for _ in range(2):
        (conflict,) = merge(source, target).conflicts
        (found,) = conflicts(target)
        assert (conflict.label, conflict.kept) == ("m", target.folder("cells", kept.key))
        assert conflict.other == found.folder("cells", kept.key)
        (difference,) = conflict.differences
        assert (difference.what, difference.kept, difference.other) == ("psnr", "30 (n = 2)", "30.25 (n = 2)")
        assert [record.metrics["psnr"].value for record in target.records("cells")] == [30.0]
        assert list(found.records("cells")) == [other]
        assert [*faults(target), *faults(found)] == []
    (record,) = target.records("cells")
    assert record.metrics["ssim"].value == 0.5, "which nothing contradicts"


def test_other_sr_is_a_conflict_and_its_scores_are_not_mixed_with_those_of_this(source: Store, target: Store) -> None:
    before = made_cell(target, "m", sr=b"one", metrics={"psnr": 30.0})
    made_cell(source, "m", sr=b"two", metrics={"ssim": 0.5})
    (conflict,) = merge(source, target).conflicts
    assert [difference.what for difference in conflict.differences] == ["images/a.png and 1 more"]
    assert list(target.records("cells")) == [before]
    assert (conflict.other / "images/a.png").read_bytes() == b"twoa"


def test_a_model_with_other_weights_is_a_conflict_and_one_with_other_times_is_not(source: Store, target: Store) -> None:
    for store, name, weights, time in ((target, "m", b"1", b"3 s"), (source, "m", b"1", b"4 s")):
        record = made_model(store, name, weights)
        (store.folder("models", record.key) / "history.csv").write_bytes(time)
        store.write(
            "models",
            msgspec.structs.replace(record, files=store.hashes("models", record.key, ["weights", "history.csv"])),
        )
    assert counts(merge(source, target)) == (0, 0, 1, 0, 0)
    made_model(source, "m", b"2")
    (conflict,) = merge(source, target).conflicts
    assert (conflict.other / "weights").read_bytes() == b"2" and (conflict.kept / "weights").read_bytes() == b"1"


def test_conflicts_of_a_source_go_along(source: Store, target: Store, tmp_path: Path) -> None:
    for store, sr in ((target, b"1"), (source, b"2"), (Store(tmp_path / "third"), b"3")):
        made_cell(store, "m", sr=sr)
    merge(Store(tmp_path / "third"), source)
    merge(source, target)
    found = [store.folder("cells", record.key) for store in conflicts(target) for record in store.records("cells")]
    assert [(folder / "images/a.png").read_bytes() for folder in found] == [b"2a", b"3a"]


@pytest.mark.parametrize("status", ["killed", "failed", "skipped", "timeout"])
def test_ok_takes_the_place_of_what_is_not_and_never_the_other_way(
    source: Store, target: Store, status: Status
) -> None:
    made_failure(target, "m", status)
    well = made_cell(source, "m")
    assert counts(merge(source, target)) == (1, 0, 0, 0, 0)
    assert list(target.records("cells")) == [well]
    made_failure(source, "m", status)
    assert counts(merge(source, target)) == (0, 0, 1, 0, 0)
    assert list(target.records("cells")) == [well]


def test_a_training_that_can_go_on_is_not_lost_to_one_that_was_killed(source: Store, target: Store) -> None:
    record = made_model(source, "m", status="killed", files={})
    begun = target.folder("models", record.key) / "checkpoint/checkpoint.pt"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(b"half")
    merge(source, target)
    assert begun.read_bytes() == b"half" and target.read("models", record.key) == record


@pytest.mark.parametrize("name", ["scores.parquet", "record.json", "weights"])
def test_a_damaged_record_is_not_taken_and_told(source: Store, target: Store, name: str) -> None:
    filled(source)
    (path,) = list(source.root.rglob(name))[-1:]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    (fault,) = merge(source, target).faults
    assert fault.folder == path.parent and name in fault.what
    assert not (target.root / path.parent.relative_to(source.root)).exists()
    assert list(faults(target)) == []


def test_of_a_cell_with_a_damaged_picture_the_scores_are_taken_and_pictures_from_elsewhere(
    source: Store, target: Store, tmp_path: Path
) -> None:
    record = made_cell(source, "m")
    shutil.copytree(source.root, tmp_path / "sound")
    (source.folder("cells", record.key) / "images/b.png").write_bytes(b"?")
    (fault,) = merge(source, target).faults
    assert fault.what == "damaged: images/b.png is not the file that was written"
    folder = target.folder("cells", record.key)
    assert list(target.records("cells")) == [record] and not (folder / "images").exists()
    assert counts(merge(Store(tmp_path / "sound"), target)) == (0, 1, 0, 0, 0)
    assert (folder / "images/b.png").read_bytes() == b"SRb"
    (folder / "images/b.png").write_bytes(b"?")
    assert counts(merge(Store(tmp_path / "sound"), target)) == (0, 1, 0, 0, 0), "which makes good what is damaged"
    assert (folder / "images/b.png").read_bytes() == b"SRb" and list(faults(target)) == []


def test_what_is_damaged_in_the_target_is_made_good_by_a_source(source: Store, target: Store) -> None:
    filled(source)
    merge(source, target)
    whole = contents(target)
    for place in whole:
        if not place.endswith(("log.txt", "record.json")):
            (target.root / place).write_bytes(b"damaged")
    merge(source, target)
    assert contents(target) == whole


def with_samples(store: Store, count: int, **fields: Any) -> Record:
    """A cell with so many samples, each of its own content."""
    record = made_cell(store, "m", **fields)
    folder = store.folder("cells", record.key)
    names = [f"images_samples/a-{place}.png" for place in range(count)]
    (folder / "images_samples").mkdir()
    for name in names:
        (folder / name).write_bytes(name.encode())
    files = record.files | store.hashes("cells", record.key, names)
    record = msgspec.structs.replace(record, samples=count, files=files)
    store.write("cells", record)
    return record


def samples(store: Store, record: Record) -> list[str]:
    """The names of the samples of a cell that are what was written."""
    paths = (store.folder("cells", record.key) / "images_samples").glob("*")
    return sorted(path.name for path in paths if path.read_bytes() == f"images_samples/{path.name}".encode())


def test_of_many_samples_with_one_damaged_none_goes_for_fewer_that_are_sound(source: Store, target: Store) -> None:
    many = with_samples(target, 39)
    folder = target.folder("cells", many.key)
    with_samples(source, 19)
    (folder / "images_samples/a-30.png").write_bytes(b"?")
    assert counts(merge(source, target)) == (0, 0, 1, 0, 0), "the other has nothing for it"
    assert target.read("cells", many.key) == many and len(samples(target, many)) == 38
    (folder / "images_samples/a-7.png").write_bytes(b"?")
    assert counts(merge(source, target)) == (0, 1, 0, 0, 0)
    assert target.read("cells", many.key) == many and len(samples(target, many)) == 38
    shutil.rmtree(folder / "images_samples")
    merge(source, target)
    assert not (folder / "images_samples").exists(), "a folder is whole, or not there"


def test_more_samples_come_along_whole_or_not_at_all(source: Store, target: Store) -> None:
    few, many = with_samples(target, 3), with_samples(source, 5)
    damaged = source.folder("cells", many.key) / "images_samples/a-4.png"
    damaged.write_bytes(b"?")
    assert counts(merge(source, target)) == (0, 0, 1, 0, 1)
    assert target.read("cells", few.key) == few and len(samples(target, few)) == 3 and list(faults(target)) == []
    damaged.write_bytes(b"images_samples/a-4.png")
    assert counts(merge(source, target)) == (0, 1, 0, 0, 0)
    assert target.read("cells", few.key) == many and list(faults(target)) == []


def test_a_record_with_damaged_scores_gives_what_is_sound_of_it_to_the_one_in_its_place(
    source: Store, target: Store
) -> None:
    many = with_samples(target, 39, metrics={"psnr": 30.0, "ssim": 0.5})
    folder = target.folder("cells", many.key)
    (folder / "scores.parquet").write_bytes(b"?")
    few = with_samples(source, 19)
    (folder / "images_samples/a-7.png").write_bytes(b"?")  # which the other has
    (folder / "images/a.png").write_bytes(b"?")
    shutil.rmtree(source.folder("cells", few.key) / "images")
    merged = merge(source, target)
    assert counts(merged) == (0, 0, 0, 0, 1), "of SR neither has both pictures"
    (told,) = merged.made_good
    assert told.what == "damaged: scores.parquet is not the file that was written; gone with it: ssim"
    found = target.read("cells", many.key)
    assert found is not None and (found.samples, list(found.metrics)) == (39, ["psnr"])
    assert len(samples(target, found)) == 39 and list(faults(target)) == []
    (folder / "scores.parquet").write_bytes(b"?")
    (folder / "images_samples/a-30.png").write_bytes(b"?")  # which the other has not
    (told,) = merge(source, target).made_good
    assert told.what.endswith("; gone with it: 20 samples of each SR")
    found = target.read("cells", many.key)
    assert found is not None and found.samples == 19 == len(samples(target, found)) and list(faults(target)) == []


def test_what_is_sound_of_a_damaged_record_is_not_lost_to_another_that_contradicts_it(
    source: Store, target: Store
) -> None:
    kept = made_cell(target, "m", sr=b"one")
    made_cell(source, "m", sr=b"two")
    folder = target.folder("cells", kept.key)
    (folder / "scores.parquet").write_bytes(b"?")
    merged = merge(source, target)
    assert len(merged.conflicts) == 1 and (folder / "images/a.png").read_bytes() == b"onea"
    for image in "ab":
        (folder / f"images/{image}.png").write_bytes(b"?")
    (told,) = merge(source, target).made_good
    assert "scores.parquet" in told.what and (folder / "images/a.png").read_bytes() == b"twoa"


def test_a_model_made_good_keeps_the_checkpoint_from_which_its_training_goes_on(source: Store, target: Store) -> None:
    for store in (source, target):
        record = made_model(store, "m")
    target.last_checkpoint(record.key).write_bytes(b"its last checkpoint")
    (target.folder("models", record.key) / "weights").write_bytes(b"?")
    (told,) = merge(source, target).made_good
    assert told.what == "damaged: weights is not the file that was written"
    assert target.last_checkpoint(record.key).read_bytes() == b"its last checkpoint" and list(faults(target)) == []


def test_a_record_changed_by_hand_or_in_the_place_of_another_is_not_taken(source: Store, target: Store) -> None:
    mine, moved = made_cell(source, "mine"), made_cell(source, "moved")
    source.write("cells", msgspec.structs.replace(mine, ingredients={"method": "theirs"}))
    (source.root / "cells/ff").mkdir()
    source.folder("cells", moved.key).rename(source.folder("cells", "f" * 64))
    assert counts(merge(source, target))[4] == 1 + 1
    assert list(target.records("cells")) == []


def test_pictures_of_the_training_split_and_ceilings_come_along(source: Store, target: Store) -> None:
    made_cell(target, "m")
    record = made_cell(source, "m", metrics={"fid": 3.0})
    folder = source.folder("cells", record.key)
    names = ("images_train/c.png", "images_ceiling/a.png")
    for name in names:
        (folder / name).parent.mkdir()
        (folder / name).write_bytes(name.encode())
    more = {"training_images": {"c": "c.png"}, "training_split": "t", "ceiling_images": {"a": "a.png"}}
    ceiling = {"psnr": MetricResult(key="psnr", name="psnr", value=40.0, n=2)}
    files = record.files | source.hashes("cells", record.key, names)
    source.write("cells", msgspec.structs.replace(record, files=files, ceiling=ceiling, **more))
    assert counts(merge(source, target)) == (0, 1, 0, 0, 0)
    (united,) = target.records("cells")
    assert (united.training_split, united.ceiling) == ("t", ceiling)
    assert all((target.folder("cells", record.key) / name).read_bytes() == name.encode() for name in names)
    assert list(faults(target)) == []


def test_nothing_is_read_or_written_outside_of_the_stores(source: Store, target: Store, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"mine")
    record = made_cell(source, "m")
    log = source.folder("cells", record.key) / "log.txt"
    log.unlink()
    log.symlink_to(secret)
    listed = {"one": {"values": {"low": 0, "high": 1}, "files": {"../../../evil": "ab", "/evil": "ab"}}}
    references = source.root / "references/ab/abcd"
    references.mkdir(parents=True)
    (references / "images.json").write_bytes(sealed(msgspec.json.encode(listed)))
    merge(source, target)
    assert not (target.folder("cells", record.key) / "log.txt").exists()
    assert not list(tmp_path.rglob("evil"))


def test_what_is_no_store_and_the_target_itself_are_refused(source: Store, target: Store) -> None:
    source.create()
    with pytest.raises(StoreError, match="is no store: it has none of the folders cells, models, extractors"):
        merge(source, target)
    with pytest.raises(StoreError, match="cannot be merged into itself"):
        merge(filled(target), Store(target.root / "../target"))


def test_a_full_disk_is_told_as_that_and_not_as_damage_of_the_source(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(source)
    monkeypatch.setattr("srbench.store.merge.bring_in", lambda *_: os.fsync(10**9))
    with pytest.raises(StoreError, match="Bad file descriptor; merge again"):
        merge(source, target)


EACH = 5
"""Of so many changes of the disk the merge is killed at one: at each, the test takes a minute."""
CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir"}


def _killed_at(operation: int, source: Store, target: Store) -> bool:
    """Merge in a process that ends, as by SIGKILL, at its n-th change of the disk; whether it came to that."""
    child = os.fork()
    if not child:
        left = [operation]

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            writes = event == "open" and isinstance(arguments[1], str) and arguments[1][0] in "wxa"
            if writes or event in CHANGES:
                left[0] -= 1
                if left[0] == 0:
                    os._exit(9)

        sys.addaudithook(watch)
        try:
            with at_work_in(target, "a merge", alone=True):
                merge(source, target)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_merge_that_is_killed_anywhere_leaves_what_is_right_and_goes_on(source: Store, tmp_path: Path) -> None:
    filled(source)
    made_cell(source, "both", metrics={"psnr": 30.0, "ssim": 0.5})
    made_cell(source, "other", sr=b"other")
    start = Store(tmp_path / "start")
    made_cell(start, "both", metrics={"psnr": 30.0, "mae": 2.0})
    made_cell(start, "other", sr=b"this")
    made_failure(start, "bicubic", "killed")
    undisturbed = Store(tmp_path / "undisturbed")
    shutil.copytree(start.root, undisturbed.root)
    merge(source, undisturbed)
    whole = contents(undisturbed)
    assert len(conflicts(undisturbed)) == 1
    for operation in count(1, EACH):
        target = Store(tmp_path / f"target-{operation}")
        shutil.copytree(start.root, target.root)
        killed = _killed_at(operation, source, target)
        with at_work_in(target, "a merge", alone=True):
            left = [fault for store in (target, *conflicts(target)) for fault in faults(store)]
            assert left == [], operation
            names = {record.point["method"] for record in target.records("cells") if record.status == "ok"}
            assert {"both", "other"} <= names, operation
            merge(source, target)
        assert contents(target) == whole, operation
        if not killed:
            break
        shutil.rmtree(target.root)
    assert operation > 60
