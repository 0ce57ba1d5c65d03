"""What takes long to make, kept for this user on this machine until what it depends on changes."""

from __future__ import annotations

import contextlib
import fcntl
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from srbench.store.files import StoreError, write_atomically
from srbench.store.user_folder import made_user_cache, user_cache

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Cache:
    """A folder of files, each named by a key that holds all that its content depends on (see `srbench.digest`).

    A cache that cannot be read or written costs time, never a result.
    """

    def __init__(self, about: str) -> None:
        """about: the name of its folder, below srbench's own in the user's cache."""
        self._folder = user_cache() / about

    def get(self, key: str, make: Callable[[], T], write: Callable[[T], bytes], read: Callable[[bytes], T | None]) -> T:
        """What is kept under a key, or else what `make` returns, which is kept from now on.

        write: turns it into the bytes of a file, read: back; None, or a `ValueError`, for bytes that are not sound. Of
        several processes that want one key, the first makes it and the others wait.
        """
        path = self._folder / key[:2] / key
        known = _read(path, read)
        if known is not None:
            return known
        with alone(path):
            known = _read(path, read)
            if known is None:
                known = make()
                try:
                    write_atomically(path, write(known))
                except StoreError as error:
                    _log.warning("not kept for next time: %s", error)
        return known


def _read(path: Path, read: Callable[[bytes], T | None]) -> T | None:
    try:
        return read(path.read_bytes())
    except (OSError, ValueError):
        return None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the path for this process. The system lets go when the process ends, however it does.

    Where there is no locking, two may do the same work.
    """
    lock = path.with_name(f"{path.name}.lock")
    file = None
    with contextlib.suppress(OSError):
        made_user_cache()
        path.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("w")
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        # Whoever still waits for it finds the result first thing afterwards.
        with contextlib.suppress(OSError):
            lock.unlink()
        with contextlib.suppress(OSError):  # a disk may fail in closing, too
            if file is not None:
                file.close()
