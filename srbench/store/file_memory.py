"""What was learned about files that take long to look at, remembered on this machine until a file changes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from srbench.store.files import Stamp, sha256_of, stamp
from srbench.store.seal import UNREADABLE
from srbench.store.user_folder import made_user_cache, user_cache

TICK_NS = 50_000_000
"""How long after it was written a file may change again without another time."""
_NAME = "files.sqlite"
T = TypeVar("T")


class FileMemory:
    """Facts of files and of parts of files, by path and stamp. A cache: any trouble with it means looking again.

    A database that is damaged is removed, and another one begun.
    """

    def __init__(self, about: Literal["pictures", "code", "hashes", "parts", "records"]) -> None:
        self._about = about
        self._database: sqlite3.Connection | None = None
        self._open()
        if self._database is None:  # it was damaged, and is gone now
            self._open()

    def _open(self) -> None:
        with contextlib.suppress(OSError, sqlite3.Error):
            self._database = sqlite3.connect(made_user_cache() / _NAME, timeout=1, isolation_level=None)
            # What a crash of the machine costs is looking again; waiting for the disk costs 20 ms a file.
            self._execute("PRAGMA synchronous = OFF")
            self._execute(f"CREATE TABLE IF NOT EXISTS {self._about} (path TEXT PRIMARY KEY, stamp TEXT, facts BLOB)")

    def get(self, path: str | Path, stamp: Stamp, part: str = "") -> bytes | None:
        """The facts that were put for this very file, or for a part of it, if any were."""
        found: list[Any] = []
        with contextlib.suppress(OSError, sqlite3.Error, UnicodeEncodeError):  # of a name that is no text
            query = f"SELECT facts FROM {self._about} WHERE path = ? AND stamp = ?"
            found = self._execute(query, _named(path, part), str(stamp))
        return bytes(found[0][0]) if found else None

    def put(self, path: str | Path, stamp: Stamp, facts: bytes, part: str = "") -> None:
        """Remember it. stamp: of the file before it was looked at."""
        with contextlib.suppress(OSError, sqlite3.Error, UnicodeEncodeError):
            statement = f"INSERT OR REPLACE INTO {self._about} VALUES (?, ?, ?)"
            self._execute(statement, _named(path, part), str(stamp), facts)

    def put_all(self, learned: Iterable[tuple[str | Path, Stamp, bytes]]) -> None:
        """Remember what was learned of several files in one transaction: each takes as long as reading a thumbnail."""
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error), self._database:
                self._execute("BEGIN")
                for path, stamp, facts in learned:
                    self.put(path, stamp, facts)

    def sha256(self, path: Path) -> str:
        """The sha256 of a file, read where it is not remembered. Raises `OSError`.

        Of a file written a moment ago nothing is remembered.
        """
        now = stamp(path)
        known = self.get(path, now)
        if known is None:
            known = sha256_of(path).encode()
            if _is_settled(now):
                self.put(path, now, known)
        return known.decode()

    def _execute(self, statement: str, *values: object) -> list[Any]:
        if self._database is None:
            return []
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.OperationalError:  # locked, or a disk that fails now
            raise
        except sqlite3.DatabaseError:
            self._database.close()
            self._database = None
            for name in (_NAME, f"{_NAME}-journal"):  # whoever has it open goes on with what is damaged
                (user_cache() / name).unlink(missing_ok=True)
            raise


def remembered(path: Path, about: str, learn: Callable[[], T], kind: type[T]) -> T:
    """What `learn` finds out about a file, remembered on this machine until the file changes.

    about: what is learned, and how: equal words mean an equal answer. kind: of what is learned, something that msgspec
    can write, and paths. What is raised is raised anew each time; of a file written a moment ago nothing is remembered.
    """
    memory = _memory()
    try:
        now = stamp(path)
    except OSError:
        return learn()  # says what is wrong
    known = memory.get(path, now, about)
    with contextlib.suppress(*UNREADABLE):
        if known is not None:
            return msgspec.msgpack.decode(known, type=kind, dec_hook=lambda wanted, found: wanted(found))
    learned = learn()
    if _is_settled(now):
        memory.put(path, now, msgspec.msgpack.encode(learned, enc_hook=str), about)
    return learned


def _is_settled(stamp: Stamp) -> bool:
    """Whether a file would have another stamp if it changed now: the clock may not have moved since it was written."""
    return time.time_ns() - stamp[-1] > TICK_NS


@lru_cache(maxsize=1)
def _memory() -> FileMemory:
    return FileMemory("parts")


def _named(path: str | Path, part: str) -> str:
    whole = str(path)
    if not whole.startswith("/"):
        whole = f"{os.getcwd()}/{whole}"  # noqa: PTH109 (fast)
    # Most files are no links, and those of one folder share its way.
    folder, _, name = whole.rpartition("/")
    place = os.path.realpath(whole) if os.path.islink(whole) else f"{_resolved(folder)}/{name}"  # noqa: PTH114 (fast)
    return f"{place}\n{part}" if part else place


@lru_cache(maxsize=1 << 12)
def _resolved(folder: str) -> str:
    above, _, name = folder.rpartition("/")
    if not above or name in ("", ".", "..") or os.path.islink(folder):  # noqa: PTH114 (fast)
        return os.path.realpath(folder)
    return f"{_resolved(above)}/{name}"  # hundreds of thousands of folders share their way
