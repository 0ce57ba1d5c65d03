"""Which files are pictures, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.pictures.names import has_picture_name, is_hidden, is_picture, left_out


@pytest.mark.parametrize("name", ["a.png", "A.PNG", "ä b.TiFf", "x.y.jpg", "x.jpeg", "x.pgm", "x.bmp"])
def test_a_picture_has_a_picture_s_suffix_in_any_case(name: str) -> None:
    assert has_picture_name(Path("some") / name)


@pytest.mark.parametrize("name", ["png", "a.gif", "a.png.txt", ".png", ".a.png", "._a.png", "a.", "", "Thumbs.db"])
def test_other_names_and_hidden_ones_are_no_picture_s(name: str) -> None:
    assert not has_picture_name(Path("some") / name)


def test_what_systems_leave_behind_is_hidden() -> None:
    assert all(map(is_hidden, [".a", "._a.png", "__MACOSX", "Thumbs.db", "desktop.ini"]))
    assert not any(map(is_hidden, ["a.b", "macosx", "a.", "ä"]))


def test_a_folder_or_nothing_of_a_picture_s_name_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file.png").write_bytes(b"")
    (tmp_path / "broken.png").symlink_to("nowhere.png")
    assert [is_picture(tmp_path / name) for name in ("folder.png", "file.png", "broken.png", "none.png")] == [
        False, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "folders", "words"),
    [
        ([], [], ""),
        (["a.png", ".hidden", "Thumbs.db"], [".git", "__MACOSX"], ""),
        (["a.png", "b.gif"], [], "1 file (.gif)"),
        (["b.GIF", "c.gif", "d.dcm", "README"], ["e"], "4 files (.dcm, .gif) and 1 folder"),
        (["README", "Dr. Who"], ["a", "b.png"], "2 files and 2 folders"),
        (["x.0123456789", "y.ß"], [], "2 files"),
        ([], ["a"], "1 folder"),
    ],
)
def test_what_is_left_out_is_counted_with_its_suffixes(
    tmp_path: Path, files: list[str], folders: list[str], words: str
) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"")
    for name in folders:
        (tmp_path / name).mkdir()
    assert left_out(tmp_path.iterdir()) == words
