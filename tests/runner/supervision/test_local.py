"""The local executor: a slot for each GPU, or as many as told; with a server that forks nothing but sleep."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from srbench.contract.executor import Fate, Limits, Resources
from srbench.errors import SrbenchError
from srbench.runner.job.sharing import Shared
from srbench.runner.supervision import local
from srbench.runner.supervision.company import Company
from srbench.runner.supervision.local import LocalExecutor
from srbench.store.record import Record

LIMITS = Limits()


@dataclass(frozen=True)
class Task:
    """Of a job that is called so."""

    name: str
    shelf: str = "cells"
    key: str = "ab"


class Fast(Company):
    """Tasks whose names begin with `s` are short."""

    room = 8
    learned: list[tuple[str, float]]

    def __init__(self) -> None:
        Fast.learned = []

    def is_short(self, task: Any) -> bool:
        return bool(task.name.startswith("s"))

    def learn(self, task: Any, seconds: float, record: Record | None) -> None:
        assert record is None
        self.learned.append((task.name, seconds))

    def fits(self, memory_gb: float) -> int:
        return self.room


class Server:
    """Starts a process that sleeps in a keeper's place."""

    made: list[Server]
    gpus_here = 0
    devices: list[str] | None = None

    def __init__(self) -> None:
        self.gpus = self.devices or [f"cuda:{index}" for index in range(self.gpus_here)]
        self.alive, self.closed = True, False
        self.started: list[tuple[str, str, int]] = []
        self.keepers: dict[str, subprocess.Popen[bytes]] = {}
        Server.made.append(self)

    def start(self, job: Path, devices: Sequence[str], threads: int, shared: Shared) -> int:
        self.started.append((job.name, "+".join(devices), threads))
        self.keepers[job.name] = subprocess.Popen(["sleep", "60"])
        return self.keepers[job.name].pid

    def end(self, job: str) -> None:
        keeper = self.keepers.pop(job)
        keeper.kill()
        keeper.wait()

    def close(self) -> None:
        self.closed = True
        for job in list(self.keepers):
            self.end(job)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Server]]:
    Server.made, Server.gpus_here, Fast.room = [], 0, 8
    monkeypatch.setattr(local, "Company", Fast)
    monkeypatch.setattr(local, "ForkServer", Server)
    monkeypatch.setattr(local, "cores", lambda: 8)
    monkeypatch.setattr(local, "read_job", lambda job: SimpleNamespace(task=Task(job.name)))
    monkeypatch.setattr(local, "shared_by", lambda task: Shared())
    yield Server.made
    for server in Server.made:
        server.close()


def submit(executor: LocalExecutor, *jobs: str) -> None:
    for job in jobs:
        executor.submit(Path("/store/jobs/key", job), LIMITS, Resources())


def test_a_run_with_nothing_to_do_starts_no_server(made: list[Server]) -> None:
    with LocalExecutor(2):
        pass
    assert made == []


def test_on_the_cpu_as_many_jobs_as_told_share_the_cores(made: list[Server]) -> None:
    with LocalExecutor(3) as executor:
        assert executor.places() == 3
        submit(executor, "a", "b", "c")
    (server,) = made
    assert server.started == [("a", "cpu", 2), ("b", "cpu", 2), ("c", "cpu", 2)] and server.closed


def names(made: list[Server]) -> list[str]:
    return [name for name, _, _ in made[0].started]


def test_unless_told_a_job_has_the_cpu_to_itself(made: list[Server]) -> None:
    with LocalExecutor() as executor:
        assert executor.places() == 1
        submit(executor, "a")
        assert executor.places() == 1
        submit(executor, "b")
        assert names(made) == ["a"] and executor.places() == 2, "the next one waits, and no more"
        made[0].end("a")
        assert executor.places() == 1 and names(made) == ["a", "b"]
        submit(executor, "s")
        assert names(made) == ["a", "b"]
        made[0].end("b")
        assert executor.fate(Path("/store/jobs/key/s")) is None and names(made) == ["a", "b", "s"]
    assert made[0].started == [("a", "cpu", 8), ("b", "cpu", 8), ("s", "cpu", 8)]


