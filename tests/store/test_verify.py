"""Whether a store holds what its records say: nothing that is wrong goes unseen, nothing that is right is blamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.store.cell import digest
from srbench.store.records import RECORD, Record, Shelf, Store
from srbench.store.verify import Fault, faults


def add(store: Store, shelf: Shelf, name: str, **files: bytes) -> Path:
    ingredients = {"method": name}
    key = digest(ingredients)
    folder = store.clear(shelf, key)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    hashes = store.hashes(shelf, key, files)
    store.write(
        shelf,
        Record(key=key, schema=1, status="ok", point={"method": name}, ingredients=ingredients, files=hashes),
    )
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_sound_store_has_no_faults_and_neither_has_an_empty_one(store: Store) -> None:
    assert list(faults(store)) == []
    add(store, "cells", "ä", one=b"1", two=b"")
    add(store, "models", "b", weights=b"w")
    add(store, "extractors", "c")
    store.clear("cells", "ab" * 32)  # of a job that goes on
    assert list(faults(store)) == []


@pytest.mark.parametrize("shelf", ["cells", "models", "extractors"])
def test_each_file_that_is_another_or_gone_is_named(store: Store, shelf: Shelf) -> None:
    folder = add(store, shelf, "m", one=b"1", two=b"2", three=b"3")
    (folder / "one").write_bytes(b"!")
    (folder / "three").unlink()
    assert sorted(fault.what for fault in faults(store)) == [
        "damaged: one is not the file that was written",
        "damaged: three is gone",
    ]
    assert {(fault.folder, fault.label) for fault in faults(store)} == {(folder, "m")}


def test_a_record_that_cannot_be_read_or_is_of_another_folder_is_named(store: Store) -> None:
    cut, moved = add(store, "cells", "cut"), add(store, "cells", "moved")
    (cut / RECORD).write_bytes((cut / RECORD).read_bytes()[:40])
    place = moved.with_name("f" * 64)
    moved.rename(place)
    what = f"damaged: {RECORD} cannot be read, or is of another folder"
    assert {*faults(store)} == {Fault(cut, "", what), Fault(place, "", what)}


def test_a_record_changed_by_hand_no_longer_makes_its_key(store: Store) -> None:
    folder = add(store, "cells", "mine", one=b"1")
    (folder / RECORD).write_bytes((folder / RECORD).read_bytes().replace(b'"mine"', b'"yours"'))
    (fault,) = faults(store)
    assert fault == Fault(folder, "yours", f"damaged: what {RECORD} says its key is made of does not make its key")
