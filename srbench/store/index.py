"""STORE/index.sqlite: a cache of small files, so that thousands are read in one go."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Generic, TypeVar

from srbench.store.files import bytes_of, content_of

INDEX = "index.sqlite"
T = TypeVar("T")
_TOGETHER = 1000
"""How many entries are in memory at once."""
_LAST = "\U0010ffff"
"""What no key comes after."""


class Index(Generic[T]):
    """What files `STORE/SHELF/<2 hex>/KEY/NAME` hold, by key. Any trouble means reading the files.

    decode: what an entry is, of what its file holds and its key; None where it is not sound.
    """

    def __init__(self, root: Path, name: str, decode: Callable[[bytes, str], T | None]) -> None:
        self._root, self._name, self._decode = root, name, decode

    def entries(self, shelf: str) -> Iterator[T]:
        """Every sound entry on a shelf, by key: from the index where that is up to date, otherwise from its file."""
        files: dict[str, tuple[str, int]] = {}
        for path in (self._root / shelf).glob(f"??/*/{self._name}"):
            with suppress(OSError):  # removed while one looks
                files[path.parent.name] = str(path), path.stat().st_mtime_ns
        keys, after = sorted(files), ""
        for start in range(0, len(keys) + 1, _TOGETHER):
            together = keys[start : start + _TOGETHER]
            until = together[-1] if start + _TOGETHER <= len(keys) else _LAST
            known = self._known(shelf, after, until)
            fresh: list[tuple[str, str, int, bytes]] = []
            for key in together:
                place, changed = files[key]
                row = known.pop(key, None)
                entry = self._decode(row[1], key) if row is not None and row[0] == changed else None
                if entry is None:
                    content = bytes_of(Path(place))
                    if content is None:
                        continue
                    fresh.append((shelf, key, changed, content))
                    entry = self._decode(content, key)
                if entry is not None:
                    yield entry
            self._update(fresh, [(shelf, key) for key in known])
            after = until

    @property
    def is_sound(self) -> bool:
        """Whether what it holds of files that did not change is what they hold. One that is not there is."""
        if not (self._root / INDEX).exists():
            return True
        try:
            with closing(sqlite3.connect(self._root / INDEX, timeout=1)) as database:
                if database.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                    return False
                rows = database.execute("SELECT shelf, key, changed, record FROM records").fetchall()
        except sqlite3.DatabaseError:
            return False
        for shelf, key, changed, content in rows:
            path = self._root / str(shelf) / str(key)[:2] / str(key) / self._name
            with suppress(OSError):
                if path.stat().st_mtime_ns == changed and content_of(path) != content:
                    return False
        return True

    def _known(self, shelf: str, after: str, until: str) -> dict[str, tuple[int, bytes]]:
        if not (self._root / INDEX).exists():
            return {}
        try:
            with closing(sqlite3.connect(self._root / INDEX, timeout=1)) as database:
                query = "SELECT key, changed, record FROM records WHERE shelf = ? AND key > ? AND key <= ?"
                rows = database.execute(query, (shelf, after, until))
                return {key: (changed, record) for key, changed, record in rows}
        except sqlite3.Error:
            return {}

    def _update(self, fresh: list[tuple[str, str, int, bytes]], gone: list[tuple[str, str]]) -> None:
        if not fresh and not gone:
            return
        try:
            self._write(fresh, gone)
        except (sqlite3.OperationalError, OSError):  # busy, or nowhere to write
            return
        except sqlite3.DatabaseError:  # damaged: the next reading makes it anew
            with suppress(OSError):
                (self._root / INDEX).unlink()

    def _write(self, fresh: list[tuple[str, str, int, bytes]], gone: list[tuple[str, str]]) -> None:
        with (
            closing(sqlite3.connect(self._root / INDEX, timeout=1)) as database,
            database,
        ):
            database.execute(
                "CREATE TABLE IF NOT EXISTS records "
                "(shelf TEXT, key TEXT, changed INT, record BLOB, PRIMARY KEY (shelf, key))"
            )
            database.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", fresh)
            database.executemany("DELETE FROM records WHERE shelf = ? AND key = ?", gone)
