"""Archives of a user's own: what `unzip` and `tar` would unpack stands in the cache, once, whole, and nowhere else."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from srbench import unpacked
from srbench.weights.unpack import UnpackError

FILES = {"set/train/a.png": b"first", "set/test/b.png": b"second" * 1000, "set/table.csv": b"a,b"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "srbench" / "archives"


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tree(folder: Path | None) -> dict[str, bytes]:
    assert folder is not None
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar", "xztar"])
def test_an_archive_becomes_the_folder_that_was_packed(kind: str, tmp_path: Path, cache: Path) -> None:
    source = tmp_path / "source"
    for name, content in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    path = Path(shutil.make_archive(str(tmp_path / "set"), kind, source))
    folder = unpacked(path)
    assert tree(folder) == {name.removeprefix("set/"): content for name, content in FILES.items()}
    assert folder is not None and folder.is_relative_to(cache)
    assert [one for one in cache.rglob("*") if not one.is_relative_to(folder)] == [*reversed(folder.parents[:2])]


def test_a_folder_around_everything_is_left_out_but_a_split(tmp_path: Path) -> None:
    files = {"a/b/train/c/x.png": b"1"}
    assert tree(unpacked(zipped(tmp_path / "x.zip", files))) == {"train/c/x.png": b"1"}


def test_zips_in_a_folder_have_folders_of_their_names(tmp_path: Path) -> None:
    place = tmp_path / "download"
    place.mkdir()
    assert unpacked(place) is None
    (place / "table.csv").write_bytes(b"a,b")
    zipped(place / "part_1.zip", {"a.png": b"1", "__MACOSX/._a.png": b"of a Mac", ".DS_Store": b""})
    assert tree(unpacked(place)) == {"a.png": b"1"}
    zipped(place / "part_2.ZIP", {"part_2/b.png": b"2", "part_2/c/d.png": b"3"})
    (place / "._part_1.zip").write_bytes(b"of a Mac")
    assert tree(unpacked(place)) == {"part_1/a.png": b"1", "part_2/b.png": b"2", "part_2/c/d.png": b"3"}


def test_an_archive_is_unpacked_once_and_anew_when_it_changes(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = zipped(tmp_path / "jones.zip", {"a.png": b"1"})
    first = unpacked(path)
    assert first is not None and unpacked(path) == first
    assert len(caplog.messages) == 1 and caplog.messages[0].startswith("unpacking an archive of 0 MB into")
    assert "jones" not in caplog.text and str(cache) in caplog.text
    zipped(path, {"a.png": b"2"})
    second = unpacked(path)
    assert tree(second) == {"a.png": b"2"}
    assert not first.exists()


def test_what_a_killed_process_left_is_made_anew(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.png": b"1", "b.png": b"2"})
    folder = unpacked(path)
    assert folder is not None
    left = folder.parents[1] / "unfinished" / "made"
    left.parent.mkdir()
    folder.parent.rename(left)
    (left / "x" / "b.png").unlink()
    assert tree(unpacked(path)) == {"a.png": b"1", "b.png": b"2"}


@pytest.mark.parametrize("name", ["../x.png", "/tmp/x.png", "set/../../x.png"])
def test_a_path_that_leads_out_leaves_nothing(name: str, tmp_path: Path, cache: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.png": b"1", name: b"evil"})
    with pytest.raises(UnpackError, match=r"x\.zip: holds '.*', which leads out of it"):
        unpacked(path)
    assert [one for one in cache.rglob("*") if one.is_file() and one.suffix != ".lock"] == []


def test_a_link_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        info = tarfile.TarInfo("a.png")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(UnpackError, match=r"x\.tar: 'a\.png' in it is no plain file"):
        unpacked(tmp_path / "x.tar")


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    for number, names in enumerate((("a", "a/b.png"), ("a/b.png", "a"))):
        path = zipped(tmp_path / f"{number}.zip", dict.fromkeys(names, b"1"))
        with pytest.raises(UnpackError, match=r"two of its files would become|cannot be unpacked"):
            unpacked(path)


def test_a_zip_with_a_password_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"1")
    subprocess.run(["zip", "-q", "-P", "secret", "x.zip", "a.png"], cwd=tmp_path, check=True)
    with pytest.raises(UnpackError, match=r"x\.zip: cannot be unpacked: .*encrypted, password required"):
        unpacked(tmp_path / "x.zip")


def test_damage_and_bombs_are_told(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("srbench.weights.unpack._SMALL", 1)
    whole = zipped(tmp_path / "x.zip", {"a.png": bytes(range(256)) * 10}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    (tmp_path / "none.zip").write_bytes(b"<!doctype html>")
    zipped(tmp_path / "bomb.zip", {"a.png": bytes(10**6)})
    with pytest.raises(UnpackError, match=r"none\.zip: cannot be unpacked"):
        unpacked(tmp_path / "none.zip")
    with pytest.raises(UnpackError, match=r"cut\.zip: cannot be unpacked: File is not a zip file"):
        unpacked(tmp_path / "cut.zip")
    with pytest.raises(UnpackError, match=r"bomb\.zip: far more would come out of it"):
        unpacked(tmp_path / "bomb.zip")
    assert [one for one in cache.rglob("*") if one.is_file() and one.suffix != ".lock"] == []


def test_what_is_not_there_and_where_nothing_can_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnpackError, match=r"no\.zip: cannot be unpacked into .*: No such file.*; unpack it yourself"):
        unpacked(tmp_path / "no.zip")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UnpackError, match="Not a directory; unpack it yourself, and name the folder"):
        unpacked(zipped(tmp_path / "x.zip", {"a.png": b"1"}))


def test_an_archive_without_files_becomes_an_empty_folder(tmp_path: Path) -> None:
    assert tree(unpacked(zipped(tmp_path / "x.zip", {}))) == {}
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("._a.png"), io.BytesIO())
    assert tree(unpacked(tmp_path / "x.tar")) == {}
