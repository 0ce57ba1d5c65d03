"""Unpack what is wanted of an archive, or all of it, and nothing else. Archives may be damaged, or made to do harm."""

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
from typing import IO, Literal

from srbench.contract.published import Members
from srbench.errors import SrbenchError
from srbench.pictures import is_hidden

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
Kind = Literal["file", "folder", "other"]


class UnpackError(SrbenchError):
    """An archive that is not unpacked; the message says why."""


@dataclass(frozen=True)
class _Entry:
    """One entry of an archive. kind: whether it is a file, a folder, or something else: a link, a device."""

    name: str
    size: int
    kind: Kind
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
        raise _broken(archive, error) from error
    for wanted in members:
        if found[wanted] != wanted.count:
            raise UnpackError(f"{archive}: holds {found[wanted]} files {wanted.path}, there should be {wanted.count}")


def unpack_whole(archive: Path, folder: Path) -> None:
    """Write all files of an archive below `folder`, which exists, as new files where the archive has them.

    Hidden ones are passed over. Raises as `unpack` does.
    """
    try:
        for path, entry in _safe(archive):
            if entry.kind == "folder" or any(map(is_hidden, path.parts)):
                continue
            _write(archive, entry, folder / path)
    except _BROKEN as error:
        raise _broken(archive, error) from error


def _broken(archive: Path, error: Exception) -> UnpackError:
    return UnpackError(f"{archive}: cannot be unpacked: {error or type(error).__name__}")


def _unpack(archive: Path, members: Sequence[Members], folder: Path) -> Counter[Members]:
    found: Counter[Members] = Counter()
    for path, entry in _safe(archive):
        wanted = next((one for one in members if _is_wanted(path, one)), None)
        if wanted is None:
            continue
        found[wanted] += 1
        if found[wanted] > wanted.count:
            raise UnpackError(f"{archive}: holds more than the {wanted.count} files {wanted.path} there should be")
        _write(archive, entry, folder / wanted.folder / path.name)
    return found


def _safe(archive: Path) -> Iterator[tuple[PurePosixPath, _Entry]]:
    """The entries with their places; all are looked at, whether somebody wants them or not."""
    most = LARGEST_RATIO * max(archive.stat().st_size, _SMALL)
    total = 0
    for number, entry in enumerate(_entries(archive)):
        total += entry.size
        if number >= MOST_MEMBERS or total > most:
            raise UnpackError(f"{archive}: far more would come out of it than could honestly be in it")
        path = PurePosixPath(entry.name)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.name:
            raise UnpackError(f"{archive}: holds {entry.name!r}, which leads out of it")
        yield path, entry


def _is_wanted(path: PurePosixPath, wanted: Members) -> bool:
    pattern = PurePosixPath(wanted.path)
    return path.parent == pattern.parent and fnmatchcase(path.name, pattern.name) and not path.name.startswith(".")


def _write(archive: Path, entry: _Entry, target: Path) -> None:
    if entry.kind != "file":
        raise UnpackError(f"{archive}: {entry.name!r} in it is no plain file")
    source = entry.open()
    assert source is not None, "a file"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source, target.open("xb") as file:
            shutil.copyfileobj(source, file)
    except (FileExistsError, NotADirectoryError):
        raise UnpackError(f"{archive}: two of its files would become {target.name}") from None


def _entries(archive: Path) -> Iterator[_Entry]:
    with archive.open("rb") as file:
        is_zip = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")  # the latter holds nothing
    if is_zip:
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                mode = stat.S_IFMT(info.external_attr >> 16)
                kind = _kind(mode in (0, stat.S_IFREG), info.is_dir())
                yield _Entry(info.filename, info.file_size, kind, partial(zipped.open, info))
    elif not tarfile.is_tarfile(archive):
        raise tarfile.ReadError("it is neither a zip nor a tar archive, or it is damaged")
    else:
        with tarfile.open(archive) as tarred:
            for member in tarred:
                kind = _kind(member.isreg(), member.isdir())
                yield _Entry(member.name, member.size, kind, partial(tarred.extractfile, member))


def _kind(is_file: bool, is_folder: bool) -> Kind:
    return "folder" if is_folder else "file" if is_file else "other"
