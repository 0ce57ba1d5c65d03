"""Unpacking: what is wanted arrives byte for byte, whatever the format, and no archive does harm."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srbench.contract.published import Members
from srbench.weights.unpack import UnpackError, unpack

FILES = {"set/HR/a.png": b"first", "set/HR/b.png": b"second" * 1000, "set/LR/ax2.png": b"third", "set/readme": b"?"}
WANTED = (Members("set/HR/*.png", 2, "HR"), Members("set/LR/*.png", 1, "LR/X2"))
FORMATS = {"zip": "set.zip", "tar": "set.tar", "gztar": "set.tar.gz", "xztar": "set.tar.xz"}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def zipped(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_wanted_arrives_and_nothing_else(kind: str, tmp_path: Path, target: Path) -> None:
    for name, content in FILES.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    archive = Path(shutil.make_archive(str(tmp_path / "set"), kind, tmp_path / "source"))
    assert archive.name == FORMATS[kind]
    unpack(archive, WANTED, target)
    assert tree(target) == {"HR/a.png": b"first", "HR/b.png": b"second" * 1000, "LR/X2/ax2.png": b"third"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12), unique=True, max_size=6
    )
)
def test_whatever_names_are_in_it_nothing_is_written_outside(names: list[str], tmp_path: Path, target: Path) -> None:
    shutil.rmtree(target)
    target.mkdir()
    archive = tarred(tmp_path / "set.tar.gz", *[(member(f"set/HR/{name}"), b"x") for name in names])
    before = {path for path in tmp_path.rglob("*") if target not in path.parents}
    with suppress(UnpackError, OSError):
        unpack(archive, (Members("set/HR/*", max(1, len(names)), "HR"),), target)
    assert {path for path in tmp_path.rglob("*") if target not in path.parents} == before


@pytest.mark.parametrize("name", ["../x.png", "/tmp/x.png", "set/HR/../../../x.png", "set\\HR\\..\\x.png"])
def test_a_path_that_leads_out_is_refused_also_where_it_is_not_wanted(name: str, tmp_path: Path, target: Path) -> None:
    good = {"set/HR/a.png": b"a", "set/HR/b.png": b"b", "set/LR/ax2.png": b"c"}
    for archive in (
        zipped(tmp_path / "a.zip", {name: b"evil", **good}),
        tarred(tmp_path / "a.tar.gz", (member(name), b"evil"), *[(member(n), c) for n, c in good.items()]),
    ):
        with pytest.raises(UnpackError, match="which leads out of it"):
            unpack(archive, WANTED, target)
        assert tree(target) == {}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_what_is_wanted_is_a_plain_file(kind: bytes, tmp_path: Path, target: Path) -> None:
    archive = tarred(tmp_path / "a.tar.gz", (member("set/HR/a.png", kind, "/etc/passwd"), b""))
    with pytest.raises(UnpackError, match=r"'set/HR/a.png' in it is no plain file"):
        unpack(archive, WANTED, target)
    assert list(target.rglob("*")) == []


def test_a_link_in_a_zip_is_none_either(tmp_path: Path, target: Path) -> None:
    info = zipfile.ZipInfo("set/HR/a.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UnpackError, match="is no plain file"):
        unpack(tmp_path / "a.zip", WANTED, target)


def test_a_link_beside_what_is_wanted_is_passed_over(tmp_path: Path, target: Path) -> None:
    archive = tarred(
        tmp_path / "a.tar.gz",
        (member("set/HR", tarfile.SYMTYPE, "/tmp"), b""),
        (member("set/HR/a.png"), b"a"),
        (member("set/HR/._a.png"), b"of a Mac"),
    )
    unpack(archive, (Members("set/HR/*.png", 1, "HR"),), target)
    assert tree(target) == {"HR/a.png": b"a"}
    assert not (target / "HR").is_symlink()


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_files_is_refused(count: int, tmp_path: Path, target: Path) -> None:
    archive = zipped(tmp_path / "a.zip", FILES)
    with pytest.raises(UnpackError, match=r"holds (more than the 1 files|2 files) set/HR/\*.png.*there should be"):
        unpack(archive, (Members("set/HR/*.png", count),), target)


def test_two_files_of_one_name_are_refused(tmp_path: Path, target: Path) -> None:
    archive = tarred(tmp_path / "a.tar.gz", (member("set/HR/a.png"), b"a"), (member("./set/HR/a.png"), b"b"))
    with pytest.raises(UnpackError, match=r"two of its files would become a\.png"):
        unpack(archive, WANTED, target)


def test_an_archive_that_would_fill_the_disk_is_refused(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srbench.weights.unpack._SMALL", 1)
    for archive in (
        zipped(tmp_path / "a.zip", {"elsewhere": b"\0" * 1_000_000, "set/HR/a.png": b"a"}),
        tarred(tmp_path / "a.tar.gz", (member("elsewhere"), b"\0" * 1_000_000), (member("set/HR/a.png"), b"a")),
    ):
        with pytest.raises(UnpackError, match="far more would come out of it"):
            unpack(archive, WANTED, target)
        assert tree(target) == {}


def test_an_archive_of_countless_files_is_refused(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srbench.weights.unpack.MOST_MEMBERS", 3)
    with pytest.raises(UnpackError, match="far more would come out of it"):
        unpack(zipped(tmp_path / "a.zip", FILES), WANTED, target)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_a_truncated_archive_says_so(kind: str, keep: float, tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a", FILES)
    if kind == "gztar":
        path = tarred(tmp_path / "a", *[(member(name), content) for name, content in FILES.items()])
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if keep < 1 else int(keep)])
    with pytest.raises(UnpackError, match=r"cannot be unpacked|there should be"):
        unpack(path, WANTED, target)


def test_a_flipped_bit_in_a_zip_says_so(tmp_path: Path, target: Path) -> None:
    path = zipped(tmp_path / "a.zip", FILES, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"first", b"fjrst"))
    with pytest.raises(UnpackError, match="cannot be unpacked: Bad CRC-32"):
        unpack(path, WANTED, target)


def test_something_that_is_no_archive_says_so(tmp_path: Path, target: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"<!doctype html>")
    with pytest.raises(UnpackError, match="cannot be unpacked"):
        unpack(tmp_path / "a.zip", WANTED, target)
