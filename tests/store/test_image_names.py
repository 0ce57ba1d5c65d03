"""The note of what images were called: any text survives it, and other splits' names stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.store.image_names import ImageName, names_file, read_names, write_names
from srbench.store.records import Store


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_no_name_stands_in_the_store_and_each_store_has_its_own(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    one.create()
    write_names(one, [ImageName("a", "test", "1", "mueller")])
    assert list(one.root.iterdir()) == [] and read_names(other) == []
    assert read_names(Store(tmp_path / "other" / ".." / "one")) == [ImageName("a", "test", "1", "mueller")]


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
    assert not names_file(store).exists()
    write_names(store, [ImageName("a", "test", "1", "one")])
    before = names_file(store).stat()
    write_names(store, [ImageName("a", "test", "1", "one")])
    write_names(store, [])
    assert names_file(store).stat().st_ino == before.st_ino


@pytest.mark.parametrize("line", ["a,test,1\n", "\n"])
def test_a_line_that_is_too_short_has_empty_names(tmp_path: Path, line: str) -> None:
    store = Store(tmp_path)
    names_file(store).parent.mkdir(parents=True)
    names_file(store).write_text("dataset,split,id,name\n" + line)
    assert read_names(store) == ([ImageName("a", "test", "1", "")] if line.strip() else [])
