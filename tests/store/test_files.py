"""Writing a record: it is there whole or not at all, whatever happens in between."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from srbench.store.files import StoreError, bring_in, remove_leftovers, temporary_in, write_atomically


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=2000))
def test_what_is_written_is_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "record.json"
    write_atomically(path, data)
    assert path.read_bytes() == data
    assert listing(tmp_path) == ["record.json"]


def test_the_file_can_be_read_by_others_in_the_lab(tmp_path: Path) -> None:
    write_atomically(tmp_path / "record.json", b"{}")
    assert (tmp_path / "record.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_an_interruption_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    path = tmp_path / "record.json"
    write_atomically(path, b"old")

    def fails(*_: object) -> None:
        raise error

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", fails)
    else:
        monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(StoreError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert listing(tmp_path) == ["record.json"]
    if isinstance(error, OSError):
        assert str(caught.value) == f"{path}: cannot be written: No space left on device"


def test_a_process_killed_before_the_replacement_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_atomically(path, b"old")
    code = (
        "import os, pathlib, signal, sys\n"
        "from srbench.store.records import write_atomically\n"
        "pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_atomically(pathlib.Path(sys.argv[1]), b'new')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    # Nobody can tidy up after SIGKILL; what is left is hidden, and does not stand in the way of the next attempt.
    assert len(listing(tmp_path)) == 2
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    remove_leftovers(tmp_path)
    assert listing(tmp_path) == ["record.json"]


def test_a_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_name_as_long_as_names_may_be_can_be_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("n" * 255), b"new")
    assert listing(tmp_path) == ["n" * 255]


def told_by(code: str, path: Path) -> str:
    """What a StoreError says in a process that first runs `code`."""
    program = (
        "import os, pathlib, resource, signal, sys\n"
        "from srbench.store.records import StoreError, write_atomically\n"
        f"{code}\n"
        "try: write_atomically(pathlib.Path(sys.argv[1]), b'new' * 5000)\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_file_that_does_not_fit_names_itself_and_leaves_the_old_one(tmp_path: Path) -> None:
    """The kernel stops the write half-way, as on a full disk or over a quota."""
    path = tmp_path / "record.json"
    write_atomically(path, b"old")
    limit = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
    assert told_by(limit, path) == f"{path}: cannot be written: File too large"
    assert path.read_bytes() == b"old"
    assert listing(tmp_path) == ["record.json"]


def test_a_read_only_folder_names_the_file() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.json"
        path.write_bytes(b"old")
        Path(folder).chmod(0o555)
        # The superuser may write anywhere, so the process becomes somebody else.
        assert told_by("if os.getuid() == 0: os.setuid(65534)", path) == f"{path}: cannot be written: Permission denied"
        Path(folder).chmod(0o755)
        assert path.read_bytes() == b"old"
        assert listing(Path(folder)) == ["record.json"]


def test_a_folder_that_is_not_there_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "record.json"
    with pytest.raises(StoreError) as caught:
        write_atomically(path, b"")
    assert str(caught.value) == f"{path}: cannot be written: No such file or directory"


def test_a_folder_takes_the_place_of_another_and_leftovers_of_any_kind_are_removed(tmp_path: Path) -> None:
    place = tmp_path / "place"
    for text in ("one", "two"):
        new = temporary_in(tmp_path)
        new.mkdir()
        (new / "file").write_text(text)
        bring_in(new, place)
        assert listing(tmp_path) == ["place"] and (place / "file").read_text() == text
    temporary_in(tmp_path).write_text("half")
    (temporary_in(tmp_path) / "below").mkdir(parents=True)
    temporary_in(tmp_path).symlink_to(place)
    assert len(listing(tmp_path)) == 1 + 3
    remove_leftovers(tmp_path)
    assert listing(tmp_path) == ["place"] and (place / "file").exists()