@pytest.mark.parametrize(("room", "most"), [(9, 8), (3, 3)])
def test_short_ones_run_side_by_side_as_far_as_cores_and_memory_allow_with_all_threads_each(
    made: list[Server], room: int, most: int
) -> None:
    Fast.room = room
    with LocalExecutor() as executor:
        for number in range(most):
            assert executor.places() == number + 1
            submit(executor, f"s{number}")
        assert executor.places() == most
        made[0].end("s0")
        assert executor.places() == most
        submit(executor, "s")
    assert {threads for *_, threads in made[0].started} == {8} and len(names(made)) == most + 1


def test_one_that_is_not_short_waits_for_all_others_and_nothing_overtakes_it(made: list[Server]) -> None:
    with LocalExecutor() as executor:
        submit(executor, "s0", "s1", "a")
        assert executor.places() == 3 and names(made) == ["s0", "s1"]
        assert executor.fate(Path("/store/jobs/key/a")) is None
        made[0].end("s1")
        assert executor.places() == 2 and names(made) == ["s0", "s1"]
        made[0].end("s0")
        assert executor.places() == 1 and names(made) == ["s0", "s1", "a"]


def test_what_ended_is_learned_from_and_one_that_waits_when_all_ends_is_not_begun(made: list[Server]) -> None:
    with LocalExecutor() as executor:
        submit(executor, "s0", "a")
        made[0].end("s0")
        assert executor.places() == 1
        ((name, seconds),) = Fast.learned
        assert name == "s0" and 0 < seconds < 60
        submit(executor, "b")
    assert names(made) == ["s0", "a"]


def gpu_places(executor: LocalExecutor) -> int:
    """How many jobs that ask for nothing in particular it takes at once."""
    beside: list[Resources] = []
    while executor.takes(Resources(), beside):
        beside.append(Resources())
    return len(beside)


def test_each_gpu_takes_one_job_whatever_was_told(made: list[Server]) -> None:
    Server.gpus_here = 2
    with LocalExecutor(7) as executor:
        assert gpu_places(executor) == 2
        submit(executor, "a", "b")
        made[0].end("b")
        submit(executor, "c")
        made[0].end("a")
        submit(executor, "d")
    assert made[0].started == [("a", "cuda:0", 4), ("b", "cuda:1", 4), ("c", "cuda:1", 4), ("d", "cuda:0", 4)]


def devices(made: list[Server]) -> list[str]:
    return [given for _, given, _ in made[0].started]


def test_several_jobs_share_a_gpu_and_all_gpus_have_one_before_any_has_two(made: list[Server]) -> None:
    Server.gpus_here = 2
    with LocalExecutor(per_gpu=2) as executor:
        assert gpu_places(executor) == 4
        submit(executor, "a", "b", "c", "d")
        made[0].end("b")
        submit(executor, "e")
    assert devices(made) == ["cuda:0", "cuda:1", "cuda:0", "cuda:1", "cuda:1"]
    assert {threads for *_, threads in made[0].started} == {2}


@pytest.mark.parametrize(
    ("there", "given", "expected"),
    [
        (4, {"gpus_per_cell": 2}, ["cuda:0+cuda:1", "cuda:2+cuda:3"]),
        (5, {"gpus_per_cell": 2}, ["cuda:0+cuda:1", "cuda:2+cuda:3"]),
        (4, {"gpus_per_cell": 2, "gpus": (3, 1)}, ["cuda:3+cuda:1"]),
        (4, {"gpus": (0, 2, 0)}, ["cuda:0", "cuda:2"]),
        (2, {"gpus_per_cell": 2, "per_gpu": 2}, ["cuda:0+cuda:1"] * 2),
        (0, {"cpu_processes": 2, "jobs": 2}, ["cpu+cpu"] * 2),
        (1, {"cpu_processes": 2, "jobs": 2}, ["cuda:0"]),
    ],
)
def test_each_job_has_the_devices_that_were_asked_for(
    made: list[Server], there: int, given: dict[str, Any], expected: list[str]
) -> None:
    Server.gpus_here = there
    with LocalExecutor(**given) as executor:
        assert gpu_places(executor) == len(expected)
        submit(executor, *(str(job) for job in range(len(expected))))
    assert devices(made) == expected


