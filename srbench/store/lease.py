"""Who is at work in a store: a file for each process, STORE/runs/NAME.lease, which it touches every few seconds.

Nothing depends on locks, which network file systems lack, nor on clocks, which differ from machine to machine. Of a
process on this machine the kernel knows whether it lives; of one on another machine its file tells, which changes while
it lives, as whoever looks again and again can see. What a dead process had begun, anybody may take.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from srbench.store.files import StoreError, write_atomically
from srbench.store.records import RUNS
from srbench.store.seal import UNREADABLE
from srbench.store.texts import visible

BEAT_SECONDS = 5.0
"""Between two touches of a lease."""
SILENCE_SECONDS = 120.0
"""How long something may give no sign of life: network file systems show a file late."""
_SUFFIX = ".lease"
_LOOK_SECONDS = 0.2
_LONGEST_GAP = 15.0


class Process(msgspec.Struct, frozen=True):
    """A process of some machine, told from any other that ever had its number.

    machine: the boot of the kernel and the space of process numbers. begun: when it was started, in ticks since that.
    """

    host: str
    machine: str
    pid: int
    begun: int

    @classmethod
    def this(cls) -> Process:
        """The process that asks."""
        return cls(platform.node(), _this_machine(), os.getpid(), _begun(os.getpid()) or 0)

    @property
    def is_gone(self) -> bool | None:
        """Whether it has ended; None where that cannot be told, of a process on another machine."""
        return _begun(self.pid) != self.begun if self.machine == _this_machine() else None

    def __str__(self) -> str:
        """In words: `process 812 on node7`."""
        return f"process {self.pid} on {visible(self.host)}"


class Holder(msgspec.Struct, frozen=True):
    """Whose a lease is: a process, and what it does, in words. alone: it suffers nobody beside it."""

    process: Process
    what: str
    alone: bool = False

    def __str__(self) -> str:
        """In words: `srbench run, process 812 on node7`."""
        return f"{visible(self.what)}, {self.process}"


class Silence:
    """Tells, to who looks again and again, for how long things have not changed, by this process's clock.

    What passes between two looks counts for a few seconds only: whoever looks may have been stopped, and with it, on
    one machine, what it looks at.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[object, tuple[object, float, float]] = {}

    def seconds(self, thing: object, state: object) -> float:
        """How long a thing has been in this state, as far as one has looked."""
        now = self._clock()
        known, looked, silent = self._seen.get(thing, (state, now, 0.0))
        silent = silent + min(now - looked, _LONGEST_GAP) if known == state else 0.0
        self._seen[thing] = state, now, silent
        return silent


class Leases:
    """The leases of a store, for who looks again and again. Nothing is written."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = root / RUNS
        self._silence = Silence(clock)

    def path(self, name: str) -> Path:
        """The file of a lease."""
        return self._folder / f"{name}{_SUFFIX}"

    def is_over(self, name: str) -> bool:
        """Whether a process has ended, or is to be taken for dead; one that gave its lease back has."""
        try:
            holder, changed = self.look(name)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:  # nobody can tell now
            return False
        gone = None if holder is None else holder.process.is_gone
        return self._silence.seconds(name, changed) > SILENCE_SECONDS if gone is None else gone

    def living(self) -> Iterator[tuple[str, Holder | None]]:
        """The processes that are not known to be over, by the names of their leases; None: it cannot be read."""
        for name in self.names():
            if not self.is_over(name):
                with suppress(OSError):
                    yield name, self.look(name)[0]

    def at_work(self) -> list[str]:
        """The processes that are not known to be over, in words."""
        return [str(holder or name) for name, holder in self.living()]

    def describe(self, name: str) -> str:
        """Whose a lease is, in words; its name where it cannot be read."""
        with suppress(OSError):
            return str(self.look(name)[0] or name)
        return name

    def names(self) -> list[str]:
        """The names of all leases, in the order in which they were taken."""
        return sorted(path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))

    def look(self, name: str) -> tuple[Holder | None, int]:
        """Whose a lease is, as far as that can be read, and when it was touched, by the disk's clock, in nanoseconds.

        Raises `OSError`, where there is none.
        """
        with self.path(name).open("rb") as file:  # opened, so that a network file system looks anew
            try:
                holder = msgspec.json.decode(file.read(), type=Holder)
            except UNREADABLE:
                holder = None
            return holder, os.fstat(file.fileno()).st_mtime_ns


class Lease:
    """This process's lease of a store, kept while it is used as a context manager.

    what: it does, in words. alone: nobody else may be at work there. Entering it raises `StoreError` where somebody is
    who keeps this process out: whoever is alone, and for one that wants to be alone, anybody.
    orderly: whether all that was begun came to its end, so that nothing half written lies about; who sees otherwise
    says so.
    """

    def __init__(
        self, root: Path, what: str, *, alone: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root, self._holder = root, Holder(Process.this(), what, alone)
        begun = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        host = re.sub(r"[^0-9A-Za-z]+", "-", self._holder.process.host)
        self.name = f"{begun}-{host}-{os.getpid()}-{secrets.token_hex(2)}"
        self.leases = Leases(root, clock)
        self.orderly = True
        self.path = self.leases.path(self.name)
        self._ended = threading.Event()
        self._beats = threading.Thread(target=self._beat, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._write()
        self._beats.start()
        try:
            for name, holder in self.others():
                if self._holder.alone or (holder is not None and holder.alone):
                    self._outlast(name, holder)
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

    def others(self) -> list[tuple[str, Holder | None]]:
        """The other processes that are not known to be over, by the names of their leases."""
        return [(name, holder) for name, holder in self.leases.living() if name != self.name]

    def is_over(self, name: str) -> bool:
        """Whether another process has ended, or is to be taken for dead."""
        return name != self.name and self.leases.is_over(name)

    def clear(self) -> None:
        """Remove the leases of processes that are over."""
        for name in self.leases.names():
            if self.is_over(name):
                with suppress(OSError):
                    self.leases.path(name).unlink()

    def _outlast(self, name: str, holder: Holder | None) -> None:
        """Wait until it is known of another process whether it lives. Raises `StoreError` where it does."""
        with suppress(FileNotFoundError):
            _, first = self.leases.look(name)
            while not self.leases.is_over(name):
                if (holder is not None and holder.process.is_gone is False) or self.leases.look(name)[1] != first:
                    who = name if holder is None else holder
                    raise StoreError(f"the store {self._root} is in use ({who}); wait, or name another with --store")
                time.sleep(_LOOK_SECONDS)

    def _write(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path.parent}: cannot be made: {error.strerror or error}") from error
        write_atomically(self.path, msgspec.json.encode(self._holder), lasting=False)

    def _beat(self) -> None:
        """Touch the lease, which needs no room on the disk, until it is given back."""
        while not self._ended.wait(BEAT_SECONDS):
            try:
                os.utime(self.path)
            except FileNotFoundError:  # somebody took this process for dead, while its machine slept, say
                with suppress(StoreError):
                    self._write()
            except OSError:  # for a moment
                pass

    def _give_back(self) -> None:
        self._ended.set()
        self._beats.join()
        with suppress(OSError):
            self.path.unlink()


@cache
def _this_machine() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot} {Path('/proc/self/ns/pid').stat().st_ino}"


def _begun(pid: int) -> int | None:
    """When a process was started, in the kernel's ticks; None where there is none, or it has ended already."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])
