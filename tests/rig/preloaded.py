"""The command line without the seconds that its imports take: forked from a process that has them behind it.

In all else a fork is what `python -m srbench` is: a process with arguments, a folder, an environment, plugins and
output of its own. The server of workers that a run starts is forked too, before the run begins, so that it knows no
more of it than a new process would. Nothing has computed with torch where the forks come from.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import importlib.metadata
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NoReturn

import psutil

LONGEST_SECONDS = 300


@dataclass
class Forked:
    """A command line in a process of its own: as much of `subprocess.Popen` as tests ask of one."""

    pid: int
    ask: Callable[[Any], int]
    returncode: int | None = None

    def __post_init__(self) -> None:
        self._handle = os.pidfd_open(self.pid)

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._ended_within(0)

    def wait(self, timeout: float) -> int:
        """Wait for its exit code. Raises `TimeoutError`."""
        code = self._ended_within(timeout)
        if code is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout:g} s")
        return code

    def _ended_within(self, seconds: float) -> int | None:
        if self.returncode is None and select.select([self._handle], [], [], seconds)[0]:
            self.returncode = self.ask(self.pid)
            os.close(self._handle)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


class Preloaded:
    """The tests' side: starts the process, in an environment of its own perhaps, and has it fork command lines."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(LONGEST_SECONDS)

    def _ask(self, what: Any) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        said: Sequence[str] = (os.devnull, os.devnull),
        program: str = "srbench",
    ) -> Forked:
        """A command line in a folder. said: where its output and its errors go. program: one of `PROGRAMS`."""
        return Forked(self._ask([[program, *arguments], str(folder), dict(environment), list(said)]), self._ask)

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """A command line in a folder, to its end."""
        with tempfile.TemporaryDirectory() as kept:
            said = [str(Path(kept, name)) for name in ("out", "err")]
            code = self.start(arguments, folder, environment, said).wait(LONGEST_SECONDS)
            return subprocess.CompletedProcess(arguments, code, *(Path(file).read_text() for file in said))

    def below(self) -> list[psutil.Process]:
        """Every process that was forked, with all that it started, as far as they live."""
        return psutil.Process(self._process.pid).children(recursive=True)


@cache
def preloaded() -> Preloaded:
    """The process of this session."""
    return Preloaded()


@dataclass
class _Spare:
    """A process that becomes the server of workers when it is asked for; what `subprocess.Popen` is of one."""

    pid: int
    stdin: IO[bytes]
    stdout: IO[bytes]
    handle: int = field(init=False)

    def __post_init__(self) -> None:
        self.handle = os.pidfd_open(self.pid)

    def start(self, command: Sequence[str], **_: Any) -> _Spare:
        assert command[-1] == "srbench.runner.supervision.forkserver"
        forkserver.subprocess = subprocess  # another, should this one be killed, is a new process
        self.stdin.write(b"\n")
        self.stdin.flush()
        return self

    def poll(self) -> int | None:
        return 0 if select.select([self.handle], [], [], 0)[0] else None

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        if not select.select([self.handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("the server of workers", timeout or 0)
        return 0


def _fork(asked: Any) -> int:
    """Fork a process that has the folder, environment and output that are asked for; 0 in the fork."""
    pid = os.fork()
    if pid == 0:
        _, folder, environment, said = asked
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
        sys.dont_write_bytecode = True
        for number, file in enumerate([os.devnull, *said]):
            os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
        ends = [os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww")]
        sys.stdin, sys.stdout, sys.stderr = ends
    return pid


def _spare(asked: Any) -> _Spare:
    (its_input, to_it), (from_it, its_output) = os.pipe(), os.pipe()
    pid = _fork(asked)
    if pid == 0:
        os.close(to_it)
        os.close(from_it)
        os.dup2(its_input, 0)
        os.dup2(its_output, 1)
        os.closerange(3, 1024)  # nothing of this process, as in a new one
        os.setsid()
        if os.read(0, 1):
            forkserver.serve()
        os._exit(0)
    os.close(its_input)
    os.close(its_output)
    return _Spare(pid, os.fdopen(to_it, "wb"), os.fdopen(from_it, "rb"))


def _serve() -> None:
    """Fork a command line for each one asked for, and tell its process; for a process, wait, and tell its exit code."""
    spares: dict[int, _Spare] = {}
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        if isinstance(asked, int):
            spare = spares.pop(asked)
            os.waitpid(spare.pid, 0)
            os.close(spare.handle)
            print(os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1]), flush=True)
            continue
        spare = _spare(asked)
        pid = _fork(asked)
        if pid == 0:
            forkserver.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": spare.start})  # type: ignore
            sys.argv = asked[0]
            _end(PROGRAMS[sys.argv[0]])
        spare.stdin.close()
        spare.stdout.close()
        spares[pid] = spare
        print(pid, flush=True)


def _end(do: Callable[[], None]) -> NoReturn:
    """Do the last thing of a process. Where it ends, the modules of all of srbench need not be taken apart."""
    code: Any = 1
    try:
        do()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    from srbench.runner.work import processes

    processes.spin_shortly()
    import matplotlib.pyplot  # noqa: F401
    import pandas  # noqa: F401
    import torch._dynamo
    import torch.utils.flop_counter  # noqa: F401

    import srbench
    from srbench import cli
    from srbench.leaderboard.pages import site
    from srbench.registry import sources
    from srbench.runner import keeper
    from srbench.runner.supervision import forkserver

    PROGRAMS = {"srbench": cli.main, "keeper": keeper.main}
    for module in pkgutil.walk_packages(srbench.__path__, "srbench."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for plugin in importlib.metadata.entry_points(group="srbench"):
        plugin.load()
        sources.sources(plugin.dist.name, plugin.module)  # which reads the code of all
    sources._memory.cache_clear()  # a database is not to be forked
    templates = site.environment()
    for template in templates.list_templates(["html"]):
        templates.get_template(template)
    processes.adopt_orphans()
    gc.collect()
    gc.freeze()
    _serve()
