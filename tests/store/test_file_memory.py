"""Facts of files are remembered until the file changes, and never stand in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from srbench.store.file_memory import FileMemory
from srbench.store.files import stamp


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/srbench"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Bild ä.png"
    path.write_bytes(b"one")
    return path


def test_what_is_put_is_there_for_others_too(file: Path) -> None:
    memory = FileMemory("pictures")
    assert memory.get(file, stamp(file)) is None
    memory.put(file, stamp(file), b"\x00\xff")
    assert FileMemory("pictures").get(file, stamp(file)) == b"\x00\xff"
    assert FileMemory("code").get(file, stamp(file)) is None
    memory.put(file, stamp(file), b"")
    assert memory.get(file, stamp(file)) == b""


def test_what_is_put_at_once_is_there_one_by_one_but_for_what_has_no_name_as_text(file: Path, tmp_path: Path) -> None:
    other, nameless = tmp_path / "b.png", tmp_path / os.fsdecode(b"M\xfcnchen.png")
    other.write_bytes(b"two")
    nameless.write_bytes(b"three")
    FileMemory("pictures").put_all([(path, stamp(path), path.read_bytes()) for path in (file, nameless, other)])
    memory = FileMemory("pictures")
    assert [memory.get(path, stamp(path)) for path in (file, nameless, other)] == [b"one", None, b"two"]


def test_a_file_that_changed_is_not_remembered_whatever_time_it_bears(file: Path) -> None:
    memory, before = FileMemory("pictures"), file.stat()
    memory.put(file, stamp(file), b"facts")
    other = file.with_name("other.png")
    other.write_bytes(b"two")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)
    assert file.stat().st_size == before.st_size
    assert memory.get(file, stamp(file)) is None


def test_one_file_is_one_by_whichever_way_it_is_reached(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = FileMemory("code")
    monkeypatch.chdir(tmp_path)
    memory.put(Path(file.name), stamp(file), b"facts")
    (tmp_path / "link.png").symlink_to(file)
    assert memory.get(file, stamp(file)) == memory.get(tmp_path / "link.png", stamp(file)) == b"facts"


@pytest.mark.parametrize("damage", ["whole", "later"])
def test_a_damaged_memory_forgets_and_begins_anew(file: Path, cache: Path, damage: str) -> None:
    path = cache / "files.sqlite"
    if damage == "whole":
        cache.mkdir(parents=True)
        path.write_bytes(b"this is no database, and long enough to be seen to be none" * 9)
    else:
        FileMemory("pictures").put(file, stamp(file), b"lost")
        content = bytearray(path.read_bytes())
        content[4096:] = b"?" * (len(content) - 4096)  # but for the page that tells of tables
        path.write_bytes(content)
    memory = FileMemory("pictures")
    assert memory.get(file, stamp(file)) is None
    FileMemory("pictures").put(file, stamp(file), b"facts")
    assert FileMemory("pictures").get(file, stamp(file)) == b"facts"


def test_without_a_place_for_it_nothing_is_remembered(file: Path, cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be")
    memory = FileMemory("pictures")
    memory.put(file, stamp(file), b"facts")
    assert memory.get(file, stamp(file)) is None


def test_a_name_that_is_no_text_is_not_remembered_and_no_error(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"M\xfcnchen.png")
    path.write_bytes(b"x")
    memory = FileMemory("pictures")
    memory.put(path, stamp(path), b"facts")
    assert memory.get(path, stamp(path)) is None
