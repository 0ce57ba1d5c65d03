"""What a file holds, as a sha256 that is computed anew whenever the file may have changed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from srbench.download import sha256_of

Stamp = tuple[int, int, int, int]


def stamp(path: Path) -> Stamp:
    """What tells a file from any other that ever stood in its place. Raises `OSError` where there is none.

    Size and time of modification do not: tools that copy or unpack set the time. Inode and time of change they cannot
    set.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns


def sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal; read once a process, and again with a new stamp. Raises `OSError`."""
    return _sha256(path, stamp(path))


@lru_cache(maxsize=1 << 16)
def _sha256(path: Path, _: Stamp) -> str:
    return sha256_of(path)
