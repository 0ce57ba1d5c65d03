"""Work done by several processes that share a training, from a clean process: forks of one that has computed are not
for torch."""

from __future__ import annotations

import functools
import importlib.util
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import psutil
import torch

from srbench.runner.job.channel import Made, Tell
from srbench.runner.work.ranks import spread
from srbench.training.loop.group import Group

PRELOADED = ["toys.training", "toys.ranks", "torch._dynamo", "safetensors.torch", "pytest", "hypothesis.strategies"]
"""What tests of trainings import, once instead of in each process."""


def together(size: int, folder: Path, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `work(*arguments)`, a function of a test, returns in each of so many processes of a group.

    Raises `AssertionError` with its words where one failed.
    """
    _apart(_shared, size, folder, work, arguments)
    error = folder / "error.txt"
    assert not error.exists(), error.read_text()
    # Whatever a test's function returns, as these processes wrote it a moment ago: no file of anybody else.
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(size)]


def heard(folder: Path, work: Callable[[Tell], None], devices: Sequence[str], stop: Callable[[], bool]) -> Any:
    """What `spread` returns, or the type and words of what it raises; the exit code where its process ended by that.

    Raises `AssertionError` where any of its processes lives on.
    """
    code = _apart(_spread, folder, work, devices, stop)
    pids = [int(path.suffix[1:]) for path in folder.glob("process.*")]
    until = time.monotonic() + 10  # those that die with their parent do so in a moment
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(pids) == len(devices) and not any(psutil.pid_exists(pid) for pid in pids)
    return torch.load(folder / "heard.pt", weights_only=False) if code == 0 else code


def _apart(function: Callable[..., None], *arguments: Any) -> int | None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(PRELOADED)
    process = processes.Process(target=function, args=[_Function.of(given) for given in arguments])
    process.start()
    process.join()
    return process.exitcode


@dataclass(frozen=True)
class _Function:
    """A function of a test's module, which has no name that another process could import it by."""

    file: str
    name: str

    @classmethod
    def of(cls, given: Any) -> Any:
        return cls(given.__code__.co_filename, given.__name__) if isinstance(given, FunctionType) else given

    def __call__(self, *arguments: Any) -> Any:
        spec = importlib.util.spec_from_file_location("tested", self.file)
        assert spec is not None and spec.loader is not None
        spec.loader.exec_module(module := importlib.util.module_from_spec(spec))
        return getattr(module, self.name)(*arguments)


def _shared(size: int, folder: Path, work: Callable[..., Any], arguments: Sequence[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)

    def one(tell: Tell) -> None:
        torch.set_num_threads(1)
        torch.save(work(*arguments), folder / f"{Group.here().rank}.pt")
        # The first to leave ends the others, so they meet once more; processes that exchange nothing do not wait.
        Group.here().largest({"met": 1.0})

    try:
        if size == 1:
            one(lambda made: None)
        else:
            spread(one, ("cpu",) * size, lambda: False)
    except Exception:
        (folder / "error.txt").write_text(traceback.format_exc())


def _spread(folder: Path, work: Callable[[Tell], None], devices: Sequence[str], stop: Callable[[], bool]) -> None:
    try:
        made = spread(functools.partial(_known, folder, work), devices, stop)
        found: Any = made.record.reason if isinstance(made, Made) else made
    except Exception as error:
        found = (type(error).__name__, str(error))
    torch.save(found, folder / "heard.pt")


def _known(folder: Path, work: Callable[[Tell], None], tell: Tell) -> None:
    (folder / f"process.{os.getpid()}").touch()
    torch.set_num_threads(1)
    work(tell)
