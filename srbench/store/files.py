"""Files written whole or not at all, and their sha256, computed anew whenever they may have changed."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from srbench.errors import SrbenchError

if TYPE_CHECKING:
    import pyarrow as pa

Stamp = tuple[int, int, int, int]
_LEFTOVER = ".srbench-"
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.ELOOP, errno.ENAMETOOLONG)
"""What a system says of a path where no file is."""


def stamp(path: str | Path) -> Stamp:
    """What tells a file from any other that ever stood in its place. Raises `OSError` where there is none.

    Size and time of modification do not: tools that copy or unpack set the time. Inode and time of change they cannot
    set. Of what is no file (a pipe, which nobody may write into) it raises `OSError`, too.
    """
    status = os.stat(path)  # noqa: PTH116 (fast)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a file", str(path))
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal; read once a process, and again with a new stamp. Raises `OSError`."""
    return _sha256(path, stamp(path))


@lru_cache(maxsize=1 << 16)
def _sha256(path: Path, _: Stamp) -> str:
    return sha256_of(path)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal. Raises `OSError`."""
    stamp(path)  # which refuses what cannot be read to its end
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_of(path: Path) -> bytes:
    """What a file holds. Raises `OSError`, also of what is no file."""
    stamp(path)
    return path.read_bytes()


class StoreError(SrbenchError):
    """A store that cannot be read or written; the message names the path."""


def bytes_of(path: Path) -> bytes | None:
    """What a file holds; None where there is none. Raises `StoreError` where it cannot be read now: it may be sound."""
    try:
        return path.read_bytes() if path.is_file() or not path.exists() else None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link to itself
            return None
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error


def hash_of(path: Path, hashed: Callable[[Path], str] = sha256) -> str | None:
    """The sha256 of a file; None where there is none. Raises `StoreError` where it cannot be read now: it may be sound.

    hashed: how it is found.
    """
    try:
        return hashed(path)
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error


def write_atomically(path: Path, *data: bytes | memoryview, lasting: bool = True) -> None:
    """Write a file so that it is there whole or not at all; a lasting one also after a crash of the machine.

    data: one part after the other. It has the permissions that the umask leaves any new file. Raises `StoreError`.
    """
    temporary = temporary_in(path.parent)
    try:
        try:
            with temporary.open("xb") as file:
                file.writelines(data)
                file.flush()
                if lasting:
                    os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if lasting:
            wait_for_disk(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def temporary_in(folder: Path) -> Path:
    """A new name in a folder for what is not whole yet, by which it is found again among its `leftovers`."""
    return folder / f"{_LEFTOVER}{os.getpid()}-{secrets.token_hex(6)}"


def bring_in(new: Path, place: Path) -> None:
    """Give a folder that is whole its place on the same disk; what stood there is removed. Raises `OSError`."""
    old = None
    if os.path.lexists(place):
        old = temporary_in(place.parent)
        place.rename(old)
    new.rename(place)
    wait_for_disk(place.parent)
    if old is not None:
        remove(old)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def set_aside(path: Path) -> None:
    """Where a folder stands in the place of a file, give it another name: somebody may want what is in it."""
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name}.aside-{secrets.token_hex(3)}"))


def is_leftover(name: str) -> bool:
    """Whether a file or folder is called as what is not whole yet; once its writer is gone, it never will be."""
    return name.startswith(_LEFTOVER)


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed writer left in a folder; for whoever alone writes there."""
    for path in folder.glob(f"{_LEFTOVER}*"):
        remove(path)


def folders_in(folder: str | Path, levels: int) -> Iterator[tuple[str, list[str]]]:
    """A folder and those so many levels below it, each with the names in it; one that cannot be read is passed over."""
    below: list[str] = []
    try:
        if levels:
            with os.scandir(folder) as entries:
                found = list(entries)
            names, below = [entry.name for entry in found], [entry.path for entry in found if entry.is_dir()]
        else:
            names = os.listdir(folder)  # noqa: PTH208 (fast: a store has hundreds of thousands)
    except OSError:
        return
    yield str(folder), names
    for one in below:
        yield from folders_in(one, levels - 1)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table as parquet, so that the file is there whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_atomically(path, sink.getvalue().to_pybytes())


def wait_for_disk(path: Path) -> None:
    """Return once a file, or the list of files in a folder, would survive a crash. Raises `OSError`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
