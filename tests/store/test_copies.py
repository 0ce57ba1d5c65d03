"""Files come from one store into another as they were written, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.store.copies import Damaged, copy_all, staged
from srbench.store.files import sha256


def test_a_file_comes_from_the_first_folder_where_it_is_what_was_written(tmp_path: Path) -> None:
    for name, content in (("one", b"?"), ("two", b"right"), ("three", b"right")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(content)
    known, folders = {"file": sha256(tmp_path / "two/file")}, [tmp_path / name for name in ("one", "gone", "two")]
    copy_all(folders[0], tmp_path / "new", known, *folders[1:])
    assert (tmp_path / "new/file").read_bytes() == b"right"
    with pytest.raises(Damaged, match="damaged: file is not the file that was written"):
        copy_all(folders[0], tmp_path / "new", known, folders[1])
    with pytest.raises(Damaged, match="damaged: file is gone"):
        copy_all(folders[1], tmp_path / "new", known)


def test_a_file_of_any_content_is_copied_and_a_link_or_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"anything")
    copy_all(tmp_path, tmp_path / "new", {"file": ""})
    assert (tmp_path / "new/file").read_bytes() == b"anything"
    (tmp_path / "folder").mkdir()
    with pytest.raises(Damaged, match="folder cannot be read"):
        copy_all(tmp_path, tmp_path / "new", {"folder": ""})


def test_what_is_staged_goes_unless_it_was_brought_in(tmp_path: Path) -> None:
    with staged(tmp_path / "below/place") as new:
        (new / "file").write_bytes(b"half")
    assert list((tmp_path / "below").iterdir()) == []
