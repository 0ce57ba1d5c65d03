"""What a run and the keeper of a job tell each other, in files beside the job's.

STORE/jobs/KEY/job.json        written by the run; once it is gone or replaced, nobody waits for the job any more
              /owner-NAME      by the run, which is so called (`srbench.runner.job.claim`)
              /lasting         by the run: the job outlives it, and the next run finds it
              /heartbeat.json  by the keeper, every few seconds
              /progress.json   by the job
              /ending.json     by the keeper, last of all
              /stop            by the run: write a checkpoint and end

Files are replaced whole, so that a reader never sees half of one, and none has two writers: of two keepers of one job,
which a cluster has for a while when it gives up a node that still works, the one that began first gives way.
"""

from __future__ import annotations

import datetime
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from srbench.contract.executor import JOB_VARIABLE
from srbench.store.files import StoreError, stamp, write_atomically
from srbench.store.lease import Process
from srbench.store.record import Status
from srbench.store.seal import UNREADABLE
from srbench.store.texts import brief

BEAT_SECONDS = 2.0
GRACE_SECONDS = 15.0
"""How long a job that was asked to stop may take to write its checkpoint."""
_PROGRESS_SECONDS = 0.1


class Heartbeat(msgspec.Struct):
    """A sign of life of a keeper, and its time (ISO 8601).

    since: that of its first sign of life. job: what its executor calls it, where that does.
    """

    process: Process
    time: str
    since: str = ""
    job: str = ""


class Progress(msgspec.Struct):
    """How far a job is: `done` in [0, 1], a few words, and the torch device that it works on."""

    done: float
    message: str
    device: str = ""

    def __post_init__(self) -> None:
        """Texts fit to be written."""
        self.message = brief(self.message)


class Ending(msgspec.Struct):
    """How a job ended. status None: it was asked to stop, and is not done.

    again: what went wrong was the machine's fault, and is worth another try at once.
    """

    status: Status | None
    reason: str = ""
    again: bool = False

    def __post_init__(self) -> None:
        """Texts fit to be written."""
        self.reason = brief(self.reason)


_FILES: dict[type[msgspec.Struct], str] = {
    Heartbeat: "heartbeat.json",
    Progress: "progress.json",
    Ending: "ending.json",
}
_T = TypeVar("_T", Heartbeat, Progress, Ending)


def told(job: Path, kind: type[_T]) -> _T | None:
    """The latest news of a kind beside a job's file, which need not be there any more; None where there are none."""
    try:
        return msgspec.json.decode((job.parent / _FILES[kind]).read_bytes(), type=kind)
    except (OSError, *UNREADABLE):
        return None


class Exchange:
    """The files beside a job's, for either side. Raises `OSError` where there are none.

    job: the job's file. parent: of a keeper, the process without which nobody waits for the job. device: what the job
    works on, as far as that is known.
    """

    def __init__(self, job: Path, parent: int | None = None) -> None:
        self.job, self._parent = job, parent
        self.device = ""
        self._since = ""
        self._stop = job.parent / "stop"
        self._beat: Heartbeat | None = None
        self._replaced = False
        self._stamp = stamp(job)
        self._shown = float("-inf")

    def read(self, kind: type[_T]) -> _T | None:
        """The latest that was told; None where nothing was."""
        return told(self.job, kind)

    def tell(self, news: Heartbeat | Progress | Ending) -> None:
        """Replace the file of this kind of news. Raises `StoreError`."""
        write_atomically(self.job.parent / _FILES[type(news)], msgspec.json.encode(news), lasting=False)

    def beat(self) -> None:
        """Tell that this process lives, unless another keeper has begun since. Raises `StoreError`."""
        if self._beat is not None and self.read(Heartbeat) not in (self._beat, None):
            self._replaced = True
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        self._since = self._since or now
        beat = Heartbeat(Process.this(), now, self._since, os.environ.get(JOB_VARIABLE, ""))
        self.tell(beat)
        self._beat = beat

    def progress(self, done: float, message: str) -> None:
        """Tell how far the job is, as often as one can read; what cannot be written is left out."""
        if time.monotonic() - self._shown >= _PROGRESS_SECONDS:
            self._shown = time.monotonic()
            with suppress(StoreError):
                self.tell(Progress(float(done), str(message), self.device))

    def ask_to_stop(self) -> None:
        """Ask the keeper to have the job write a checkpoint, and end. No more than that where the job is gone."""
        with suppress(OSError):
            self._stop.touch()

    @property
    def asked_to_stop(self) -> bool:
        """Whether the run asked for that."""
        return self._stop.exists()

    def fall_silent(self) -> None:
        """Take back the sign of life: this keeper is at the job no more, and there is no ending to tell."""
        if self._beat is not None and self.read(Heartbeat) == self._beat:
            with suppress(OSError):
                (self.job.parent / _FILES[Heartbeat]).unlink()

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for this keeper: the job's file is gone, or another's, or the keeper's parent is.

        Or another keeper has begun the same job since.
        """
        if self._replaced or (self._parent is not None and os.getppid() != self._parent):
            return True
        try:
            return stamp(self.job) != self._stamp
        except OSError:
            return True
