"""The index is only a cache: whatever happens to it, what is read is what the files hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from srbench.store.index import INDEX
from srbench.store.records import Record, Store


def _record(key: str = "ab" * 32, method: str = "bicubic", started: str = "2026-01-01") -> Record:
    point = {"dataset": "set5", "protocol": "x4-y", "method": method, "trained_on": None, "seed": None}
    return Record(key=key, schema=1, status="ok", point=point, started=started)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def test_the_index_follows_the_files_whatever_happens_to_it(store: Store) -> None:
    first, second = _record("11" * 32), _record("22" * 32, "lanczos")
    for record in (first, second):
        store.write("cells", record)
    assert {record.label for record in store.records("cells")} == {"set5/x4-y/bicubic", "set5/x4-y/lanczos"}
    changed = _record("11" * 32, "nearest")
    store.write("cells", changed)
    (store.folder("cells", second.key) / "record.json").unlink()
    assert [record.label for record in store.records("cells")] == ["set5/x4-y/nearest"]
    for damage in (b"not a database, and long enough to be seen to be none" * 9, b"", None):
        if damage is None:
            (store.root / INDEX).unlink()
        else:
            (store.root / INDEX).write_bytes(damage)
            assert not store.index.is_sound
        for _ in range(2):  # it is removed by the first reading, and made anew by the second
            assert [record.label for record in store.records("cells")] == ["set5/x4-y/nearest"]
        assert (store.root / INDEX).exists() and store.index.is_sound


def test_an_index_that_holds_other_than_the_files_is_not_believed(store: Store) -> None:
    record = _record()
    store.write("cells", record)
    assert list(store.records("cells")) == [record] and store.index.is_sound
    with closing(sqlite3.connect(store.root / INDEX)) as database, database:
        database.execute("UPDATE records SET record = replace(record, 'bicubic', 'bicabic')")
    assert not store.index.is_sound
    assert list(store.records("cells")) == [record], "the seal is broken, so the file is read"
    assert store.index.is_sound
