"""What a record may hold, and which files count as one."""

from __future__ import annotations

import json
import shutil

import pytest
from made_records import made_record

from srbench.store.record import MetricResult
from srbench.store.records import Store


@pytest.mark.parametrize(
    "tampered",
    [
        {"key": "../" * 8 + "etc"},
        {"model": "../models"},
        {"images": {"a": "../../secret.png"}},
        {"training_images": {"a": "/etc/passwd"}},
        {"ceiling_images": {"a": ".."}},
        {"files": {"../weights.safetensors": "ab"}},
    ],
)
def test_a_record_whose_names_lead_out_of_its_folder_counts_as_none(store: Store, tampered: dict[str, object]) -> None:
    record = made_record()
    store.write("cells", record)
    path = store.folder("cells", record.key) / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | tampered))
    assert store.read("cells", record.key) is None
    assert list(store.records("cells")) == []


def test_a_record_in_the_folder_of_another_key_counts_as_none(store: Store) -> None:
    record, other = made_record(), "cd" * 32
    store.write("cells", record)
    shutil.copytree(store.folder("cells", record.key), store.folder("cells", other))
    assert store.read("cells", other) is None
    assert list(store.records("cells")) == [record]


def test_texts_of_a_record_are_short_and_hold_nothing_that_a_terminal_obeys(store: Store) -> None:
    hostile = "\x1b]0;\u202e\ud83d" + "x" * 100_000
    record = made_record()
    record.reason, record.notes, record.warnings, record.log_tail = hostile, [hostile], [hostile], hostile * 3
    record.metrics = {"psnr": MetricResult(key="1", status="failed", reason=hostile, notes=[hostile])}
    record.labels = {"image": "M\udcfcnchen"}
    store.write("cells", record)
    read = store.read("cells", record.key)
    assert read is not None
    (psnr,) = read.metrics.values()
    for text in (read.reason, *read.notes, *read.warnings, psnr.reason, *psnr.notes):
        assert len(text) == 500 and text.startswith(r"\x1b]0;\u202e\ud83dxx")
    assert len(read.log_tail) == 1 << 16
    assert read.labels == {"image": r"M\udcfcnchen"}
