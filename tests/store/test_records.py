"""The store: records survive, the index is only a cache, and one run holds it at a time."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from unittest.mock import Mock

import pyarrow as pa
import pytest
from made_records import SCORES, contents, made_cell, made_record

from srbench.store.files import StoreError, temporary_in
from srbench.store.record import Record
from srbench.store.records import Store


def test_a_record_reads_as_it_was_written(store: Store) -> None:
    record = made_record()
    store.write("cells", record)
    assert store.read("cells", record.key) == record
    assert list(store.records("cells")) == [record]
    assert store.read("models", record.key) is None


def test_a_damaged_record_counts_as_none(store: Store) -> None:
    record = made_record()
    store.write("cells", record)
    (store.folder("cells", record.key) / "record.json").write_text('{"key": "ab')
    assert store.read("cells", record.key) is None
    assert list(store.records("cells")) == []


def test_cells_are_found_by_label_and_by_the_start_of_their_key(store: Store) -> None:
    old, new = made_record("11" * 32), made_record("22" * 32, started="2026-02-01")
    for record in (old, new):
        store.write("cells", record)
    assert store.find("cells", "set5/x4-y/bicubic") == new
    assert store.find("cells", "1111") == old
    with pytest.raises(StoreError, match="Did you mean 'set5/x4-y/bicubic'"):
        store.find("cells", "set5/x4-y/bicubc")


def test_of_the_checkpoints_of_a_training_that_went_well_the_next_run_keeps_the_last(store: Store) -> None:
    well, begun = made_record("aa" * 32), made_record("bb" * 32)
    begun.status = "killed"
    kept = [store.folder("models", record.key) / "checkpoint" for record in (well, begun)]
    for record, checkpoint in zip((well, begun), kept, strict=True):
        store.write("models", record)
        checkpoint.mkdir()
        (checkpoint / "checkpoint.pt").write_bytes(b"?")
        (checkpoint / "checkpoint.previous.pt").write_bytes(b"??")
    store.settle(alone=True)
    assert [checkpoint.exists() for checkpoint in kept] == [False, True]
    assert store.last_checkpoint(well.key).read_bytes() == b"?"
    assert not store.last_checkpoint(begun.key).exists()
    assert not store.lost_record("models", well.key)


def test_of_an_extractor_that_has_learned_no_checkpoint_is_kept(store: Store) -> None:
    record = made_record("aa" * 32)
    store.write("extractors", record)
    (folder := store.folder("extractors", record.key) / "checkpoint").mkdir()
    (folder / "checkpoint.pt").write_bytes(b"?")
    store.settle(alone=True)
    assert [path.name for path in folder.parent.iterdir()] == ["record.json"]


@pytest.mark.parametrize("step", ["write_table", "Store.write"])
def test_a_record_and_its_scores_are_replaced_together_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    record = made_cell(store, "x", metrics={"psnr": 1.0})
    whole = contents(store)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"srbench.store.records.{step}", Mock(side_effect=KeyboardInterrupt))
        store.write_with_scores(record, pa.Table.from_pylist([], SCORES))
    store.settle(alone=True)
    assert contents(store) == whole
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", Mock(side_effect=KeyboardInterrupt))
        store.write_with_scores(record, pa.Table.from_pylist([], SCORES))
    store.settle(alone=True)
    assert contents(store).keys() == whole.keys() and contents(store) != whole
    (after,) = store.records("cells")
    assert not store.damage("cells", after)


@pytest.mark.parametrize("place", ["", "boards", "cells/aa/KEY", "models/aa/KEY", "references/aa/KEY/LR"])
def test_what_a_writer_left_whose_disk_had_failed_goes_with_the_next_run(store: Store, place: str) -> None:
    record = made_record("aa" * 32)
    store.write("cells", record)
    folder = store.root / place.replace("KEY", record.key)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".srbench-7479-c4ed58abac19").write_bytes(b"half")
    store.settle(alone=True)
    assert not list(store.root.rglob(".srbench-*"))
    assert store.read("cells", record.key) == record


def test_nothing_outside_the_store_is_looked_for_by_a_key(store: Store) -> None:
    with pytest.raises(StoreError, match="no key"):
        store.read("models", "../../secret")


def test_records_that_go_while_one_reads_and_rows_that_are_damaged_cost_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    for key in ("aa1", "aa2", "aa3"):
        store.write("cells", Record(key=key, schema=1, status="ok"))
    assert [record.key for record in store.records("cells")] == ["aa1", "aa2", "aa3"]
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        database.execute("UPDATE records SET record = 7 WHERE key = 'aa1'")
        database.execute("UPDATE records SET record = x'7b' WHERE key = 'aa2'")
    assert [record.key for record in store.records("cells")] == ["aa1", "aa2", "aa3"]
    read = Path.read_bytes

    def gone(path: Path) -> bytes:
        if path.parent.name == "aa3":
            path.unlink()
        return read(path)

    (tmp_path / "index.sqlite").unlink()
    monkeypatch.setattr(Path, "read_bytes", gone)
    assert [record.key for record in store.records("cells")] == ["aa1", "aa2"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES, errno.EMFILE])
def test_a_file_that_cannot_be_read_now_does_not_count_as_gone(store: Store, number: int) -> None:
    record = Record(key="ab" * 32, schema=1, status="ok", files={"weights": "0" * 64})

    def hashed(path: Path) -> str:
        raise OSError(number, os.strerror(number), str(path))

    with pytest.raises(StoreError, match=f"weights: cannot be read: {os.strerror(number)}"):
        store.damage("models", record, hashed=hashed)
    assert store.damage("models", record) == "damaged: weights is gone"


def test_a_record_that_cannot_be_read_now_does_not_count_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    store.write("cells", Record(key="aa1", schema=1, status="ok"))

    def fail(path: Path) -> bytes:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(StoreError, match=r"record\.json: cannot be read: Stale file handle"):
        store.read("cells", "aa1")


def test_what_a_job_that_outlives_its_run_is_writing_is_let_alone(store: Store) -> None:
    store.create()
    (folder := store.root / "cells/aa/aab").mkdir(parents=True)
    (temporary := temporary_in(folder)).touch()
    (store.root / "jobs/aab").mkdir(parents=True)
    (marker := store.root / "jobs/aab/lasting").touch()
    store.settle(alone=True)
    assert temporary.exists()
    marker.unlink()
    store.settle(alone=True)
    assert not temporary.exists()
