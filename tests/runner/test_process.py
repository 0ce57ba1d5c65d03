"""A forked process held to limits and heard to its end: the forks here do what a test says."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from srbench.contract.executor import Limits
from srbench.runner import process as module
from srbench.runner.job import channel
from srbench.runner.job.channel import Doing, Lacking, Measuring, Message, Tell
from srbench.runner.job.exchange import Exchange, Heartbeat
from srbench.runner.process import Abandoned, Ended, Process, Stopping
from srbench.runner.work import processes
from srbench.store.files import StoreError
from srbench.store.lease import Process as Identity
from srbench.store.record import MetricResult
from srbench.store.records import LOG

NOT_DONE = Ended("failed", "its process ended with exit code 0 before it was done")


class Scene:
    """A process beside a job's file, and what it told."""

    def __init__(self, root: Path) -> None:
        job = root / "store/jobs/key/job.json"
        job.parent.mkdir(parents=True)
        job.write_text("{}")
        self.folder, self.exchange, self.stopping = root, Exchange(job), Stopping()
        self.told: list[Message] = []

    def run(
        self,
        work: Callable[[Tell, Callable[[], bool]], Any],
        limits: Limits = Limits(),  # noqa: B008
        take: Callable[[Message], None] | None = None,
    ) -> Ended:
        stopped = processes.StoppedTime()
        one = Process(work, self.folder, limits, self.exchange, self.stopping, stopped)
        return one.run(take or self.told.append)

    @property
    def log(self) -> str:
        return (self.folder / LOG).read_text(errors="replace")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    others = {child.pid for child in psutil.Process().children()}
    monkeypatch.setattr(processes, "sweep", partial(processes.sweep, others))  # what other tests started is not ours
    return Scene(tmp_path)


def doing(tell: Tell, stop: Callable[[], bool]) -> None:
    tell(Doing("test"))


def sleep_long(*_: Any) -> None:
    time.sleep(3600)


def kill(number: int) -> Callable[..., None]:
    """Be killed by a signal, which nothing catches."""

    def work(*_: Any) -> None:
        with suppress(OSError):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        time.sleep(3600)

    return work


# --- how it ended ----------------------------------------------------------------------------------------------------


def test_what_a_process_tells_is_taken_and_its_end_is_known(scene: Scene) -> None:
    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        assert not stop()
        tell(Doing("test"))
        tell(Lacking("no luck"))

    assert scene.run(work) == NOT_DONE
    assert scene.told == [Doing("test"), Lacking("no luck")]


@pytest.mark.parametrize(
    ("work", "code"), [(lambda *_: os._exit(7), 7), (lambda *_: sys.exit(3), 1), (lambda *_: 1 / 0, 1)]
)
def test_a_process_that_exits_has_failed_with_its_exit_code(scene: Scene, work: Callable[..., Any], code: int) -> None:
    assert scene.run(work) == Ended("failed", f"its process ended with exit code {code} before it was done")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGFPE", "SIGILL"])
def test_a_process_that_crashes_has_failed_with_its_signal(scene: Scene, name: str) -> None:
    assert scene.run(kill(signal.Signals[name])) == Ended("failed", f"its process crashed with {name}")


def test_a_process_whose_mapped_file_fails_says_nothing_about_the_method(scene: Scene, tmp_path: Path) -> None:
    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        with (tmp_path / "file").open("w+b") as file:
            file.truncate(mmap.PAGESIZE)
            mapped = mmap.mmap(file.fileno(), mmap.PAGESIZE)
            file.truncate(0)  # as if the disk had lost it
            mapped[0]

    reason = "a file that its process had mapped into memory could not be read (SIGBUS)"
    assert scene.run(work) == Ended("killed", reason, again=True)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_process_that_somebody_else_ends_was_killed_and_is_worth_another_try(scene: Scene, name: str) -> None:
    reason = f"its process was killed from outside, by {name}"
    assert scene.run(kill(signal.Signals[name])) == Ended("killed", reason, again=True)


