"""The note of what images were called: any text survives it, and other splits' names stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.store.image_names import NAMES, ImageName, read_names, write_names
from srbench.store.records import Store


def test_names_read_as_they_were_written_sorted(tmp_path: Path) -> None:
    texts = ["", " ", ",", '"', '""x"', "'", "ä", "\N{GRINNING FACE}", "=1+1", "#", "1", "a,b", "\\", "None", ";"]
    names = {ImageName(text, "test", text, text) for text in texts} | {
        ImageName("a", "test", "1", one) for one in texts
    }
    write_names(Store(tmp_path), names)
    assert read_names(Store(tmp_path)) == sorted(names)


def test_only_the_splits_that_are_planned_are_named_anew(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old = [ImageName("a", "test", "1", "one"), ImageName("a", "train", "1", "eins"), ImageName("b", "test", "1", "uno")]
    write_names(store, old)
    write_names(store, [ImageName("a", "test", "2", "two")])
    assert read_names(store) == [ImageName("a", "test", "2", "two"), *old[1:]]


def test_without_names_there_is_no_file_and_nothing_new_leaves_the_file_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert read_names(store) == []
    write_names(store, [])
    assert not (tmp_path / NAMES).exists()
    write_names(store, [ImageName("a", "test", "1", "one")])
    before = (tmp_path / NAMES).stat()
    write_names(store, [ImageName("a", "test", "1", "one")])
    write_names(store, [])
    assert (tmp_path / NAMES).stat().st_ino == before.st_ino


@pytest.mark.parametrize("line", ["a,test,1\n", "\n"])
def test_a_line_that_is_too_short_has_empty_names(tmp_path: Path, line: str) -> None:
    (tmp_path / NAMES).write_text("dataset,split,id,name\n" + line)
    assert read_names(Store(tmp_path)) == ([ImageName("a", "test", "1", "")] if line.strip() else [])
