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
    assert Limits() == Limits(seconds=None, memory_gb=None, pictures_gb=None)


class Holding(Noting):
    def holds(self, job: Path) -> bool:
        return True


def test_jobs_outlive_their_run_where_the_executor_can_tell_of_them() -> None:
    job = Path("/store/jobs/ab/job.json")
    assert not Noting().lasting and not Noting().holds(job)
    assert Holding().lasting and Holding().holds(job)


def test_jobs_that_are_ready_at_once_are_submitted_one_after_the_other_unless_the_executor_knows_better() -> None:
    given: list[tuple[Path, Resources]] = []

    class Taking(Noting):
        def submit(self, job: Path, limits: Limits, resources: Resources) -> None:
            given.append((job, resources))

    jobs = [Path(name) for name in "abc"]
    Taking().submit_all(jobs, Limits(), Resources(gpus=1))
    assert given == [(job, Resources(gpus=1)) for job in jobs]
    assert Noting().outline(3, Resources()) == ""


def test_limits_win_field_by_field() -> None:
    base = Limits(seconds=60, memory_gb=8)
    assert Limits().over(base) == base and base.over(Limits()) == base
    assert Limits(pictures_gb=1).over(base) == Limits(60, 8, 1) == Limits(60, 8).over(Limits(pictures_gb=1))
    assert Limits(memory_gb=2).over(base) == Limits(60, 2) and Limits(seconds=5).over(Limits()) == Limits(5)


def test_a_place_takes_any_job_until_all_places_are_taken() -> None:
    assert Noting().takes(Resources(), []) and not Noting().takes(Resources(gpus=1), [Resources(gpus=0)])


def test_what_jobs_work_on_is_not_known_unless_the_executor_says_so() -> None:
    assert (Noting().device(Resources(gpus=1)), Noting().processes(Resources(gpus=1))) == (None, None)


def test_resources_win_field_by_field() -> None:
    base = Resources(gpus=1, cores=4, minutes=60, options={"partition": "gpu", "account": "lab"})
    assert Resources().over(base) == base and base.over(Resources()) == base
    own = Resources(gpus=0, memory_gb=8, options={"partition": "short"})
    assert own.over(base) == Resources(0, 4, 60, 8, {"partition": "short", "account": "lab"})


def test_resources_are_told_in_words() -> None:
    assert str(Resources()) == ""
    assert str(Resources(1, 4, 90, 2.5, {"qos": "long"})) == "1 GPU, 4 cores, 90 minutes, 2.5 GB, qos long"
    assert str(Resources(2, 1, 1)) == "2 GPUs, 1 core, 1 minute"
