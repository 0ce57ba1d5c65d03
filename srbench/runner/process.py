"""One process of a job, forked, held to the job's limits, and heard until it ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from srbench.contract.executor import Limits
from srbench.errors import machine_fault
from srbench.runner.job.channel import Channel, Flooded, Measuring, Message, Tell
from srbench.runner.job.exchange import BEAT_SECONDS, GRACE_SECONDS, Exchange
from srbench.runner.work import processes
from srbench.store.files import StoreError
from srbench.store.record import Status
from srbench.store.records import LOG
from srbench.store.texts import LONGEST_LOG

_LOOK_SECONDS = 0.1
_FILES_SECONDS = 0.5
"""Between two looks at what the run says: thousands of jobs may look at one file server."""
_LARGEST_LOG = 16 * LONGEST_LOG
"""Bytes of a log above which its beginning is dropped."""
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
"""Signals that somebody else sends: a person, or a system that is out of memory. Others are a process's own fault."""


class Abandoned(Exception):
    """Nobody waits for the job any more: it leaves nothing."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: the status of what it was doing, and the reason. again: the machine's fault."""

    status: Status
    reason: str
    again: bool = False


@dataclass
class Stopping:
    """Whether the job is asked to stop, and since when (seconds of the monotonic clock)."""

    since: float | None = None

    def ask(self, *_: object) -> None:
        """Ask for it, from now on."""
        if self.since is None:
            self.since = time.monotonic()

    @property
    def overdue(self) -> bool:
        """Whether there was time enough to stop."""
        return self.since is not None and time.monotonic() - self.since > GRACE_SECONDS


@dataclass
class Process:
    """A process to be forked.

    work: what it does, given how to tell of it and whether it is to stop. folder: where its log goes. stopped: seconds
    for which processes of this job were stopped, which count for no limit.
    """

    work: Callable[[Tell, Callable[[], bool]], None]
    folder: Path
    limits: Limits
    exchange: Exchange
    stopping: Stopping
    stopped: processes.StoppedTime

    def run(self, take: Callable[[Message], None]) -> Ended:
        """Fork it and see it through, with all that it leaves running; how it ended.

        take: told what it tells. Raises `Abandoned`, what `take` raises, and `OSError` where no log can be written;
        nothing of it runs any more then.
        """
        log = os.open(self.folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        channel = Channel()
        pid = os.fork()
        if pid == 0:
            self._become(channel, log)
        os.close(log)
        channel.close_writing()
        try:
            return self._see_through(pid, channel, take)
        finally:
            processes.sweep()
            channel.close()

    def _become(self, channel: Channel, log: int) -> NoReturn:
        code = 1
        try:
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            os.setsid()
            processes.die_with_parent()
            stop = False

            def ask_to_stop(*_: object) -> None:
                nonlocal stop
                stop = True

            signal.signal(signal.SIGTERM, ask_to_stop)
            for ignored in (signal.SIGINT, signal.SIGHUP):
                signal.signal(ignored, signal.SIG_IGN)
            sys.stdout = open(1, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115
            sys.stderr = open(2, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115
            self.work(channel.tell, lambda: stop)
            code = 0
            if stop:  # whoever asked has the answer, and a keeper that did not ask is told of somebody else
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                os.kill(os.getpid(), signal.SIGTERM)
        except BaseException as error:
            import traceback

            traceback.print_exc()
            if machine_fault(error):  # which may have met the telling of it, too
                code = os.EX_IOERR
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _see_through(self, pid: int, channel: Channel, take: Callable[[Message], None]) -> Ended:
        breach: Ended | None = None
        begun, beaten, told_to_stop = self._running_time(), time.monotonic(), False
        looked = float("-inf")
        handle = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.register(channel.reading, select.POLLIN)
        try:
            while True:
                ready = {descriptor for descriptor, _ in poll.poll(_LOOK_SECONDS * 1000)}
                if channel.reading in ready:
                    try:
                        for message in channel.messages():
                            take(message)
                            if isinstance(message, Measuring):  # each metric has all the time that is allowed
                                begun = self._running_time()
                    except Flooded:
                        breach = breach or Ended("failed", "it handed over more than any record holds")
                    if channel.ended:
                        poll.unregister(channel.reading)
                if handle in ready:
                    break
                if time.monotonic() - looked > _FILES_SECONDS:
                    looked = time.monotonic()
                    if self.exchange.abandoned:
                        raise Abandoned
                    if self.exchange.asked_to_stop:
                        self.stopping.ask()
                if time.monotonic() - beaten > BEAT_SECONDS:
                    beaten = time.monotonic()
                    with contextlib.suppress(StoreError):  # a disk that is full for a moment ends no job
                        self.exchange.beat()
                self.stopped.look(pid)
                _shorten(self.folder / LOG)
                breach = breach or self._breach(self._running_time() - begun)
                if self.stopping.since is not None and not told_to_stop:
                    os.kill(pid, signal.SIGTERM)
                    told_to_stop = True
                if breach is not None or self.stopping.overdue:
                    os.kill(pid, signal.SIGKILL)
        finally:
            os.close(handle)
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(Flooded):
            for message in channel.messages():
                take(message)
        return breach or _end(os.waitstatus_to_exitcode(status))

    def _running_time(self) -> float:
        return time.monotonic() - self.stopped.seconds

    def _breach(self, seconds: float) -> Ended | None:
        limits = self.limits
        if limits.seconds is not None and seconds > limits.seconds:
            return Ended("timeout", f"took longer than its limit of {limits.seconds:g} s")
        if limits.memory_gb is not None:
            used = processes.memory_bytes(limits.memory_gb * 1e9) / 1e9
            if used > limits.memory_gb:
                return Ended("out_of_memory", f"used {used:.1f} of {limits.memory_gb:g} GB")
        return None


def _end(code: int) -> Ended:
    """What an exit code says of a process that had not told all; negative: a signal."""
    if code == os.EX_IOERR:
        return Ended("killed", "a file of the machine failed its process; see the end of the log", again=True)
    if code >= 0:
        return Ended("failed", f"its process ended with exit code {code} before it was done")
    name = signal.Signals(-code).name
    if -code in _FROM_OUTSIDE:
        return Ended("killed", f"its process was killed from outside, by {name}", again=True)
    if -code == signal.SIGBUS:
        return Ended("killed", f"a file that its process had mapped into memory could not be read ({name})", again=True)
    return Ended("failed", f"its process crashed with {name}")


def _shorten(log: Path) -> None:
    """Keep the end of a log that has grown too long; whoever writes goes on behind it."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > _LARGEST_LOG:
            with log.open("r+b") as file:
                file.seek(-LONGEST_LOG, os.SEEK_END)
                end = file.read()
                file.truncate(0)
            with log.open("ab") as file:
                file.write(end)
