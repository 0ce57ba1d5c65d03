"""Into which folders a board goes, and what of them it touches."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.site.folder import BoardFolder, PublishError
from srbench.matrix import Matrix

OLD = {"index.html": "old", "cells/a.html": "a", "cells/b.html": "b", "pictures/set/im/HR.png": "hr"}
NEW = {"index.html": "new", "cells/b.html": "b", "cells/c.html": "c"}


def matrix(path: Path, text: str = "name: toy\n", name: str = "toy") -> Matrix:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Matrix(path, name, name, (), (), (), ())


@pytest.fixture
def toy(tmp_path: Path) -> Matrix:
    return matrix(tmp_path / "work" / "toy.yaml")


def bring(out: Path, of: Matrix, files: Mapping[str, str], made_from: str = "") -> None:
    folder = BoardFolder(out, of.name, of.path)
    with folder.building() as new:
        for name, text in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_text(text, encoding="utf-8")
        folder.bring_in(new, made_from or str(sorted(files.items())), [], {}, {})


def tree(folder: Path) -> dict[str, str]:
    """Every file, folder and link below, with what is in it."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        found[name] = (
            f"-> {path.readlink()}" if path.is_symlink() else "folder" if path.is_dir() else path.read_bytes().hex()
        )
    return found


def pages(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != "files.json"
    }


def test_a_new_board_takes_the_place_of_the_old_one_and_leaves_nothing_else(toy: Matrix, tmp_path: Path) -> None:
    bring(tmp_path / "out", toy, OLD)
    assert pages(tmp_path / "out") == OLD
    bring(tmp_path / "out", toy, NEW)
    assert pages(tmp_path / "out") == NEW
    assert not (tmp_path / "out" / "pictures").exists()
    listed = json.loads((tmp_path / "out" / "files.json").read_text())["files"]
    assert listed == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in NEW.items()}