NO_GPU = Resources(gpus=0)


def test_jobs_that_ask_for_no_gpu_have_the_cpu_beside_those_on_gpus(made: list[Server]) -> None:
    Server.gpus_here = 2
    with LocalExecutor(jobs=2) as executor:
        assert executor.places() == 4
        beside = [Resources(gpus=1), Resources(cores=3)]
        assert not executor.takes(Resources(), beside) and executor.takes(NO_GPU, beside)
        assert executor.takes(NO_GPU, [*beside, NO_GPU]) and not executor.takes(NO_GPU, [NO_GPU, *beside, NO_GPU])
        assert executor.takes(Resources(), [NO_GPU, NO_GPU, Resources()])
        for job, resources in (("a", NO_GPU), ("b", Resources()), ("c", NO_GPU), ("d", Resources())):
            executor.submit(Path(job), LIMITS, resources)
        made[0].end("a")
        executor.submit(Path("e"), LIMITS, NO_GPU)
    assert devices(made) == ["cpu", "cuda:0", "cpu", "cuda:1", "cpu"]
    assert {(device[:4], threads) for _, device, threads in made[0].started} == {("cpu", 2), ("cuda", 4)}


def test_without_gpus_all_jobs_share_the_cpu_whatever_they_ask_for(made: list[Server]) -> None:
    with LocalExecutor(jobs=2) as executor:
        assert executor.places() == 2
        for resources in (NO_GPU, Resources(gpus=1), Resources()):
            assert executor.takes(resources, [NO_GPU]) and not executor.takes(resources, [NO_GPU, Resources()])


def test_a_job_for_the_cpu_waits_for_the_cpu_though_a_gpu_is_free(made: list[Server]) -> None:
    Server.gpus_here = 1
    with LocalExecutor() as executor:
        for job in ("a", "b"):
            executor.submit(Path("/store/jobs/key", job), LIMITS, NO_GPU)
        assert devices(made) == ["cpu"] and executor.fate(Path("/store/jobs/key/b")) is None
        made[0].end("a")
        executor.places()
        assert devices(made) == ["cpu", "cpu"]


@pytest.mark.parametrize(
    ("there", "given", "words"),
    [
        (0, {"gpus_per_cell": 2}, "gpus_per_cell asks for 2 GPUs, and torch finds 0 on this machine"),
        (1, {"gpus_per_cell": 2}, "gpus_per_cell asks for 2 GPUs, and torch finds 1 on this machine"),
        (4, {"gpus_per_cell": 2, "gpus": (1, 1)}, "gpus_per_cell asks for 2 GPUs, and `gpus` names 1; name as many"),
        (2, {"gpus": (0, 2, 5)}, "there is no GPU 2, 5; torch finds 2 on this machine"),
        (0, {"gpus": (0,)}, "there is no GPU 0; torch finds 0"),
    ],
)
def test_gpus_that_are_not_there_are_told_in_a_plan_and_before_the_first_job(
    monkeypatch: pytest.MonkeyPatch, there: int, given: dict[str, Any], words: str
) -> None:
    Server.gpus_here = there
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    executor = LocalExecutor(**given)
    told = executor.trouble()
    assert told is not None and words in told
    with pytest.raises(SrbenchError, match=re.escape(words)):
        executor.places()


