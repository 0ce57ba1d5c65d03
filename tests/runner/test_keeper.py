"""A keeper beside a job's process: limits, stops, signs of life, and the record of every ending.

The jobs here are forks that do what a test says.
"""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from bench_in_process import Nearest

from srbench.contract.entry import Entry
from srbench.contract.executor import Limits
from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered
from srbench.runner import keeper
from srbench.runner.job.exchange import Ending, Exchange, Heartbeat, Progress
from srbench.runner.job.file import write_job
from srbench.runner.job.tasks import Evaluation, Job, Task, Training
from srbench.runner.work.attempt import Attempt
from srbench.store.cell import Cell
from srbench.store.records import Record, Status, Store


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    job = tmp_path / "store/jobs/key/job.json"
    job.parent.mkdir(parents=True)
    job.write_text("{}")
    return Exchange(job)


@pytest.fixture
def start() -> Iterator[Callable[[Callable[[], Any]], int]]:
    """Do something in a process of its own."""
    started = []

    def begin(work: Callable[[], Any]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                work()
            finally:
                os._exit(3)
        started.append(pid)
        return pid

    yield begin
    for pid in started:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def job_with(limits: Limits = Limits()) -> Any:  # noqa: B008
    """All that the watching asks of a job."""
    return SimpleNamespace(limits=limits)


def sleep_long() -> None:
    time.sleep(3600)


def test_limits_end_a_job_with_their_reason(exchange: Exchange, start: Callable[..., int]) -> None:
    verdict, code = keeper._watch(start(sleep_long), job_with(Limits(seconds=0.05)), exchange, [])
    assert verdict == ("timeout", "took longer than its limit of 0.05 s")
    assert code == -signal.SIGKILL
    verdict, _ = keeper._watch(start(sleep_long), job_with(Limits(memory_gb=1e-6)), exchange, [])
    assert verdict is not None and verdict[0] == "out_of_memory"


def test_a_job_that_ends_by_itself_has_its_exit_code(exchange: Exchange, start: Callable[..., int]) -> None:
    assert keeper._watch(start(lambda: None), job_with(), exchange, []) == (None, 3)
    verdict, code = keeper._watch(start(lambda: os.kill(os.getpid(), signal.SIGKILL)), job_with(), exchange, [])
    assert verdict is None
    assert keeper._death(code) == ("killed", "its process was killed by SIGKILL")


def test_the_file_stop_becomes_a_signal_to_the_job(exchange: Exchange, start: Callable[..., int]) -> None:
    stopping: list[float] = []
    pid = start(sleep_long)
    exchange.ask_to_stop()
    assert keeper._watch(pid, job_with(), exchange, stopping) == (None, -signal.SIGTERM)
    assert stopping


def test_a_job_that_does_not_stop_is_killed_when_its_grace_is_over(
    exchange: Exchange, start: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "GRACE_SECONDS", 0.05)

    def stubborn() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sleep_long()

    exchange.ask_to_stop()
    _, code = keeper._watch(start(stubborn), job_with(), exchange, [])
    assert code in (-signal.SIGKILL, -signal.SIGTERM)  # the latter where it was asked before it could refuse


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_job_that_nobody_waits_for_is_given_up(exchange: Exchange, start: Callable[..., int], how: str) -> None:
    pid = start(sleep_long)
    if how == "removed":
        exchange.remove()
    else:
        other = exchange.job.with_suffix(".new")
        other.write_text("{}")
        other.replace(exchange.job)
    with pytest.raises(keeper.Abandoned):
        keeper._watch(pid, job_with(), exchange, [])


def test_a_keeper_gives_signs_of_life(
    exchange: Exchange, start: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "BEAT_SECONDS", 0.0)
    keeper._watch(start(lambda: time.sleep(0.15)), job_with(), exchange, [])
    beat = exchange.read(Heartbeat)
    assert beat is not None and (beat.pid, beat.host) == (os.getpid(), platform.node())
    keeper._watch(start(lambda: time.sleep(0.15)), job_with(), exchange, [])
    later = exchange.read(Heartbeat)
    assert later is not None and later.time > beat.time


def test_what_is_no_job_ends_with_the_reason(exchange: Exchange) -> None:
    keeper.keep(exchange.job)
    ending = exchange.read(Ending)
    assert ending is not None and ending.status == "failed" and "is no job" in ending.reason
    with pytest.raises(FileNotFoundError):
        keeper.keep(exchange.job.with_name("other.json"))


# --- what stands at the end ------------------------------------------------------------------------------------------


class Kept:
    """A job of a cell, or of a training, whose worker does what a test says, and its keeper in a process of its own."""

    def __init__(self, root: Path, start: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self._start, self._monkeypatch = Store(root / "store"), start, monkeypatch
        method = Use("m", Registered("method", Entry("m", Nearest), Plugin("own", "own", "1", "bench_in_process")), {})
        protocol = Protocol("x2", 2)
        self.cell = Evaluation(Cell("d", "x2", "m", None, None, {"a": 1}), method, method, protocol, ())
        self.training = Training("model", {"a": 1}, method, method, protocol, Budget("steps", 1), 0)

    def folder(self, task: Task) -> Path:
        return self.store.folder(task.shelf, task.key)

    def record(self, task: Task) -> Record | None:
        return self.store.read(task.shelf, task.key)

    def keep(
        self,
        task: Task,
        work: Callable[[Job, Callable[[float, str], None], Callable[[], bool]], None],
        limits: Limits = Limits(),  # noqa: B008
        meanwhile: Callable[[Exchange, int], None] = lambda exchange, keeper: None,
    ) -> Ending | None:
        """Have a job kept; how that said it ended. meanwhile: what is done to it, with its keeper's process."""
        self._monkeypatch.setattr(keeper.worker, "run", work)
        exchange = Exchange(write_job(Job(task, self.store.root, self.store.root.parent, limits)))
        pid = self._start(lambda: keeper.keep(exchange.job, "cpu", 1))
        meanwhile(exchange, pid)
        os.waitpid(pid, 0)
        return exchange.read(Ending)


@pytest.fixture
def kept(tmp_path: Path, start: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> Kept:
    return Kept(tmp_path, start, monkeypatch)


def leave(status: Status, reason: str = "") -> Callable[..., None]:
    """Work that leaves a record."""

    def work(job: Job, *_: Any) -> None:
        Store(job.store).write(job.task.shelf, Attempt.begin(job).record(status, reason))

    return work


def die(job: Job, *_: Any) -> None:
    print("last words", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_job_ends_as_its_record_says(kept: Kept) -> None:
    assert kept.keep(kept.cell, leave("ok")) == Ending("ok")
    assert kept.keep(kept.training, leave("failed", "no luck")) == Ending("failed", "no luck")


def test_a_job_gets_the_device_and_threads_that_its_keeper_was_given_and_its_progress_arrives(kept: Kept) -> None:
    def work(job: Job, progress: Callable[[float, str], None], stop: Callable[[], bool]) -> None:
        assert (job.device, job.threads, job.task.label) == ("cpu", 1, kept.cell.label)
        assert os.environ["SRBENCH_DATA"] == str(job.data_root)
        progress(0.5, "half")
        assert Exchange(job.store / "jobs" / job.task.key / "job.json").read(Progress) == Progress(0.5, "half")
        assert not stop()
        leave("ok")(job)

    ending = kept.keep(kept.cell, work)
    assert ending == Ending("ok"), (kept.folder(kept.cell) / "log.txt").read_text()


@pytest.mark.parametrize(
    ("work", "status", "reason"),
    [
        (die, "killed", "its process was killed by SIGKILL"),
        (lambda *_: os._exit(7), "failed", "its process ended with exit code 7 and left no record"),
        (lambda *_: 1 / 0, "failed", "its process ended with exit code 1 and left no record"),
        (lambda *_: time.sleep(60), "timeout", "took longer than its limit of 0.2 s"),
    ],
)
def test_a_job_that_left_no_record_has_one_with_the_reason(
    kept: Kept, work: Callable[..., None], status: Status, reason: str
) -> None:
    for task in (kept.cell, kept.training):
        limits = Limits(seconds=0.2 if status == "timeout" else None)
        assert kept.keep(task, work, limits) == Ending(status, reason)
        record = kept.record(task)
        assert record is not None and (record.status, record.reason) == (status, reason)
        assert record.ingredients == {"a": 1} and record.point == task.point() and record.seconds > 0
    if work is die:
        assert record.log_tail == "last words"


def test_what_a_job_says_is_in_its_log_and_in_the_record_of_its_death(kept: Kept) -> None:
    def work(job: Job, *_: Any) -> None:
        print("said")
        os.write(2, b"\xffand shouted\n")
        raise RuntimeError("no luck")

    kept.keep(kept.training, work)
    record = kept.record(kept.training)
    assert record is not None and "said" in record.log_tail and "and shouted" in record.log_tail
    assert "RuntimeError: no luck" in record.log_tail


def test_a_cell_that_had_its_images_keeps_its_record_whatever_becomes_of_scoring_it_again(kept: Kept) -> None:
    kept.keep(kept.cell, leave("ok"))
    image = kept.folder(kept.cell) / "image.png"
    image.touch()
    before = kept.record(kept.cell)
    assert kept.keep(kept.cell, die) == Ending("killed", "its process was killed by SIGKILL")
    assert kept.record(kept.cell) == before and image.exists()
    assert kept.keep(kept.cell, leave("ok", "again")) == Ending("ok", "again")


def test_a_cell_without_a_good_record_begins_with_an_empty_folder_and_a_training_with_its_checkpoint(
    kept: Kept,
) -> None:
    for task in (kept.cell, kept.training):
        kept.keep(task, leave("failed"))
        (kept.folder(task) / "left").touch()

        def look(job: Job, *_: Any) -> None:
            folder = Store(job.store).folder(job.task.shelf, job.task.key)
            assert not (folder / "record.json").exists()
            assert (folder / "left").exists() == isinstance(job.task, Training)
            leave("ok")(job)

        assert kept.keep(task, look) == Ending("ok")


@pytest.mark.parametrize("ask", ["file", signal.SIGTERM, signal.SIGINT])
def test_a_job_that_is_asked_to_stop_and_does_leaves_no_record(kept: Kept, ask: Any) -> None:
    def work(job: Job, progress: Any, stop: Callable[[], bool]) -> None:
        folder = Store(job.store).folder(job.task.shelf, job.task.key)
        (folder / "begun").touch()
        while not stop():
            time.sleep(0.005)
        (folder / "checkpoint").touch()

    def stop(exchange: Exchange, keeper: int) -> None:
        while not (kept.folder(kept.training) / "begun").exists():
            time.sleep(0.005)
        if ask == "file":
            exchange.ask_to_stop()
        else:
            os.kill(keeper, ask)

    assert kept.keep(kept.training, work, meanwhile=stop) == Ending(None)
    assert kept.record(kept.training) is None
    assert (kept.folder(kept.training) / "checkpoint").exists()


def test_a_job_that_nobody_waits_for_ends_without_a_word(kept: Kept) -> None:
    def give_up(exchange: Exchange, keeper: int) -> None:
        while not (kept.folder(kept.cell) / "log.txt").exists():
            time.sleep(0.005)
        exchange.remove()

    assert kept.keep(kept.cell, lambda *_: time.sleep(60), meanwhile=give_up) is None
    assert kept.record(kept.cell) is None


@pytest.mark.parametrize("ends", [leave("ok"), die])
def test_what_a_job_started_ends_with_it(kept: Kept, ends: Callable[..., None]) -> None:
    def work(job: Job, *_: Any) -> None:
        left = subprocess.Popen(["sleep", "86400"], start_new_session=True)
        (job.store / "left").write_text(str(left.pid))
        ends(job)

    kept.keep(kept.training, work)
    left = int((kept.store.root / "left").read_text())
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE


def test_the_command_needs_one_job_and_says_which_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.argv", ["keeper"])
    with pytest.raises(SystemExit, match=r"usage: python -m srbench\.runner\.keeper JOB"):
        keeper.main()
    monkeypatch.setattr("sys.argv", ["keeper", str(tmp_path / "job.json")])
    with pytest.raises(SystemExit, match=r"job\.json: No such file"):
        keeper.main()
