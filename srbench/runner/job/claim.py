"""Which run does a job: STORE/jobs/KEY/owner-NAME, an empty file that is called after the run's lease.

A job's folder comes into its place whole, by being renamed, which fails where there is one already; and it goes as a
whole, too. To take over the job of a run that is over is to rename the file in it: of several runs that try, one can.
So of all runs that share a store, one does a job, and no clock and no lock is asked.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

from srbench.store.files import StoreError, remove, temporary_in

_OWNER = "owner-"
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST)


def owner(job: Path) -> str | None:
    """The name of the run that does a job; empty where none does, None where that cannot be told now."""
    try:
        return next((path.name.removeprefix(_OWNER) for path in job.parent.iterdir() if path.match(f"{_OWNER}*")), "")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError:
        return None


def claim(prepared: Path, job: Path, run: str) -> bool:
    """Give a folder that holds all files of a job its place; False where a run does that job already.

    job: its file, in the place where it is to be. run: whose job it is. Raises `StoreError`.
    """
    try:
        (prepared / f"{_OWNER}{run}").touch()
        prepared.rename(job.parent)
    except OSError as error:
        if owner(job) == run:  # a network file system may do it, and lose its answer
            return True
        if error.errno in _TAKEN:
            return False
        raise StoreError(f"{job.parent}: cannot be made: {error.strerror or error}") from error
    return True


def take_over(job: Path, run: str, heir: str) -> bool:
    """Take the job of a run that is over; whether it is the heir's now."""
    try:
        (job.parent / f"{_OWNER}{run}").rename(job.parent / f"{_OWNER}{heir}")
    except OSError:
        return owner(job) == heir
    return True


def release(job: Path, run: str) -> None:
    """Remove a job of this run with its files, all at once; nothing where it is another's by now."""
    if owner(job) == run:
        discard(job)


def discard(job: Path) -> None:
    """Remove a job with its files, all at once, whosever it is."""
    gone = temporary_in(job.parents[1])
    with suppress(OSError):
        job.parent.rename(gone)
        remove(gone)
