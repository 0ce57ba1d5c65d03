"""The index is only a cache: whatever happens to it, what is read is what the files hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from made_records import made_record

from srbench.store import index
from srbench.store.index import INDEX
from srbench.store.records import Store


def test_the_index_follows_the_files_whatever_happens_to_it(store: Store) -> None:
    first, second = made_record("11" * 32), made_record("22" * 32, "lanczos")
    for record in (first, second):
        store.write("cells", record)
    assert {record.label for record in store.records("cells")} == {"set5/x4-y/bicubic", "set5/x4-y/lanczos"}
    changed = made_record("11" * 32, "nearest")
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


@pytest.mark.parametrize("together", [1, 2, 3, 5, 9])
def test_however_few_are_in_memory_at_once_each_is_read_once_and_what_is_gone_is_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(index, "_TOGETHER", together)
    records = [made_record(f"{number}a" * 32) for number in (7, 2, 9, 4, 1)]
    for record in records:
        store.write("cells", record)

    def indexed() -> list[str]:
        with closing(sqlite3.connect(store.root / INDEX)) as database:
            return [key for (key,) in database.execute("SELECT key FROM records ORDER BY key")]

    left = sorted(records, key=lambda record: record.key)
    while left:
        for _ in range(2):
            assert list(store.records("cells")) == left and indexed() == [record.key for record in left]
        (store.folder("cells", left.pop(len(left) // 2).key) / "record.json").unlink()
    assert list(store.records("cells")) == [] and indexed() == []


def test_an_index_that_holds_other_than_the_files_is_not_believed(store: Store) -> None:
    record = made_record()
    store.write("cells", record)
    assert list(store.records("cells")) == [record] and store.index.is_sound
    with closing(sqlite3.connect(store.root / INDEX)) as database, database:
        database.execute("UPDATE records SET record = replace(record, 'bicubic', 'bicabic')")
    assert not store.index.is_sound
    assert list(store.records("cells")) == [record], "the seal is broken, so the file is read"
    assert store.index.is_sound
