"""How far a run is, in a file of the store that anybody may read while it goes on: STORE/runs/ID.json.

Every run has a file of its own, replaced whole every few seconds. It is plain JSON, and says nothing about results that
records do not say: nothing is made of it, and what cannot be written is left out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from srbench.runner.job.exchange import Ending, Exchange, Heartbeat, Progress
from srbench.runner.job.file import FILE
from srbench.store.record import is_key
from srbench.store.records import JOBS, RUNS, Shelf, Store
from srbench.store.seal import UNREADABLE
from srbench.store.texts import brief, visible

State = Literal["planning", "running", "done", "left", "interrupted", "failed"]


class JobAtWork(msgspec.Struct):
    """A job that was submitted and has not ended.

    key: its folder in the store is that of this key on the shelf. started: empty while it waits in a queue. host, pid:
    of its keeper. device: in torch's words. job: what its executor calls it, where that does. done: in [0, 1]. ended:
    how, where no run has taken that in yet. waits: why, where it is in a queue and that is known. A key that is none is
    a `ValueError`.
    """

    key: str
    shelf: Shelf
    label: str
    submitted: str
    started: str = ""
    host: str = ""
    pid: int | None = None
    device: str = ""
    job: str = ""
    done: float = 0.0
    message: str = ""
    ended: str = ""
    waits: str = ""

    def __post_init__(self) -> None:
        """Texts fit to be shown."""
        self.label, self.message, self.waits = brief(self.label), brief(self.message), brief(self.waits)
        self.host, self.device, self.job = (visible(text) for text in (self.host, self.device, self.job))
        if not is_key(self.key):
            raise ValueError(f"{self.key!r} is no key")


class Cells(msgspec.Struct):
    """How many cells a run is asked for, by what became of them so far."""

    total: int = 0
    ok: int = 0
    skipped: int = 0
    failed: int = 0
    timeout: int = 0
    out_of_memory: int = 0
    killed: int = 0
    running: int = 0
    waiting: int = 0

    @property
    def remaining(self) -> int:
        """Those that have not ended."""
        return self.running + self.waiting


class RunProgress(msgspec.Struct):
    """How far a run is; whether anybody is at work, its lease of the same name tells.

    state: `planning` before it is known which cells there are; `running`; and how it ended: `left`, its jobs outlive
    it. reason: why it `failed`.
    host, pid: of the run's own process. started, time: when it began, and when this was written (ISO 8601).
    seconds_left: how long it still takes, None where nothing is known; unknown_jobs: those that are left out of that.
    """

    matrix: str
    host: str
    pid: int
    started: str
    time: str
    state: State = "planning"
    reason: str = ""
    cells: Cells = msgspec.field(default_factory=Cells)
    seconds_left: float | None = None
    unknown_jobs: int = 0
    jobs: list[JobAtWork] = []

    def __post_init__(self) -> None:
        """Texts fit to be shown."""
        self.matrix, self.host, self.reason = visible(self.matrix), visible(self.host), brief(self.reason)

    @property
    def ended(self) -> bool:
        """Whether it came to an end, and could say so."""
        return self.state not in ("planning", "running")


def runs(store: Store) -> Iterator[tuple[Path, RunProgress]]:
    """What runs left of how far they are, in the order in which they began; what cannot be read is passed over."""
    found: list[tuple[Path, RunProgress]] = []
    with suppress(OSError):
        for path in (store.root / RUNS).glob("*.json"):
            with suppress(OSError, *UNREADABLE):
                found.append((path, msgspec.json.decode(path.read_bytes(), type=RunProgress)))
    yield from sorted(found, key=lambda one: one[1].started)


def seen_now(job: JobAtWork, store: Store) -> JobAtWork:
    """The job as its keeper and its processes told of it last; as it was where they tell nothing."""
    try:
        exchange = Exchange(store.root / JOBS / job.key / FILE)
    except OSError:  # it ended meanwhile
        return job
    beat, progress, ending = exchange.read(Heartbeat), exchange.read(Progress), exchange.read(Ending)
    if beat is not None:
        job = msgspec.structs.replace(
            job, started=beat.since, host=beat.process.host, pid=beat.process.pid, job=beat.job
        )
    if progress is not None:
        job = msgspec.structs.replace(
            job, done=progress.done, message=progress.message, device=progress.device or job.device
        )
    if ending is not None:
        job = msgspec.structs.replace(job, done=1.0, message="", ended=ending.status or "interrupted")
    return job


def now() -> str:
    """The time (ISO 8601)."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def seconds_between(earlier: str, later: str) -> float:
    """The seconds from one time to another (ISO 8601); 0 where one is none, or they are the other way round."""
    try:
        first, last = map(datetime.datetime.fromisoformat, (earlier, later))
        return max(0.0, (last - first).total_seconds())
    except (ValueError, TypeError):  # TypeError: one of them without a zone
        return 0.0
