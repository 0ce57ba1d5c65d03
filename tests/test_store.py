"""The store: records survive, the index is only a cache, and one run holds it at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from srbench.store import Record, Store, StoreError


def _record(key: str = "ab" * 32, method: str = "bicubic", started: str = "2026-01-01") -> Record:
    point = {"dataset": "set5", "protocol": "x4-y", "method": method, "trained_on": None, "seed": None}
    return Record(key=key, schema=1, status="ok", point=point, started=started)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    store.create()
    return store


def test_a_record_reads_as_it_was_written(store: Store) -> None:
    record = _record()
    store.write("cells", record)
    assert store.read("cells", record.key) == record
    assert list(store.records("cells")) == [record]
    assert store.read("models", record.key) is None


def test_the_index_follows_the_files_whatever_happens_to_it(store: Store) -> None:
    first, second = _record("11" * 32), _record("22" * 32, "lanczos")
    for record in (first, second):
        store.write("cells", record)
    assert {record.label for record in store.records("cells")} == {"set5/x4-y/bicubic", "set5/x4-y/lanczos"}
    changed = _record("11" * 32, "nearest")
    store.write("cells", changed)
    (store.folder("cells", second.key) / "record.json").unlink()
    assert [record.label for record in store.records("cells")] == ["set5/x4-y/nearest"]
    (store.root / "index.sqlite").write_bytes(b"not a database")
    assert [record.label for record in store.records("cells")] == ["set5/x4-y/nearest"]
    (store.root / "index.sqlite").unlink()
    assert [record.label for record in store.records("cells")] == ["set5/x4-y/nearest"]


def test_a_damaged_record_counts_as_none(store: Store) -> None:
    record = _record()
    store.write("cells", record)
    (store.folder("cells", record.key) / "record.json").write_text('{"key": "ab')
    assert store.read("cells", record.key) is None
    assert list(store.records("cells")) == []


def test_cells_are_found_by_label_and_by_the_start_of_their_key(store: Store) -> None:
    old, new = _record("11" * 32), _record("22" * 32, started="2026-02-01")
    for record in (old, new):
        store.write("cells", record)
    assert store.find("cells", "set5/x4-y/bicubic") == new
    assert store.find("cells", "1111") == old
    with pytest.raises(StoreError, match="Did you mean 'set5/x4-y/bicubic'"):
        store.find("cells", "set5/x4-y/bicubc")


def test_a_dead_run_holds_nothing(store: Store) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom srbench.store import Store\n"
        "with Store(Path(sys.argv[1])).locked():\n    os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(store.root)]).returncode == -9
    with store.locked(), pytest.raises(StoreError, match="another run is using the store"), store.locked():
        pass


def test_clearing_removes_what_an_attempt_left(store: Store) -> None:
    folder = store.clear("cells", "cd" * 32)
    (folder / "half.png").write_bytes(b"half")
    assert list(store.clear("cells", "cd" * 32).iterdir()) == []