def test_a_process_that_somebody_else_asks_to_stop_and_does_was_killed_from_outside_too(scene: Scene) -> None:
    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        while not stop():
            time.sleep(0.001)

    assert scene.run(work) == Ended("killed", "its process was killed from outside, by SIGTERM", again=True)


def test_the_keys_of_a_terminal_do_not_reach_it(scene: Scene) -> None:
    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        for number in (signal.SIGINT, signal.SIGHUP):
            os.kill(os.getpid(), number)
        assert os.getsid(0) == os.getpid()
        tell(Doing("test"))

    scene.run(work)
    assert scene.told == [Doing("test")]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_limits_end_a_process_with_their_reason(scene: Scene) -> None:
    assert scene.run(sleep_long, Limits(seconds=0.05)) == Ended("timeout", "took longer than its limit of 0.05 s")
    ended = scene.run(sleep_long, Limits(memory_gb=1e-6))
    assert ended.status == "out_of_memory" and ended.reason.endswith("of 1e-06 GB") and not ended.again


@pytest.mark.parametrize(
    ("message", "ended"),
    [
        (Measuring(MetricResult(key="a")), NOT_DONE),
        (Doing("test"), Ended("timeout", "took longer than its limit of 1 s")),
    ],
)
def test_each_metric_has_all_the_time_that_is_allowed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, message: Message, ended: Ended
) -> None:
    now = [0.0]
    monkeypatch.setattr(Process, "_running_time", lambda self: now[0])

    def take(message: Message) -> None:
        now[0] += 0.9

    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        for _ in range(3):
            tell(message)
            time.sleep(0.02)
        if ended is not NOT_DONE:
            time.sleep(3600)

    assert scene.run(work, Limits(seconds=1), take) == ended


def test_time_for_which_a_process_was_stopped_counts_for_no_limit(scene: Scene) -> None:
    def take(message: Message) -> None:
        assert isinstance(message, Doing)
        threading.Timer(0.8, os.kill, (int(message.name), signal.SIGCONT)).start()

    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        tell(Doing("test", str(os.getpid())))
        os.kill(os.getpid(), signal.SIGSTOP)

    assert scene.run(work, Limits(seconds=0.5), take) == NOT_DONE


# --- stopping, and being given up ------------------------------------------------------------------------------------


def wait_for_stop(tell: Tell, stop: Callable[[], bool]) -> None:
    while not stop():
        time.sleep(0.001)
    tell(Doing("test"))


@pytest.mark.parametrize("how", ["file", "asked"])
def test_a_process_learns_that_it_is_to_stop(scene: Scene, how: str) -> None:
    if how == "file":
        scene.exchange.ask_to_stop()
    else:
        scene.stopping.ask()
    scene.run(wait_for_stop)
    assert scene.told == [Doing("test")] and scene.stopping.since is not None


def test_one_that_does_not_stop_is_killed_when_its_grace_is_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)
    scene.exchange.ask_to_stop()
    assert scene.run(sleep_long).reason == "its process was killed from outside, by SIGKILL"


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_process_whose_job_nobody_waits_for_is_ended(scene: Scene, how: str) -> None:
    if how == "removed":
        shutil.rmtree(scene.exchange.job.parent)
    else:
        other = scene.exchange.job.with_suffix(".new")
        other.write_text("{}")
        other.replace(scene.exchange.job)
    before = psutil.Process().children()
    with pytest.raises(Abandoned):
        scene.run(sleep_long)
    assert psutil.Process().children() == before


def test_news_that_cannot_be_kept_end_the_process_with_their_reason(scene: Scene) -> None:
    def take(message: Message) -> None:
        raise StoreError("the disk is full")

    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        doing(tell, stop)
        sleep_long()

    before = psutil.Process().children()
    with pytest.raises(StoreError, match="the disk is full"):
        scene.run(work, take=take)
    assert psutil.Process().children() == before


