"""Unpack what is wanted of an archive, and nothing else. Archives may be damaged, or made to do harm."""

from __future__ import annotations

import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from srbench.contract.published import Members
from srbench.errors import SrbenchError

LARGEST_RATIO = 100
"""How many bytes may come out of an archive for each of its own. Pictures are compressed already: a few."""
MOST_MEMBERS = 1_000_000
_SMALL = 1 << 20
"""Bytes that an archive counts for at least: a small one holds mostly headers, which are compressed well."""
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # of zipfile: encrypted, or compressed in a way that it does not know
    ValueError,
)


class UnpackError(SrbenchError):
    """An archive that is not unpacked; the message says why."""


@dataclass(frozen=True)
class _Entry:
    """One entry of an archive. plain: it is a file, and neither a folder nor a link nor a device."""

    name: str
    size: int
    plain: bool
    open: Callable[[], IO[bytes] | None]


def unpack(archive: Path, members: Sequence[Members], folder: Path) -> None:
    """Write the wanted members of an archive below `folder`, which exists, as new files.

    Entries that nobody wants are passed over, and so are hidden ones. Raises `UnpackError` for an archive with a path
    that leads out of it, a wanted entry that is no plain file or occurs twice, another number of files than there
    should be, or more than could honestly come out of it; and `OSError` when the disk refuses. What was written until
    then stays in `folder`.
    """
    try:
        found = _unpack(archive, members, folder)
    except _BROKEN as error:
        raise UnpackError(f"{archive}: cannot be unpacked: {error or type(error).__name__}") from error
    for wanted in members:
        if found[wanted] != wanted.count:
            raise UnpackError(f"{archive}: holds {found[wanted]} files {wanted.path}, there should be {wanted.count}")


def _unpack(archive: Path, members: Sequence[Members], folder: Path) -> Counter[Members]:
    most = LARGEST_RATIO * max(archive.stat().st_size, _SMALL)
    found: Counter[Members] = Counter()
    total = 0
    for number, entry in enumerate(_entries(archive)):
        total += entry.size
        if number >= MOST_MEMBERS or total > most:
            raise UnpackError(f"{archive}: far more would come out of it than could honestly be in it")
        path = PurePosixPath(entry.name)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.name:
            raise UnpackError(f"{archive}: holds {entry.name!r}, which leads out of it")
        wanted = next((one for one in members if _is_wanted(path, one)), None)
        if wanted is None:
            continue
        if not entry.plain:
            raise UnpackError(f"{archive}: {entry.name!r} in it is no plain file")
        found[wanted] += 1
        if found[wanted] > wanted.count:
            raise UnpackError(f"{archive}: holds more than the {wanted.count} files {wanted.path} there should be")
        _write(archive, entry, folder / wanted.folder / path.name)
    return found


def _is_wanted(path: PurePosixPath, wanted: Members) -> bool:
    pattern = PurePosixPath(wanted.path)
    return path.parent == pattern.parent and fnmatchcase(path.name, pattern.name) and not path.name.startswith(".")


def _write(archive: Path, entry: _Entry, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = entry.open()
    assert source is not None, "plain"
    try:
        with source, target.open("xb") as file:
            shutil.copyfileobj(source, file)
    except FileExistsError:
        raise UnpackError(f"{archive}: two of its files would become {target.name}") from None


def _entries(archive: Path) -> Iterator[_Entry]:
    with archive.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if is_zip:
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                plain = kind in (0, stat.S_IFREG) and not info.is_dir()
                yield _Entry(info.filename, info.file_size, plain, partial(zipped.open, info))
    else:
        with tarfile.open(archive) as tarred:
            for member in tarred:
                yield _Entry(member.name, member.size, member.isreg(), partial(tarred.extractfile, member))
