"""Who is at work in a store: one run holds it, and processes of a run that is dead may still work on it."""

from __future__ import annotations

import fcntl
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from srbench.store.files import StoreError

_LOCK, _WORKED_ON = ".lock", ".worked-on"
_UNKNOWN = "process unknown"


@contextmanager
def held(root: Path) -> Iterator[None]:
    """Hold a store for one run; `StoreError` when another run holds it. A dead run holds nothing."""
    with (root / _LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StoreError(
                f"another run is using the store {root} ({file.read().strip() or _UNKNOWN}); wait for it, or give this "
                "one its own with --store"
            ) from None
        except OSError as error:
            raise StoreError(
                f"the store {root} cannot be locked for this run: {error.strerror or error}; give it a place on a disk "
                "whose file system knows locks with --store"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}\n")
        file.flush()
        yield


def holder(root: Path) -> str:
    """Name the run that holds a store at present; empty where none does, or nobody can tell."""
    try:
        with (root / _LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return (root / _LOCK).read_text().strip() or _UNKNOWN
    except OSError:
        pass
    return ""


@contextmanager
def worked_on(root: Path) -> Iterator[None]:
    """Mark a store as worked on by this process, and by every fork of it for as long as that lives."""
    with (root / _WORKED_ON).open("a") as file:
        with suppress(OSError):  # where there are no locks, nobody is kept from anything
            fcntl.flock(file, fcntl.LOCK_SH)
        yield


def left_alone(root: Path, seconds: float) -> bool:
    """Wait, so long at most, until no process works on a store any more; whether none does."""
    until = time.monotonic() + seconds
    with (root / _WORKED_ON).open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    return False
                time.sleep(0.05)
            except OSError:
                return True
            else:
                return True
