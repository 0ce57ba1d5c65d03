"""A command line on a disk that fails: one operation on a file, or all from that one on."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig.preloaded import Preloaded

_LAYOUT = struct.Struct("5q1024s")
_ALWAYS = (errno.EIO, errno.ESTALE)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
ERRORS = {
    "open": (*_ALWAYS, errno.EMFILE),
    "create": (*_ALWAYS, *_NO_ROOM, errno.EMFILE),
    "read": _ALWAYS,
    "look": _ALWAYS,
    "write": (*_ALWAYS, *_NO_ROOM),
    "change": (*_ALWAYS, *_NO_ROOM),
    "remove": _ALWAYS,
}
"""With what each kind of operation may fail."""


@dataclass(frozen=True)
class Operation:
    """The n-th operation of all processes of a command line together. path: relative to the folder."""

    n: int
    kind: str
    path: str


class FaultyDisk:
    """Command lines, forked as `Preloaded` forks them, whose operations on files below a folder are counted."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        """scratch: a folder for what is needed. Raises `subprocess.CalledProcessError` where nothing compiles."""
        self.folder, self._control, library = folder, scratch / "control", scratch / "faulty_disk.so"
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        self._want(-1)
        loaded = {"LD_PRELOAD": str(library), "FAULTY_DISK": str(self._control)}
        self.forks = Preloaded({**os.environ, **loaded})

    def _want(self, first: int, number: int = 0, lasting: bool = False, writing: bool = False) -> None:
        wanted = _LAYOUT.pack(0, first, lasting, number, writing, os.fsencode(self.folder))
        with self._control.open("r+b" if self._control.exists() else "xb") as file:
            file.write(wanted)

    def operations(
        self, arguments: list[str], environment: Mapping[str, str]
    ) -> tuple[subprocess.CompletedProcess[str], list[Operation]]:
        """Run a command line without faults; what it did to files."""
        log = Path(f"{self._control}.log")
        log.write_text("")
        self._want(-1)
        done = self.forks.run(arguments, self.folder, environment)
        lines = (line.split("\t") for line in log.read_text(errors="replace").splitlines())
        return done, [Operation(n, kind, path.lstrip("/")) for n, (kind, path) in enumerate(lines)]

    def run(
        self, arguments: list[str], environment: Mapping[str, str], first: int, number: int, lasting: bool
    ) -> subprocess.CompletedProcess[str]:
        """Run a command line whose operation `first`, and where `lasting` every later one, fails with an errno."""
        self._want(first, number, lasting)
        try:
            return self.forks.run(arguments, self.folder, environment)
        finally:
            self._want(-1)

    def fail_at_times(self, after: int, number: int, lasting: bool = False) -> None:
        """Have one of the next writings fail with an errno, by whichever process; where `lasting`, all from then on."""
        self._want(after, number, lasting, writing=True)

    def work(self) -> None:
        """Have nothing fail any more."""
        self._want(-1)

    def close(self) -> None:
        """End the process that command lines are forked from."""
        self.forks.close()