def test_signs_of_life_are_given_meanwhile(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.0)
    scene.run(lambda *_: time.sleep(0.15))
    beat = scene.exchange.read(Heartbeat)
    assert beat is not None and beat.process == Identity.this()
    scene.run(lambda *_: time.sleep(0.15))
    later = scene.exchange.read(Heartbeat)
    assert later is not None and later.time > beat.time


# --- what it says, and what it leaves --------------------------------------------------------------------------------


def test_what_a_process_says_and_what_ended_it_are_in_its_log(scene: Scene) -> None:
    def work(*_: Any) -> None:
        print("said half a character: \ud800")
        os.write(2, b"\xffand shouted\n")
        raise RuntimeError("no luck")

    scene.run(work)
    scene.run(lambda *_: print("another"))
    said = [scene.log.index(words) for words in ("said half", "and shouted", "RuntimeError: no luck", "another")]
    assert said == sorted(said), "the next process writes behind it"


def test_where_no_log_can_be_written_nothing_is_begun_and_nothing_said(
    scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    (scene.folder / LOG).mkdir()
    with pytest.raises(IsADirectoryError):
        scene.run(doing)
    assert not scene.told and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO, errno.ENOSPC, errno.ESTALE])
def test_a_file_that_fails_where_nobody_expects_it_is_the_machine_s_fault(scene: Scene, number: int) -> None:
    def work(*_: Any) -> None:
        raise RuntimeError("while something was made ready") from OSError(number, os.strerror(number))

    ended = scene.run(work)
    assert (ended.status, ended.again) == ("killed", True) and "while something was made ready" in scene.log

    def own(*_: Any) -> None:
        raise RuntimeError("of its own")

    assert scene.run(own) == Ended("failed", "its process ended with exit code 1 before it was done")


def test_a_log_that_grows_too_long_keeps_its_end(scene: Scene) -> None:
    log = scene.folder / LOG

    def work(*_: Any) -> None:
        print("the beginning")
        for number in range(30_000):
            print(f"line {number} of more than anybody reads, over and over")
        while log.stat().st_size > 1_200_000:
            time.sleep(0.001)
        print("the end")

    scene.run(work)
    assert log.stat().st_size < 1_200_000
    assert "\nline 29999 of more than anybody reads, over and over\n" in scene.log and "the end\n" in scene.log
    assert "the beginning" not in scene.log


def test_what_a_process_started_keeps_nobody_waiting(scene: Scene) -> None:
    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        left = os.fork()
        if left == 0:  # it has the writing end of the channel, too
            time.sleep(3600)
        tell(Doing("test", str(left)))

    assert scene.run(work) == NOT_DONE
    (message,) = scene.told
    assert isinstance(message, Doing)
    with suppress(ProcessLookupError):  # a keeper adopts it, and sweeps it
        os.kill(int(message.name), signal.SIGKILL)


def raw(tell: Tell, data: bytes) -> None:
    """What a process may write into the channel, whatever it is."""
    writing = tell.__self__._writing  # type: ignore[attr-defined]
    while data:
        data = data[os.write(writing, data) :]


def test_one_that_tells_more_than_any_record_holds_is_ended(scene: Scene) -> None:
    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        raw(tell, (channel.LARGEST + 1).to_bytes(4, "big"))
        while True:
            raw(tell, bytes(1 << 16))

    assert scene.run(work) == Ended("failed", "it handed over more than any record holds")


def test_what_is_no_message_or_half_of_one_is_passed_over(scene: Scene) -> None:
    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        raw(tell, b"\0\0\0\x05what?")
        tell(Doing("test"))
        raw(tell, b"\0\0\0\x05wh")

    assert scene.run(work) == NOT_DONE
    assert scene.told == [Doing("test")]


def test_one_that_closes_its_channel_is_seen_through_all_the_same(scene: Scene) -> None:
    def work(tell: Tell, stop: Callable[[], bool]) -> None:
        tell(Doing("test"))
        os.close(tell.__self__._writing)  # type: ignore[attr-defined]
        time.sleep(0.05)
        os._exit(4)

    assert scene.run(work).reason == "its process ended with exit code 4 before it was done"
    assert scene.told == [Doing("test")]
