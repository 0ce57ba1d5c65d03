"""A folder that one command fills: it replaces and removes what it wrote, and nothing else."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from srbench.commands.own_files import LIST, own_files
from srbench.store.files import StoreError, stamp


def put(folder: Path, *, owner: str = "me", keep: bool = True, **files: str) -> list[bool]:
    """Write files below `a`; unless `keep`, remove all others."""
    with own_files(folder, owner) as own:
        done = [own.put(f"a/{name}", text.encode()) for name, text in files.items()]
        if not keep:
            own.keep_only("a", {f"a/{name}" for name in files})
        return done


def contents(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != LIST)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert put(folder, one="1", two="2") == [True, True]
    before = stamp(folder / "a" / "one")
    assert put(folder, one="1", two="3") == [False, True]
    assert stamp(folder / "a" / "one") == before
    assert contents(folder) == {"a/one": "1", "a/two": "3"}


def test_what_is_no_longer_wanted_goes_with_its_folder_and_others_files_stay(tmp_path: Path) -> None:
    with own_files(tmp_path, "me") as own:
        for place in ("a/one", "a/b/two", "c/three"):
            own.put(place, b"mine")
    (tmp_path / "a" / "theirs").write_text("theirs")
    assert put(tmp_path, keep=False, one="mine") == [False]
    assert contents(tmp_path) == {"a/one": "mine", "a/theirs": "theirs", "c/three": "mine"}
    assert not (tmp_path / "a" / "b").exists()


@pytest.mark.parametrize("how", ["changed", "there before", "a folder", "a link to nothing"])
def test_a_file_of_somebody_elses_is_neither_replaced_nor_removed(tmp_path: Path, how: str) -> None:
    put(tmp_path, one="1", two="2")
    place = tmp_path / "a" / ("one" if how == "changed" else "three")
    if how == "a folder":
        place.mkdir()
    elif how == "a link to nothing":
        place.symlink_to(tmp_path / "nowhere")
    else:
        place.write_text("theirs")
    before = contents(tmp_path)
    for _ in range(2):
        with pytest.raises(StoreError, match=rf"{place} is in the way"):
            put(tmp_path, **{place.name: "new"})
    if how == "changed":
        with pytest.raises(StoreError, match=rf"{place} is in the way"):
            put(tmp_path, keep=False, two="2")
    assert contents(tmp_path) == before
    assert os.path.lexists(place)


def test_a_folder_of_something_else_is_refused_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("two years of work")
    with pytest.raises(StoreError, match=r"holds files of something else \(thesis.tex for one\)"):
        put(tmp_path, one="1")
    assert contents(tmp_path) == {"thesis.tex": "two years of work"}
    assert not (tmp_path / LIST).exists()


@pytest.mark.parametrize("first", [b"# somebody else\n", b"0" * 70, b"# me too\n"])
def test_the_folder_of_another_owner_is_refused(tmp_path: Path, first: bytes) -> None:
    (tmp_path / LIST).write_bytes(first)
    with pytest.raises(StoreError, match="holds something else"):
        put(tmp_path, one="1")
    assert (tmp_path / LIST).read_bytes() == first
    assert contents(tmp_path) == {}


def test_hidden_files_are_no_reason_to_refuse_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_text("?")
    assert put(tmp_path, one="1") == [True]


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with own_files(tmp_path, "me"), pytest.raises(StoreError, match="another srbench is writing into"):
        put(tmp_path, one="1")
    assert put(tmp_path, one="1") == [True]


def test_a_note_that_was_cut_off_costs_nothing(tmp_path: Path) -> None:
    put(tmp_path, one="1", two="2")
    notes = tmp_path / LIST
    notes.write_bytes(notes.read_bytes()[:-3])
    (tmp_path / "a" / "two").unlink()  # which was to be written when the machine stopped
    put(tmp_path, keep=False, three="3")
    assert contents(tmp_path) == {"a/three": "3"}
    assert put(tmp_path, keep=False, four="4") == [True]
    assert contents(tmp_path) == {"a/four": "4"}


def test_a_list_that_holds_nothing_yet_belongs_to_whoever_comes(tmp_path: Path) -> None:
    (tmp_path / LIST).touch()
    assert put(tmp_path, one="1") == [True]


def test_what_a_killed_command_left_of_a_file_goes(tmp_path: Path) -> None:
    put(tmp_path, one="1")
    (tmp_path / "a" / ".srbench-1-abc").write_text("half")
    put(tmp_path, keep=False, one="1")
    assert contents(tmp_path) == {"a/one": "1"}


def test_a_full_disk_is_told_and_the_next_command_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, one="1")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"a/one: cannot be written: No space left on device"):
        put(tmp_path, one="2")
    monkeypatch.undo()
    assert contents(tmp_path) == {"a/one": "1"}
    assert put(tmp_path, one="2") == [True]
