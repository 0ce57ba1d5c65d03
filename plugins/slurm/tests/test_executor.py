"""What the executor makes of SLURM's answers, and of none; and its arrays on a cluster of one node."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rig import wait_for
from rig.cluster import Slurm
from srbench_slurm import commands
from srbench_slurm.commands import SlurmError
from srbench_slurm.executor import SlurmExecutor

import srbench

NOTHING = (srbench.Limits(), srbench.Resources())


def made(folder: Path, *keys: str) -> list[Path]:
    """Files of jobs in a store."""
    jobs = [folder / "toy" / "jobs" / key / "job.json" for key in keys]
    for job in jobs:
        job.parent.mkdir(parents=True)
        job.write_text("{}")
    return jobs


class Scene:
    """An executor with jobs in the queue, of which SLURM says what a test says."""

    def __init__(self, fake: Any, folder: Path, *keys: str, **params: Any) -> None:
        self.fake, self.jobs = fake, made(folder, *keys)
        self.executor = SlurmExecutor(**{"poll_seconds": 1.0, "late_seconds": 5.0, **params})
        self.executor.submit_all(self.jobs, *NOTHING)

    def says(self, *states: str) -> None:
        """Have `squeue` list the jobs in these states, `STATE|REASON|NODE`; empty: it does not know the job."""
        lines = []
        for job, state in zip(self.jobs, states, strict=True):
            place = json.loads(job.with_name("slurm.json").read_text())
            lines += [f"12_{place['task']}|{state}|{place['name']}"] if state else []
        self.fake.answer("squeue", "\n".join(lines))


def test_jobs_that_are_ready_at_once_are_one_array(fake: Any, tmp_path: Path) -> None:
    Scene(fake, tmp_path, "a", "b", "c", arguments=("--gres=gpu:a100:1",))
    (told,) = fake.told("sbatch")
    assert "--array=0-2 " in told and told.endswith("--requeue --gres=gpu:a100:1")
    assert "--job-name=srbench-toy-" in told
    assert (fake.folder / "sbatch.given").read_text().count("srbench.runner.keeper") == 3


@pytest.mark.parametrize(
    ("most", "count", "arrays"), [(2, 5, ["0-1", "0-1", "0-0"]), (1001, 1001, ["0-999", "0-0"]), (0, 2, [])]
)
def test_no_array_is_larger_than_slurm_allows(
    fake: Any, tmp_path: Path, most: int, count: int, arrays: Sequence[str]
) -> None:
    fake.answer("scontrol", f"MaxArraySize            = {most}\n")
    Scene(fake, tmp_path, *map(str, range(count)))
    told = fake.told("sbatch")
    found = [word.removeprefix("--array=") for line in told for word in line.split() if word.startswith("--array")]
    assert found == arrays and len(told) == (len(arrays) or count)
    assert fake.told("scontrol") == ["show config"], "asked once"


def test_a_plan_says_which_arrays_there_would_be(fake: Any) -> None:
    fake.answer("scontrol", "MaxArraySize            = 4\n")
    executor = SlurmExecutor(jobs=6)
    said = executor.outline(9, srbench.Resources(gpus=1, minutes=90))
    assert said.startswith("arrays: 2 of 4 and 1 of 1, 6 jobs at once; sbatch --nodes=1 ")
    assert "--gres=gpu:1" in said and "--time=90" in said
    assert executor.outline(4, srbench.Resources()).startswith("arrays: 1 of 4; sbatch")
    assert fake.told("sbatch") == [] and executor.places() == 6


@pytest.mark.parametrize(
    ("gpus", "device", "processes"), [(None, None, None), (0, "cpu", 1), (1, "gpu", 1), (4, "gpu", 4)]
)
def test_a_plan_can_ask_what_jobs_work_on(gpus: int | None, device: str | None, processes: int | None) -> None:
    executor, resources = SlurmExecutor(), srbench.Resources(gpus=gpus)
    assert (executor.device(resources), executor.processes(resources)) == (device, processes)


def test_what_sbatch_refuses_is_told_with_what_it_was_told(fake: Any, tmp_path: Path) -> None:
    fake.answer("sbatch", err="sbatch: error: Batch job submission failed: Invalid account", code=1)
    with pytest.raises(SlurmError, match=r"Invalid account\. It was told --job-name=srbench-toy-.* --nodes=1"):
        Scene(fake, tmp_path, "a")


def test_a_controller_that_is_away_is_waited_for_and_an_array_that_it_took_is_not_given_twice(
    fake: Any, tmp_path: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.answer("sbatch", err="Socket timed out on send/recv operation", code=1)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            place = json.loads((tmp_path / "toy/jobs/a/slurm.json").read_text())
            fake.answer("squeue", f"12_0|PENDING|Priority||{place['name']}\n")

    monkeypatch.setattr(commands.time, "sleep", sleep)
    scene = Scene(fake, tmp_path, "a")
    assert len(fake.told("sbatch")) == len(pauses) == 3
    assert scene.executor.fate(scene.jobs[0]) is None


def test_a_job_in_the_queue_has_no_fate_and_one_that_is_over_has_once_its_files_cannot_be_late(
    fake: Any, tmp_path: Path, clock: list[float]
) -> None:
    scene = Scene(fake, tmp_path, "a")
    (job,) = scene.jobs
    for state in ("PENDING|Resources|", "RUNNING|None|n1", "COMPLETING|None|n1", "REQUEUED|BeginTime|"):
        scene.says(state)
        clock[0] += 1
        assert scene.executor.fate(job) is None and scene.executor.holds(job)
    scene.says("NODE_FAIL|NodeDown|n1")
    for _ in range(5):
        clock[0] += 1
        assert scene.executor.fate(job) is None and not scene.executor.holds(job)
    scene.says("PENDING|BeginTime|")
    clock[0] += 1
    assert scene.executor.fate(job) is None and scene.executor.holds(job), "it was requeued"
    scene.says("NODE_FAIL|NodeDown|n1")
    clock[0] += 1
    assert scene.executor.fate(job) is None
    scene.says("")
    clock[0] += 5
    assert scene.executor.fate(job) == srbench.Fate("its node failed (slurm 12_0 on node n1)"), "SLURM forgot it since"


def test_why_a_job_waits_is_told_of_one_that_waits(fake: Any, tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(fake, tmp_path, "a", "b", "c", "d")
    scene.says("PENDING|Resources|", "PENDING|PartitionTimeLimit|", "RUNNING|None|n1", "COMPLETED|None|n1")
    free, minutes, *others = map(scene.executor.wait, scene.jobs)
    assert free == srbench.Wait("what it asks for is not free (Resources)")
    assert minutes is not None and minutes.stuck and "ask for fewer `minutes`" in minutes.reason
    assert others == [None, None]


@pytest.mark.parametrize(
    ("state", "log", "words", "again"),
    [
        ("NODE_FAIL|None|n1", "", "its node failed (slurm 12_0 on node n1)", True),
        ("PREEMPTED|None|n1", "", "other jobs took its place, and SLURM did not put it back into the queue", True),
        ("CANCELLED|None|", "", "it was cancelled from outside (slurm 12_0)", False),
        ("TIMEOUT|TimeLimit|n1", "", "SLURM ended it when its time was up", True),
        (
            "OUT_OF_MEMORY|OutOfMemory|n1",
            "",
            "took more memory than it had asked for (`memory_gb` of `resources`)",
            True,
        ),
        ("FAILED|NonZeroExitCode|n1", "Traceback\nNo module named 'srbench'\n\n", "last: No module named 's", True),
        ("COMPLETED|None|n1", "", "its command ended without telling of an ending (slurm 12_0 on node n1)", True),
        ("FAILED|None|n1", "x\ngiven up: it got no further\n", "it got no further (slurm 12_0 on node n1)", False),
        ("PENDING|launch failed requeued held|", "", "SLURM holds it: launch failed requeued held", False),
        ("", "", "SLURM no longer knows it", True),
    ],
)
def test_a_fate_says_what_slurm_says(
    fake: Any, tmp_path: Path, clock: list[float], state: str, log: str, words: str, again: bool
) -> None:
    scene = Scene(fake, tmp_path, "a", late_seconds=0)
    (job,) = scene.jobs
    job.with_name("slurm.log").write_text(log)
    scene.says(state)
    clock[0] += 1
    fate = scene.executor.fate(job)
    assert fate is not None and words in fate.reason and fate.again == again
    assert not scene.executor.holds(job)


def test_a_listing_of_before_a_job_was_submitted_says_nothing_of_it(
    fake: Any, tmp_path: Path, clock: list[float]
) -> None:
    scene = Scene(fake, tmp_path, "a", late_seconds=0)
    scene.says("COMPLETED|None|n1")
    clock[0] += 1
    assert scene.executor.fate(scene.jobs[0]) is not None
    clock[0] += 0.5
    (later,) = made(tmp_path, "b")
    scene.executor.submit(later, *NOTHING)
    assert scene.executor.fate(later) is None
    clock[0] += 0.5
    assert scene.executor.fate(later) is not None


def test_a_controller_that_restarts_ends_no_job(fake: Any, tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(fake, tmp_path, "a", late_seconds=0)
    scene.says("RUNNING|None|n1")
    clock[0] += 1
    assert scene.executor.fate(scene.jobs[0]) is None
    for answer in (
        {"err": "Unable to contact slurm controller", "code": 1},
        {"err": "Segmentation fault", "code": 139},
    ):
        fake.answer("squeue", **answer)
        for _ in range(3):
            clock[0] += 100
            assert scene.executor.fate(scene.jobs[0]) is None and scene.executor.holds(scene.jobs[0])


def test_the_next_run_knows_the_jobs_by_what_lies_beside_them(fake: Any, tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(fake, tmp_path, "a", "b", "c")
    scene.says("RUNNING|None|n1", "PENDING|Resources|", "COMPLETED|None|n1")
    another = SlurmExecutor(late_seconds=0)
    assert another.lasting
    assert [another.holds(job) for job in scene.jobs] == [True, True, False]
    (stranger,) = made(tmp_path, "d")
    assert not another.holds(stranger)
    (tmp_path / "toy/jobs/d/slurm.json").write_text("{")
    assert not SlurmExecutor().holds(stranger)


def test_closing_cancels_what_waits_of_jobs_that_were_given_up_and_leaves_the_others(
    fake: Any, tmp_path: Path, clock: list[float]
) -> None:
    scene = Scene(fake, tmp_path, "a", "b", "c", "d", "e")
    scene.says("PENDING|Resources|", "RUNNING|None|n1", "PENDING|Resources|", "COMPLETED|None|n1", "COMPLETING|None|n1")
    for job in (scene.jobs[0], scene.jobs[1], *scene.jobs[3:]):
        job.unlink()
    before = clock[0]
    scene.executor.close()
    first, *_, last = fake.told("scancel")
    assert first == "12_0", "what runs sees that it was given up, and has time to end"
    assert last == "12_0 12_1" and clock[0] - before > 10, "what does not end is cancelled"


def test_closing_asks_nothing_where_nothing_was_given_up(fake: Any, tmp_path: Path, clock: list[float]) -> None:
    scene = Scene(fake, tmp_path, "a")
    scene.executor.close()
    assert fake.told("squeue") == fake.told("scancel") == []
    fake.answer("squeue", err="Unable to contact slurm controller", code=1)
    scene.jobs[0].unlink()
    scene.executor.close()
    assert fake.told("scancel") == []


class Short(SlurmExecutor):
    """Does jobs that say where they are, and end."""

    def command(self, job: Path) -> list[str]:
        return ["sh", "-c", "echo $SRBENCH_JOB with $SRBENCH_CORES"]


def test_a_job_that_a_real_cluster_cannot_begin_is_told_with_the_reason(slurm: Slurm, tmp_path: Path) -> None:
    executor = Short(poll_seconds=0.5, late_seconds=0)
    (job,) = made(tmp_path, "a")
    executor.submit(job, srbench.Limits(), srbench.Resources(minutes=61))  # its partition gives 60
    wait_for(lambda: (wait := executor.wait(job)) is not None and wait.stuck)
    wait = executor.wait(job)
    assert wait is not None and "(Partition" in wait.reason and "`minutes`" in wait.reason
    assert executor.fate(job) is None
    job.unlink()
    executor.close()
    wait_for(lambda: not executor.holds(job))


def test_a_real_cluster_says_how_many_cores_a_job_was_given(slurm: Slurm, tmp_path: Path) -> None:
    executor = Short(poll_seconds=0.5, late_seconds=0)
    jobs = made(tmp_path, "a", "b")
    for job, cores in zip(jobs, (1, 2), strict=True):
        executor.submit(job, srbench.Limits(), srbench.Resources(cores=cores))
    wait_for(lambda: all(executor.fate(job) for job in jobs))
    assert [job.with_name("slurm.log").read_text().split()[-1] for job in jobs] == ["1", "2"]


def test_arrays_of_a_real_cluster_are_as_large_as_it_allows(slurm: Slurm, tmp_path: Path) -> None:
    executor = Short(poll_seconds=0.5, late_seconds=0)
    assert executor.outline(6, srbench.Resources()).startswith("arrays: 1 of 4 and 1 of 2; ")
    jobs = made(tmp_path, *"abcdef")
    executor.submit_all(jobs, *NOTHING)
    wait_for(lambda: all(executor.fate(job) for job in jobs))
    logs = [job.with_name("slurm.log").read_text().split()[1] for job in jobs]
    arrays, numbers = zip(*(log.split("_") for log in logs), strict=True)
    assert numbers == ("0", "1", "2", "3", "0", "1")
    assert len(set(arrays[:4])) == len(set(arrays[4:])) == 1 and len(set(arrays)) == 2
