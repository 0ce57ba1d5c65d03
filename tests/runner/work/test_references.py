"""HR and LR are kept once for all cells of a split, and what goes wrong with it costs no cell its result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from srbench.pictures import DEPTHS
from srbench.runner.work.references import keep_references
from srbench.store.record import Record
from srbench.store.records import Store
from srbench.store.references import Reference, References

HR = np.zeros((4, 4, 3), np.uint8)


def record(key: str) -> Record:
    ingredients = {"method": key, "test": {"fingerprint": "f"}, "protocol": {"scale": 2}}
    return Record(key=key, schema=1, status="ok", ingredients=ingredients)


def never() -> Iterator[tuple[str, Reference]]:
    raise AssertionError("they are there already")
    yield


def test_the_first_cell_of_a_split_keeps_them_and_the_others_do_not_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path)
    keep_references(store, record("a"), [("im0", Reference(HR, DEPTHS["uint8"], HR[::2, ::2]))])
    keep_references(store, record("b"), never())
    assert "AssertionError" not in capsys.readouterr().err
    assert References.of(tmp_path, record("b").ingredients).read("im0") is not None


def test_a_fault_is_in_the_log_and_nowhere_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "references").write_text("in the way")
    keep_references(Store(tmp_path), record("a"), [("im0", Reference(HR, DEPTHS["uint8"]))])
    assert "StoreError" in capsys.readouterr().err
