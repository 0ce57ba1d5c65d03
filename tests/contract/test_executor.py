"""An executor closes whatever happens in it, and starts a job with the command that the module documents."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

import srbench
from srbench.contract import executor
from srbench.contract.executor import Fate, Limits, Resources


class Noting(srbench.Executor):
    def __init__(self) -> None:
        self.closed = 0

    def places(self) -> int:
        return 1

    def submit(self, job: Path, limits: Limits, resources: Resources) -> None: ...

    def fate(self, job: Path) -> Fate | None:
        return None

    def close(self) -> None:
        self.closed += 1


def test_it_is_closed_once_whether_all_went_well_or_not() -> None:
    with Noting() as fine:
        assert fine.closed == 0
    assert fine.closed == 1
    broken = Noting()
    with pytest.raises(KeyboardInterrupt), broken:
        raise KeyboardInterrupt
    assert broken.closed == 1


def test_the_command_is_this_python_with_the_module_that_the_documentation_names() -> None:
    python, flag, module, job = Noting().command(Path("/store/jobs/ab/job.json"))
    assert (python, flag, job) == (sys.executable, "-m", "/store/jobs/ab/job.json")
    assert importlib.util.find_spec(module) is not None
    assert executor.__doc__ is not None and f"python -m {module} STORE/jobs/KEY/job.json" in executor.__doc__


def test_without_limits_nothing_is_limited() -> None:
    assert Limits() == Limits(seconds=None, memory_gb=None)
