"""Published datasets, from a server on this machine into a data root: whole and alone, or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any

import pytest
from rig.server import Server, serving

from srbench.contract.published import Members, PublishedArchive, PublishedDataset
from srbench.weights.datasets import archive_place, dataset_state, fetch_dataset
from srbench.weights.download import DownloadError, part_of
from srbench.weights.unpack import UnpackError

PICTURES = {"Set/HR/a.png": b"first" * 40_000, "Set/HR/b.png": b"second" * 50_000}


def archive_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


CONTENT = archive_of(PICTURES)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("srbench.weights.download.time.sleep", lambda seconds: None)
    return tmp_path / "data"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as served:
        served.content = CONTENT
        yield served


def declared(server: Server, **changes: Any) -> PublishedDataset:
    archive = PublishedArchive(
        server.url.replace("weights.pth", "set.zip"),
        changes.pop("checksum", hashlib.md5(CONTENT).hexdigest()),
        (Members("Set/HR/*.png", changes.pop("count", 2), "HR"),),
        changes.pop("size", len(CONTENT)),
    )
    return PublishedDataset("set", changes.pop("archives", (archive,)), "CC0-1.0", "A. Uthor", **changes)


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


WHOLE = {"downloads/set.zip": CONTENT, **{f"set/HR/{Path(name).name}": data for name, data in PICTURES.items()}}


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_a_dataset_arrives_whole_and_its_archive_stays(root: Path, server: Server, kind: str) -> None:
    published = declared(server, checksum=hashlib.new(kind, CONTENT).hexdigest())
    assert dataset_state(published) == "absent"
    assert fetch_dataset(published) == [root / "downloads" / "set.zip"]
    assert tree(root) == WHOLE
    assert sorted(path.name for path in root.iterdir()) == ["downloads", "set"]
    assert dataset_state(published) == "here"


def test_an_archive_that_is_there_is_used_without_a_network(root: Path, server: Server) -> None:
    published = declared(server)
    place = archive_place(published.archives[0])
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    assert dataset_state(published) == "partly here"
    fetch_dataset(published)
    assert tree(root) == WHOLE
    assert server.asked == []


def test_an_archive_that_is_damaged_is_fetched_again(root: Path, server: Server) -> None:
    place = root / "downloads" / "set.zip"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"\0" * len(CONTENT))
    fetch_dataset(declared(server))
    assert tree(root) == WHOLE


def test_two_datasets_of_one_archive_share_it(root: Path, server: Server) -> None:
    fetch_dataset(declared(server))
    fetch_dataset(declared(server, folder="family/other"))
    assert (root / "family" / "other" / "HR" / "a.png").read_bytes() == PICTURES["Set/HR/a.png"]
    assert server.asked == [0]


def test_several_archives_make_one_dataset(root: Path, server: Server) -> None:
    other = archive_of({"Set/HR/c.png": b"third"})

    def two(handler: BaseHTTPRequestHandler, start: int) -> bool:
        server.content = other if handler.path.endswith("other.zip") else CONTENT
        return False

    server.behave = two
    first = declared(server).archives[0]
    second = PublishedArchive(
        first.url.replace("set.zip", "other.zip"),
        hashlib.sha256(other).hexdigest(),
        (Members("Set/HR/*.png", 1, "HR"),),
    )
    fetch_dataset(declared(server, archives=(first, second)))
    assert sorted(path.name for path in (root / "set" / "HR").iterdir()) == ["a.png", "b.png", "c.png"]


def test_an_interrupted_download_goes_on(root: Path, server: Server) -> None:
    published = declared(server)
    server.cuts = [100_000, *[0] * 5]
    with pytest.raises(DownloadError, match="run the same command again to go on"):
        fetch_dataset(published)
    assert dataset_state(published) == "partly here"
    assert not (root / "set").exists()
    server.cuts, server.asked = [], []
    fetch_dataset(published)
    assert server.asked == [100_000]
    assert tree(root) == WHOLE


def test_another_file_is_refused_and_nothing_is_unpacked(root: Path, server: Server) -> None:
    server.content = archive_of(dict.fromkeys(PICTURES, b"other"))
    with pytest.raises(DownloadError, match="is not the file that was declared: its md5 is"):
        fetch_dataset(declared(server, size=None))
    assert tree(root) == {}


def test_another_number_of_pictures_leaves_no_dataset(root: Path, server: Server) -> None:
    with pytest.raises(UnpackError, match="holds 2 files"):
        fetch_dataset(declared(server, count=3))
    assert list(tree(root)) == ["downloads/set.zip"]
    assert [path.name for path in root.iterdir()] == ["downloads"]


def test_what_somebody_put_there_is_not_touched(root: Path, server: Server) -> None:
    mine = root / "set" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(DownloadError, match="is there already, and is not set as it is published"):
        fetch_dataset(declared(server))
    assert tree(root) == {"set/notes.txt": b"mine"}
    assert server.asked == []


def test_an_empty_folder_is_filled(root: Path, server: Server) -> None:
    (root / "set").mkdir(parents=True)
    assert dataset_state(declared(server)) == "absent"
    fetch_dataset(declared(server))
    assert tree(root) == WHOLE


def test_a_link_in_the_folders_place_is_not_followed(root: Path, server: Server, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root.mkdir()
    (root / "set").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DownloadError, match="is there already"):
        fetch_dataset(declared(server))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_a_killed_process_left_is_cleared_away(root: Path, server: Server) -> None:
    left = root / ".set.unpacking" / "HR" / "half.png"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"ha")
    fetch_dataset(declared(server))
    assert tree(root) == WHOLE


def test_a_full_disk_is_told_in_words_and_leaves_nothing_half_done(
    root: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: IO[bytes], target: IO[bytes]) -> None:
        target.write(b"some")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("srbench.weights.unpack.shutil.copyfileobj", full)
    with pytest.raises(DownloadError, match="No space left on device; make room and run the same command again"):
        fetch_dataset(declared(server))
    assert list(tree(root)) == ["downloads/set.zip"]


def test_two_at_once_while_it_is_downloaded(root: Path, server: Server) -> None:
    part = part_of(root / "downloads" / "set.zip", hashlib.md5(CONTENT).hexdigest())
    part.parent.mkdir(parents=True)
    with part.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match="another process is fetching this file; wait for it"):
            fetch_dataset(declared(server))


def test_two_at_once_while_it_is_unpacked(root: Path, server: Server) -> None:
    place = root / "downloads" / "set.zip"
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    with place.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match="another process is unpacking this file; wait for it"):
            fetch_dataset(declared(server))
    assert not (root / "set").exists()


def test_one_of_two_at_once_makes_it_whole(root: Path, server: Server) -> None:
    said: list[str] = []

    def one() -> None:
        try:
            fetch_dataset(declared(server))
        except DownloadError as error:
            said.append(str(error))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tree(root) == WHOLE
    assert len(said) < 4
