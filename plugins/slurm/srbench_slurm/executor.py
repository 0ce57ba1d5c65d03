"""The executor `slurm`: job arrays of a SLURM cluster, known again by what lies beside each job's file."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

import srbench
from srbench.types import Count, Natural, NonNegative, Positive

from .array import LOG, OPTIONS, options, script
from .attend import GIVEN_UP
from .commands import PATIENCE_SECONDS, SlurmError, patiently_said_by, said_by, wait_or_raise
from .queue import Entry, Place, Queue
from .reasons import waits

NOTE = "slurm.json"
"""Beside a job's file: its place in the queue."""
_LARGEST_ARRAY = 1000
"""Tasks of one array, whatever SLURM allows: the script names each."""
_ENDING_SECONDS = 15.0
"""How long a task whose job was given up may take to see that, and to end."""
_WORDS = {
    "BOOT_FAIL": "its node did not start",
    "CANCELLED": "it was cancelled from outside",
    "DEADLINE": "its deadline passed",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "SLURM ended it because it took more memory than it had asked for (`memory_gb` of `resources`)",
    "PREEMPTED": "other jobs took its place, and SLURM did not put it back into the queue",
    "TIMEOUT": "SLURM ended it when its time was up, before it could write its checkpoint",
}


class SlurmExecutor(srbench.Executor):
    """Job arrays of a SLURM cluster, by its own programs `sbatch`, `squeue`, `scancel` and `scontrol`.

    jobs: how many may wait or run at once. requeues: how often a job may begin again, after its time was up or others
    took its place. arguments: what `sbatch` is told besides, `[--gres=gpu:a100:1]` say. poll_seconds: between two looks
    at the queue. late_seconds: how long files of nodes may be late on this machine.
    """

    options = frozenset(OPTIONS)

    def __init__(
        self,
        jobs: Count = 100,
        requeues: Natural = 50,
        arguments: tuple[str, ...] = (),
        poll_seconds: Positive = 10.0,
        late_seconds: NonNegative = 60.0,
    ) -> None:
        self._jobs, self._requeues, self._arguments, self._late = jobs, requeues, arguments, late_seconds
        self._queue = Queue(poll_seconds)
        self._places: dict[Path, Place | None] = {}
        self._submitted: dict[Path, float] = {}
        self._over: dict[Path, tuple[float, Entry | None]] = {}
        self._array_size: int | None = None

    def places(self) -> int:
        """The most jobs that may wait or run at once."""
        return self._jobs

    def submit(self, job: Path, limits: srbench.Limits, resources: srbench.Resources) -> None:
        """Put a job into the queue, as an array of one."""
        self.submit_all([job], limits, resources)

    def submit_all(self, jobs: Sequence[Path], limits: srbench.Limits, resources: srbench.Resources) -> None:
        """Put jobs into the queue, in as few arrays as SLURM allows."""
        size = max(1, self._largest_array())
        for first in range(0, len(jobs), size):
            self._submit_array(jobs[first : first + size], resources)

    def _submit_array(self, jobs: Sequence[Path], resources: srbench.Resources) -> None:
        name = f"srbench-{jobs[0].parents[2].name}-{secrets.token_hex(4)}"
        for number, job in enumerate(jobs):  # before: what is in the queue can be found again, come what may
            self._places[job] = Place(name, number)
            _write_note(job, Place(name, number))
        array = [f"--array=0-{len(jobs) - 1}"] if self._largest_array() else []
        told = [f"--job-name={name}", *array, "--chdir=/", "--output=/dev/null", *options(resources), *self._arguments]
        given = script(jobs, [self.command(job) for job in jobs], self._requeues)
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                said_by("sbatch", "--parsable", *told, given=given)
                break
            except SlurmError as error:
                if not error.passing:
                    raise SlurmError(f"{error}. It was told {' '.join(told)}") from None
                wait_or_raise(error, until)
                if self._queue.refresh() and self._queue.entry(Place(name, 0)) is not None:
                    break  # it took the array, and did not come to say so
        for job in jobs:
            self._over.pop(job, None)
            self._submitted[job] = time.monotonic()

    def _largest_array(self) -> int:
        """How many tasks an array may have; 0 where SLURM takes no arrays."""
        if self._array_size is None:
            settings = patiently_said_by("scontrol", "show", "config")
            found = [line.partition("=")[2] for line in settings.splitlines() if line.startswith("MaxArraySize")]
            self._array_size = min(_LARGEST_ARRAY, int(found[0]) if found else _LARGEST_ARRAY)
        return self._array_size

    def processes(self, resources: srbench.Resources) -> int | None:
        """One for each GPU that is asked for."""
        return None if resources.gpus is None else max(1, resources.gpus)

    def device(self, resources: srbench.Resources) -> str | None:
        """A GPU of a node where one is asked for, the CPU where none is."""
        return None if resources.gpus is None else "gpu" if resources.gpus else "cpu"

    def outline(self, count: int, resources: srbench.Resources) -> str:
        """The arrays of so many jobs, and what `sbatch` would be told."""
        size = self._largest_array()
        whole, rest = divmod(count, size) if size else (0, 0)
        sizes = [*([f"{whole} of {size}"] if whole else []), *([f"1 of {rest}"] if rest else [])]
        arrays = f"arrays: {' and '.join(sizes)}" if size else "no arrays"
        most = f", {self._jobs} jobs at once" if count > self._jobs else ""
        return f"{arrays}{most}; sbatch {' '.join([*options(resources), *self._arguments])}"

    def holds(self, job: Path) -> bool:
        """Whether the job is in the queue, or runs."""
        entry = self._entry(job)
        return entry is not None and not entry.is_over

    def wait(self, job: Path) -> srbench.Wait | None:
        """Say SLURM's reason for having a job wait."""
        entry = self._entry(job)
        return None if entry is None or entry.is_over or not entry.waits else waits(entry.reason)

    def fate(self, job: Path) -> srbench.Fate | None:
        """Say what SLURM says of a job that is over, once what it left can no longer be late."""
        entry = self._entry(job)
        if entry is not None and not entry.is_over:
            self._over.pop(job, None)
            return None
        if self._queue.taken < self._submitted.get(job, float("-inf")):
            return None
        since, known = self._over.get(job, (time.monotonic(), None))
        self._over[job] = since, entry or known  # SLURM forgets jobs after some minutes
        return None if time.monotonic() - since < self._late else _fate(job, entry or known)

    def _entry(self, job: Path) -> Entry | None:
        if job not in self._places:
            self._places[job] = _read_note(job)
        place = self._places[job]
        return None if place is None else self._queue.entry(place)

    def close(self) -> None:
        """Cancel what waits or runs of jobs whose files are gone; what runs may end by itself, since it sees that."""
        given_up = [place for job, place in self._places.items() if place is not None and not job.exists()]
        until = time.monotonic() + _ENDING_SECONDS
        while given_up and self._queue.refresh():
            entries = {place: entry for place in given_up if (entry := self._queue.entry(place)) is not None}
            late = time.monotonic() > until
            ids = [entry.id for entry in entries.values() if entry.waits or (late and entry.state == "RUNNING")]
            if ids:
                with suppress(SlurmError):  # whatever it starts finds no job, and ends
                    said_by("scancel", *ids)
            if late or not any(entry.state == "RUNNING" for entry in entries.values()):
                return
            time.sleep(1)