def test_a_plan_that_asks_for_nothing_special_hears_of_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted() -> int:
        raise AssertionError("torch was asked")

    monkeypatch.setattr(torch.cuda, "device_count", counted)
    assert LocalExecutor(jobs=4, per_gpu=3).trouble() is None
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert LocalExecutor(gpus=(1,)).trouble() is None
    assert LocalExecutor(gpus_per_cell=2).trouble() is None


@pytest.mark.parametrize(
    ("there", "given", "device", "processes"),
    [
        (0, {}, "cpu", 1),
        (0, {"cpu_processes": 3}, "cpu", 3),
        (2, {}, "cuda:0", 1),
        (2, {"cpu_processes": 3}, "cuda:0", 1),
        (4, {"gpus_per_cell": 2, "gpus": (3, 1)}, "cuda:3", 2),
    ],
)
def test_a_plan_can_ask_what_jobs_work_on(
    monkeypatch: pytest.MonkeyPatch, there: int, given: dict[str, Any], device: str, processes: int
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    executor = LocalExecutor(**given)
    assert (executor.device(Resources()), executor.processes(Resources())) == (device, processes)
    assert (executor.device(NO_GPU), executor.processes(NO_GPU)) == ("cpu", given.get("cpu_processes", 1))


def test_the_gpu_of_a_mac_is_used_as_any_other(made: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(Server, "devices", ["mps"])
    with LocalExecutor() as executor:
        assert (executor.device(Resources()), executor.device(NO_GPU)) == ("mps", "cpu")
        assert executor.places() == 2
        submit(executor, "a")
        executor.submit(Path("/store/jobs/key/b"), LIMITS, NO_GPU)
    assert [(job, device) for job, device, _ in made[0].started] == [("a", "mps"), ("b", "cpu")]
    assert LocalExecutor(gpus=(1,)).device(Resources()) is None


def test_every_job_has_a_thread(made: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "cores", lambda: 1)
    with LocalExecutor(4) as executor:
        submit(executor, "a")
    assert made[0].started == [("a", "cpu", 1)]


def test_a_job_waits_for_the_keeper_that_is_about_to_leave_its_slot(
    made: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    with LocalExecutor(1) as executor:
        submit(executor, "a", "b")
        assert names(made) == ["a"] and executor.fate(Path("/store/jobs/key/b")) is None
        made[0].end("a")
        assert executor.places() == 1 and names(made) == ["a", "b"]
        submit(executor, "c")
        select = local.select.select

        def waiting(handles: list[int], *others: Any) -> Any:
            waits.append(others[-1])
            if len(waits) == 2:
                made[0].end("b")
            return select(handles, *others)

        monkeypatch.setattr(local.select, "select", waiting)
        submit(executor, "d")
        assert waits == [1.0, 1.0, 0.0] and names(made) == ["a", "b", "c"]


def test_the_fate_of_a_job_is_known_once_its_keeper_is_gone(made: list[Server]) -> None:
    with LocalExecutor(2) as executor:
        submit(executor, "a", "b")
        assert executor.fate(Path("/store/jobs/key/a")) is None
        made[0].end("a")
        assert executor.fate(Path("/store/jobs/key/a")) == Fate("its keeper was killed")
        assert executor.fate(Path("/store/jobs/key/b")) is None


def test_a_keeper_that_is_gone_before_one_could_look_is_no_fault(
    made: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(pid: int) -> int:
        raise ProcessLookupError

    with LocalExecutor(1) as executor:
        monkeypatch.setattr(local.os, "pidfd_open", gone)
        submit(executor, "a")
        assert executor.fate(Path("/store/jobs/key/a")) == Fate("its keeper was killed")
        submit(executor, "b")


def test_a_server_that_died_is_replaced_and_one_that_was_closed_too(made: list[Server]) -> None:
    executor = LocalExecutor(2)
    submit(executor, "a")
    made[0].alive = False
    submit(executor, "b")
    assert [len(server.started) for server in made] == [1, 1]
    executor.close()
    assert made[1].closed
    submit(executor, "c")
    assert len(made) == 3
    executor.close()
