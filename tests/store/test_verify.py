"""Whether a store holds what its records say: nothing that is wrong goes unseen, nothing that is right is blamed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from bench_in_process import emptied

from srbench.pictures import Values
from srbench.store.cell import digest
from srbench.store.files import write_table
from srbench.store.record import SCORES, MetricResult, Record
from srbench.store.records import RECORD, Shelf, Store
from srbench.store.references import Reference, References
from srbench.store.seal import sealed
from srbench.store.verify import Fault, faults
from srbench.store.votes import Session, keep_session


def add(store: Store, shelf: Shelf, name: str, **files: bytes) -> Path:
    ingredients = {"method": name}
    key = digest(ingredients)
    folder = emptied(store, shelf, key)
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
    emptied(store, "cells", "ab" * 32)  # of a job that goes on
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
    assert {*faults(store)} == {
        Fault(cut, "", f"damaged: {RECORD} cannot be read, or is of another folder"),
        Fault(place, "", f"damaged: {RECORD} is in the place of another"),
    }
    (store.root / "cells/aa/my notes").mkdir(parents=True)  # somebody else's
    assert len(list(faults(store))) == 2


def test_a_record_changed_by_hand_no_longer_makes_its_key(store: Store) -> None:
    folder = add(store, "cells", "mine", one=b"1")
    record = json.loads((folder / RECORD).read_bytes().replace(b'"mine"', b'"yours"'))
    del record["sha256"]
    (folder / RECORD).write_text(json.dumps(record))
    (fault,) = faults(store)
    assert fault == Fault(folder, "yours", f"damaged: what {RECORD} says its key is made of does not make its key")


def test_every_flipped_bit_of_a_record_is_found(store: Store) -> None:
    folder = add(store, "cells", "m", one=b"1")
    data = (folder / RECORD).read_bytes()
    for place in range(8 * len(data)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        (folder / RECORD).write_bytes(changed)
        assert [fault.folder for fault in faults(store)] == [folder], changed


def test_references_boards_votes_and_the_index_are_looked_at_too(store: Store) -> None:
    add(store, "cells", "m")
    assert list(store.records("cells"))  # which makes the index
    kept = References(store.root / "references/ab/cd")
    hr = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    kept.keep([("one", Reference(hr, Values(0, 255), lr=hr)), ("two", Reference(hr, Values(0, 255)))])
    board = store.root / "boards/m.json"
    board.parent.mkdir()
    board.write_bytes(sealed(b'{"name":"m"}'))
    keep_session(store, Session(study="c" * 64, session="s", kind="pairs", seed=1, pictures=(), answers=()))
    (votes,) = store.root.glob("votes/sessions/*.json")
    assert list(faults(store)) == []
    for path, what in (
        (kept.folder / "lr/one.png", "the reference lr/one.png is not the file that was written"),
        (kept.folder / "images.json", "images.json of the HR that SR was compared with"),
        (board, "m.json is not what was written"),
        (votes, f"{votes.name} is not what was written"),
        (store.root / "index.sqlite", "index.sqlite is no index of these records"),
    ):
        content = path.read_bytes()
        path.write_bytes(content[:-20] + b"x" * 20 if path.suffix != ".sqlite" else content.replace(b'"ok"', b'"no"'))
        assert [fault.what for fault in faults(store)] == [f"damaged: {what}"]
        path.write_bytes(content)
    (kept.folder / "hr/two.png").unlink()
    assert [fault.what for fault in faults(store)] == ["damaged: the reference hr/two.png is gone"]


def scored(store: Store) -> tuple[Path, Record]:
    """A cell with the scores of two images."""
    ingredients = {"method": "m"}
    key = digest(ingredients)
    folder = emptied(store, "cells", key)
    table = pa.table({"image": ["a", "b"], "metric": ["k", "k"], "value": [1.0, 3.0]})
    write_table(folder / SCORES, table)
    result = MetricResult(key="k", name="psnr", value=2.0, n=2)
    images = {"a": "a.png", "b": "b.png"}
    record = Record(
        key=key, schema=1, status="ok", ingredients=ingredients, metrics={"k": result}, images=images, point={"m": "m"}
    )
    record.files = store.hashes("cells", key, [SCORES])
    store.write("cells", record)
    return folder, record


def test_scores_that_do_not_add_up_to_the_record_are_found(store: Store) -> None:
    folder, record = scored(store)
    assert list(faults(store)) == []
    record.metrics["k"].value = 2.5
    store.write("cells", record)
    (fault,) = faults(store)
    assert (fault.folder, fault.label) == (folder, "m")
    assert fault.what.startswith("damaged: scores.parquet has the mean 2, its record 2.5 (psnr)")


def test_a_record_that_is_gone_is_missed_and_one_that_was_never_there_is_not(store: Store) -> None:
    folder, _ = scored(store)
    trained, learned = add(store, "models", "a", weights=b"w"), add(store, "extractors", "b", weights=b"w")
    for lost in (folder, trained, learned):
        (lost / RECORD).unlink()
    assert {(fault.folder, fault.what) for fault in faults(store)} == {
        (lost, f"damaged: {RECORD} is gone") for lost in (folder, trained, learned)
    }
    (trained / "checkpoint").mkdir()
    (learned / "weights").unlink()
    (learned / "log.txt").touch()
    (folder / SCORES).unlink()
    assert list(faults(store)) == [], "of jobs that were interrupted"
