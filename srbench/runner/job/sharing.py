"""Modules of plugins that judge, imported once for the processes of all jobs, which are forks of one that has them.

Nothing of a method is among them, whoever imports it: a process that scores must not have loaded what it judges. Nor is
anything that starts a thread, which no fork would have. Where there are GPUs nothing is shared: a process that so much
as asked for them leaves none that its forks could use.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from srbench.registry.registry import Registered, registry
from srbench.runner.job.tasks import Evaluation, Task
from srbench.store.file_memory import TICK_NS
from srbench.store.files import Stamp, stamp

_LONGEST_SECONDS = 60
"""How long importing may take where it is tried."""
_tried: set[str] = set()
_stamps: dict[str, Stamp | None] = {}
"""The files of what was imported, as they were before; None for one that may have changed meanwhile."""


class Shared(NamedTuple):
    """Modules that judge, and the packages of methods, which they must not import."""

    modules: Sequence[str] = ()
    methods: Sequence[str] = ()


def shared_by(task: Task) -> Shared:
    """What the processes of a task import of plugins that judge; for a process that knows all plugins."""
    if not isinstance(task, Evaluation):
        return Shared()
    methods = {_package(module) for one in registry().entries("method") for module in _modules(one)}
    judging = [use.registered for use in task.judges]
    judging += [one for one in registry().entries("format") if one.plugin.distribution in task.formats]
    modules = dict.fromkeys(module for one in judging for module in _modules(one))
    return Shared([one for one in modules if _package(one) not in methods], sorted(methods - {"srbench"}))


def share(shared: Shared) -> bool:
    """Import modules for all forks of this process, unless that does more than it should; whether any was imported."""
    new = [module for module in shared.modules if module not in _tried]
    _tried.update(new)
    with _silence():
        if not new or not _goes_well(new, frozenset(shared.methods)):
            return False
        _import(new)
    return True


def changed() -> str:
    """A file of what this process found imported that is another by now; empty where there is none."""
    return next((file for file, before in _stamps.items() if before is None or _stamp(file) != before), "")


def _goes_well(modules: Sequence[str], methods: frozenset[str]) -> bool:
    """Import modules in a fork; whether it is as good as new afterwards, and knows nothing of methods."""
    pid = os.fork()
    if pid == 0:
        code = 1
        with suppress(BaseException):
            signal.alarm(_LONGEST_SECONDS)
            _import(modules)
            packages = set(map(_package, sys.modules))
            threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
            if not packages & methods and not changed() and threads == 1:
                code = 0
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _import(modules: Iterable[str]) -> None:
    begun, before = time.time_ns(), set(sys.modules)
    for module in modules:
        with suppress(Exception, SystemExit):  # the job that meets it tells of it
            importlib.import_module(module)
    for name in sys.modules.keys() - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and (now := _stamp(file)) is not None:
            _stamps[file] = now if begun - now[-1] > TICK_NS else None


@contextmanager
def _silence() -> Iterator[None]:
    """Inside, what is said goes nowhere; where nothing is shared, imports say it in the logs of jobs."""
    before = [os.dup(descriptor) for descriptor in (1, 2)]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for descriptor in (1, 2):
            os.dup2(nothing, descriptor)
        yield
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        for descriptor, saved in zip((1, 2), before, strict=True):
            os.dup2(saved, descriptor)
            os.close(saved)
        os.close(nothing)


def _stamp(file: str) -> Stamp | None:
    try:
        return stamp(file)
    except OSError:
        return None


def _modules(registered: Registered) -> tuple[str, str]:
    """The modules that are imported for a plugin's thing: of the plugin, and where it stands."""
    target = registered.entry.target
    return registered.plugin.module, target.partition(":")[0] if isinstance(target, str) else target.__module__


def _package(module: str) -> str:
    return module.partition(".")[0]
