"""What a plan goes by of a cell is remembered until any file of the cell changes, and says what its record says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from made_records import made_cell

from srbench.store import summary
from srbench.store.file_memory import FileMemory
from srbench.store.files import stamp
from srbench.store.record import MetricResult, Record
from srbench.store.records import Store
from srbench.store.summary import Summaries, Summary


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(summary, "TICK_NS", -1)  # of files that are written in this very moment
    return Store(tmp_path / "store")


def remember(store: Store, *records: Record) -> None:
    summaries = Summaries(store)
    for record in records:
        look = summaries.look(record.key)
        assert look is not None and look.record == record
        summaries.remember(look)
    summaries.write()


def test_cells_that_ended_alike_share_what_is_remembered_of_them(store: Store) -> None:
    one, other, third = made_cell(store, "one"), made_cell(store, "other"), made_cell(store, "third", metrics={})
    remember(store, one, other, third)
    summaries = Summaries(store)
    known = [summaries.known(record.key) for record in (one, other, third)]
    assert known == [(Summary.of(record), True) for record in (one, other, third)]
    assert known[0] is not None and known[1] is not None and known[0].summary is known[1].summary
    assert summaries.known("ab" * 32) is None and summaries.look("ab" * 32) is None


def again(path: Path) -> None:
    """The same content in another file, with the time of the first."""
    other, before = path.with_name("other"), path.stat()
    shutil.copy(path, other)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("name", ["record.json", "scores.parquet", "images/a.png"])
@pytest.mark.parametrize("change", [Path.unlink, again, lambda path: path.write_bytes(path.read_bytes() + b" ")])
def test_nothing_is_known_of_a_cell_of_which_any_file_may_have_changed(
    store: Store, name: str, change: Callable[[Path], object]
) -> None:
    record = made_cell(store, "one")
    remember(store, record)
    change(store.folder("cells", record.key) / name)
    assert Summaries(store).known(record.key) is None


def test_a_folder_of_pictures_that_is_gone_is_no_change_until_it_is_back(store: Store) -> None:
    record = made_cell(store, "one")
    images = store.folder("cells", record.key) / "images"
    shutil.rmtree(images)
    remember(store, record)
    assert Summaries(store).known(record.key) == (Summary.of(record), False)
    images.mkdir()
    assert Summaries(store).known(record.key) is None


def test_what_may_still_change_unseen_is_not_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    record = made_cell(store, "one")
    monkeypatch.setattr(summary, "TICK_NS", 10**18)
    remember(store, record)
    assert Summaries(store).known(record.key) is None


def test_a_file_that_changes_while_it_is_looked_at_is_not_taken_for_what_was_looked_at(store: Store) -> None:
    record = made_cell(store, "one")
    summaries = Summaries(store)
    look = summaries.look(record.key)
    assert look is not None
    again(store.folder("cells", record.key) / "images/a.png")
    summaries.remember(look)
    summaries.write()
    assert summaries.known(record.key) is None


def test_of_a_cell_that_is_not_ok_the_record_alone_counts(store: Store) -> None:
    record = made_cell(store, "one", status="failed", reason="it broke")
    shutil.rmtree(store.folder("cells", record.key) / "images")
    remember(store, record)
    known = Summaries(store).known(record.key)
    assert known is not None and (known.summary.status, known.summary.reason) == ("failed", "it broke")


@pytest.mark.parametrize("content", [b"", b"nothing", msgspec.msgpack.encode({"files": {}, "gone": []})])
def test_what_another_version_remembered_is_forgotten(store: Store, content: bytes) -> None:
    path = store.folder("cells", made_cell(store, "one").key) / "record.json"
    FileMemory("records").put(path, stamp(path), content)
    assert Summaries(store).known(path.parent.name) is None


def test_a_summary_says_what_its_record_says_to_whoever_asks() -> None:
    metrics = {
        "1": MetricResult(key="1", name="psnr", value=1.0),
        "2": MetricResult(key="2", name="first", status="failed", reason="no"),
        "3": MetricResult(key="3", name="second", status="failed", reason="never"),
        "4": MetricResult(key="4", name="third", status="skipped", reason="needs labels"),
    }
    for status, reason in (("ok", ""), ("timeout", "took too long"), ("skipped", "")):
        record = Record(key="ab", schema=1, status=status, reason=reason, metrics=metrics)  # type: ignore[arg-type]
        for keys in ({}, {"p": "1", "t": "4"}, {"s": "3", "p": "1", "f": "2"}, {"gone": "5"}):
            asked, found = record.as_asked(keys), Summary.of(record)
            assert found.outcome(keys) == asked.outcome
            failed = {name: one.reason for name, one in asked.metrics.items() if one.status == "failed"}
            assert found.failed(keys) == failed