def test_a_folder_of_somebody_is_refused_and_stays_as_it_is(toy: Matrix, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("cells/thesis.html", "pictures/holiday.png", "index.html", "training/a/b.png", ".profile"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    before = tree(home)
    with pytest.raises(PublishError, match="home holds files that are no board"):
        bring(home, toy, NEW)
    assert tree(home) == before
    own = replace(toy, path=matrix(home / "matrix.yaml").path)
    before = tree(home)
    with pytest.raises(PublishError, match="no board"):
        bring(home, own, NEW)
    assert tree(home) == before


def test_the_folder_of_the_matrix_keeps_everything_that_is_not_the_boards(tmp_path: Path) -> None:
    out = tmp_path / "leaderboards" / "toy"
    own = matrix(out / "matrix.yaml")
    theirs = {"notes.txt": "mine", "cells/mine.txt": "mine"}
    bring(out, own, OLD)
    for name, text in theirs.items():
        (out / name).write_text(text)
    bring(out, own, {"index.html": "new"})
    assert pages(out) == {"index.html": "new", "matrix.yaml": "name: toy\n", **theirs}


@pytest.mark.parametrize("name", ["index.html", "cells/c.html"])
def test_a_file_that_somebody_changed_or_put_there_is_in_the_way(toy: Matrix, tmp_path: Path, name: str) -> None:
    bring(tmp_path / "out", toy, OLD)
    (tmp_path / "out" / name).write_text("edited by hand")
    before = tree(tmp_path / "out")
    with pytest.raises(PublishError, match=f"{name} is in the way"):
        bring(tmp_path / "out", toy, NEW)
    assert tree(tmp_path / "out") == before


def test_a_file_of_the_last_board_that_somebody_changed_is_not_removed(toy: Matrix, tmp_path: Path) -> None:
    bring(tmp_path / "out", toy, OLD)
    (tmp_path / "out/cells/a.html").write_text("my remarks")
    bring(tmp_path / "out", toy, NEW)
    assert pages(tmp_path / "out") == NEW | {"cells/a.html": "my remarks"}


@pytest.mark.parametrize("link", ["", "cells", "pictures", "pictures/set", "cells/b.html", "files.json", ".building"])
def test_links_are_not_followed(toy: Matrix, tmp_path: Path, link: str) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    bring(out, toy, OLD)
    place = out / link
    if link == ".building":
        place.mkdir()
    shutil.move(place, elsewhere)
    place.symlink_to(elsewhere)
    before = tree(out), tree(elsewhere), elsewhere.is_file() and elsewhere.read_bytes()
    with pytest.raises(PublishError):
        bring(out, toy, NEW | {"pictures/set/im/HR.png": "new"})
    assert (tree(out), tree(elsewhere), elsewhere.is_file() and elsewhere.read_bytes()) == before


def test_files_behind_a_link_are_not_removed(toy: Matrix, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    bring(out, toy, OLD)
    shutil.move(out / "pictures", elsewhere)
    (out / "pictures").symlink_to(elsewhere)
    before = tree(elsewhere)
    bring(out, toy, NEW)
    assert tree(elsewhere) == before


@given(st.data())
def test_whenever_it_is_killed_the_next_run_makes_the_board_whole(data: st.DataObject) -> None:
    """A kill between any two changes of files, several times, with other boards to make each time."""
    with tempfile.TemporaryDirectory() as place:
        toy, out = matrix(Path(place) / "toy.yaml"), Path(place) / "out"
        names = st.sampled_from(["index.html", "a.html", "cells/b.html", "cells/c.html"])
        boards = st.dictionaries(names, st.text("ab"))
        for _ in range(data.draw(st.integers(0, 3))):
            left = data.draw(st.integers(0, 12))

            def counted(original: Any) -> Any:
                def change(*arguments: Any, **options: Any) -> Any:
                    nonlocal left
                    left -= 1
                    if left < 0:
                        raise _Killed
                    return original(*arguments, **options)

                return change

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Path, "replace", counted(Path.replace))
                patch.setattr(Path, "unlink", counted(Path.unlink))
                try:
                    bring(out, toy, data.draw(boards))
                except _Killed:
                    assert not BoardFolder(out, toy.name, toy.path).is_whole("anything")
        last = data.draw(boards)
        bring(out, toy, last, "last")
        assert pages(out) == last
        assert BoardFolder(out, toy.name, toy.path).is_whole("last")


class _Killed(BaseException):
    pass


def test_a_disk_that_is_full_leaves_the_old_board_and_is_one_sentence(
    toy: Matrix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(tmp_path / "out", toy, OLD)
    before = tree(tmp_path / "out")
    full = r"^\S+out: the pages cannot be written: No space left on device; the board that is there stands$"
    with pytest.raises(PublishError, match=full), BoardFolder(tmp_path / "out", toy.name, toy.path).building():
        raise OSError(28, os.strerror(28))
    assert tree(tmp_path / "out") == before
    full = r"No space left on device$"
    with pytest.raises(PublishError, match=full), BoardFolder(tmp_path / "new", toy.name, toy.path).building():
        raise OSError(28, os.strerror(28))
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(
    toy: Matrix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *args: object, **more: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "mkdir", refused)
    with (
        pytest.raises(PublishError, match=r"the pages cannot be written: Read-only file system"),
        BoardFolder(tmp_path / "out", toy.name, toy.path).building(),
    ):
        raise AssertionError


def test_two_reports_at_once_are_told_apart(toy: Matrix, tmp_path: Path) -> None:
    first, second = (BoardFolder(tmp_path / "out", toy.name, toy.path).building() for _ in range(2))
    with first, pytest.raises(PublishError, match="another srbench is writing the pages"), second:
        pass
    assert not (tmp_path / "out").exists()


def test_what_a_killed_report_left_behind_is_cleared(toy: Matrix, tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom srbench.leaderboard.site.folder import BoardFolder\n"
        "with BoardFolder(Path(sys.argv[2]), 'toy', Path(sys.argv[1])).building() as new:\n"
        "    (new / 'half.html').write_text('half')\n    os.kill(os.getpid(), 9)"
    )
    arguments = [str(toy.path), str(tmp_path / "out")]
    assert subprocess.run([sys.executable, "-c", code, *arguments]).returncode == -9
    assert (tmp_path / "out" / ".building" / "board" / "half.html").exists()
    bring(tmp_path / "out", toy, NEW)
    assert pages(tmp_path / "out") == NEW


def test_another_matrix_of_the_name_is_refused_with_the_name_of_the_first(toy: Matrix, tmp_path: Path) -> None:
    out = tmp_path / "leaderboards" / "toy"
    bring(out, toy, OLD)
    other = matrix(tmp_path / "other" / "b.yaml", "name: toy\nmethods: [others]\n")
    before = tree(out)
    with pytest.raises(PublishError, match=r"another matrix of the name 'toy', toy\.yaml.*--out"):
        bring(out, other, NEW)
    with pytest.raises(PublishError, match="holds the board of the matrix 'toy'"):
        bring(out, matrix(tmp_path / "third.yaml", name="third"), NEW)
    assert tree(out) == before


def test_a_matrix_may_be_edited_and_its_project_moved(toy: Matrix, tmp_path: Path) -> None:
    bring(tmp_path / "work" / "out", toy, OLD)
    matrix(toy.path, "name: toy\nseeds: [1]\n")
    bring(tmp_path / "work" / "out", toy, NEW)
    shutil.move(tmp_path / "work", tmp_path / "moved")
    moved = matrix(tmp_path / "moved" / "toy.yaml", "name: toy\nseeds: [2]\n")
    bring(tmp_path / "moved" / "out", moved, OLD)
    assert pages(tmp_path / "moved" / "out") == OLD


def test_a_list_of_files_that_leads_elsewhere_is_nobodys(toy: Matrix, tmp_path: Path) -> None:
    out, victim = tmp_path / "out", tmp_path / "victim"
    bring(out, toy, OLD)
    victim.write_text("precious")
    listing = json.loads((out / "files.json").read_text())
    listing["files"]["../victim"] = hashlib.sha256(b"precious").hexdigest()
    (out / "files.json").write_text(json.dumps(listing))
    with pytest.raises(PublishError, match="no board"):
        bring(out, toy, NEW)
    assert victim.read_text() == "precious"


def test_nothing_in_the_list_of_files_names_a_folder_of_the_machine(toy: Matrix, tmp_path: Path) -> None:
    bring(tmp_path / "out", toy, OLD)
    assert str(tmp_path) not in (tmp_path / "out" / "files.json").read_text()


PARTS = {"cells/a.html": "of a", "cells/b.html": "of b"}


def bring_parts(out: Path, of: Matrix) -> BoardFolder:
    folder = BoardFolder(out, of.name, of.path)
    with folder.building() as new:
        for name in PARTS:
            (new / name).parent.mkdir(exist_ok=True)
            (new / name).write_text(name)
        folder.bring_in(new, "all", [], PARTS, {})
    return folder


def test_files_stay_that_were_made_from_the_same_and_are_what_they_were(toy: Matrix, tmp_path: Path) -> None:
    out = tmp_path / "out"
    folder = bring_parts(out, toy)
    listed = folder.listing()
    assert listed is not None
    assert folder.kept(PARTS) == listed.files
    assert folder.kept({"cells/a.html": "of another", "cells/c.html": "of c"}) == {}
    (out / "cells/b.html").write_text("by somebody")
    kept = folder.kept(PARTS)
    assert [*kept] == ["cells/a.html"]
    (out / "cells/b.html").write_text("cells/b.html")
    stamp = (out / "cells/a.html").stat()
    with folder.building() as new:
        (new / "index.html").write_text("new")
        folder.bring_in(new, "more", [], {"cells/a.html": "of a"}, kept)
    assert (out / "cells/a.html").stat() == stamp and not (out / "cells/b.html").exists()
    listed = folder.listing()
    assert listed is not None
    assert [*listed.files] == ["cells/a.html", "index.html"] and listed.parts == {"cells/a.html": "of a"}


def test_a_file_that_a_link_leads_to_is_made_anew(toy: Matrix, tmp_path: Path) -> None:
    folder = bring_parts(tmp_path / "out", toy)
    (tmp_path / "out/cells").rename(tmp_path / "elsewhere")
    (tmp_path / "out/cells").symlink_to(tmp_path / "elsewhere")
    assert folder.kept(PARTS) == {}


def test_where_there_is_no_board_nothing_is_kept(toy: Matrix, tmp_path: Path) -> None:
    assert BoardFolder(tmp_path / "out", toy.name, toy.path).kept(PARTS) == {}