def _fate(job: Path, entry: Entry | None) -> srbench.Fate:
    last = _last_words(job)
    if last.startswith(GIVEN_UP):
        return srbench.Fate(f"{last.removeprefix(GIVEN_UP)}{_named(entry)}", again=False)
    if entry is None:
        return srbench.Fate(f"SLURM no longer knows it{_said(last)}")
    if entry.state in _WORDS:
        return srbench.Fate(f"{_WORDS[entry.state]}{_named(entry)}", again=entry.state != "CANCELLED")
    if entry.state not in ("COMPLETED", "FAILED"):
        return srbench.Fate(f"SLURM holds it: {entry.reason}{_named(entry)}", again=False)
    return srbench.Fate(f"its command ended without telling of an ending{_named(entry)}{_said(last)}")


def _named(entry: Entry | None) -> str:
    if entry is None:
        return ""
    return f" (slurm {entry.id} on node {entry.node})" if entry.node else f" (slurm {entry.id})"


def _said(last: str) -> str:
    return f"; it said last: {last}" if last else ""


def _last_words(job: Path) -> str:
    try:
        lines = job.with_name(LOG).read_text(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _write_note(job: Path, place: Place) -> None:
    new = job.with_name(f"{NOTE}.new")
    new.write_bytes(msgspec.json.encode(place))
    new.replace(job.with_name(NOTE))


def _read_note(job: Path) -> Place | None:
    try:
        return msgspec.json.decode(job.with_name(NOTE).read_bytes(), type=Place)
    except (OSError, msgspec.DecodeError):
        return None
