"""A keeper beside a job's process: limits, stops, signs of life. The jobs here are forks that sleep."""

from __future__ import annotations

import os
import platform
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from srbench.contract.executor import Limits
from srbench.runner import keeper
from srbench.runner.job import exchange as exchanges
from srbench.runner.job.exchange import Ending, Exchange, Heartbeat, Progress


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
    keeper._watch(start(lambda: time.sleep(0.5)), job_with(), exchange, [])
    beat = exchange.read(Heartbeat)
    assert beat is not None and (beat.pid, beat.host) == (os.getpid(), platform.node())
    keeper._watch(start(lambda: time.sleep(0.5)), job_with(), exchange, [])
    later = exchange.read(Heartbeat)
    assert later is not None and later.time > beat.time


def test_what_is_no_job_ends_with_the_reason(exchange: Exchange) -> None:
    keeper.keep(exchange.job)
    ending = exchange.read(Ending)
    assert ending is not None and ending.status == "failed" and "is no job" in ending.reason
    with pytest.raises(FileNotFoundError):
        keeper.keep(exchange.job.with_name("other.json"))


@pytest.mark.parametrize("letter", ["x", "\x00", "é", "\U0001f600", "\ud800"])
def test_a_text_of_any_length_and_script_arrives(exchange: Exchange, letter: str) -> None:
    exchange.tell(Ending("failed", letter * 100_000))
    exchange.tell(Progress(0.5, letter * 100_000))
    ending, progress = exchange.read(Ending), exchange.read(Progress)
    assert ending is not None and progress is not None
    assert len(ending.reason) <= 500 and ending.reason == progress.message
    assert ending.reason.startswith(letter * 400 if letter.isprintable() else "\\")


def test_progress_is_written_as_often_as_one_can_read(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr(exchanges.time, "monotonic", lambda: now[0])
    written = []
    for step in range(1000):
        now[0] += 0.001
        exchange.progress(step / 1000, f"step {step}")
        written.append(exchange.read(Progress))
    assert written[0] == Progress(0.0, "step 0")
    assert 5 <= len({news.done for news in written if news is not None}) <= 11
    exchange.remove()
    now[0] += 1
    exchange.progress(1.0, "nobody reads this")
