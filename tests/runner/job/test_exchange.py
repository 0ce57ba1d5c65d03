"""What a run and a keeper tell each other, in files that are whole or not there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from srbench.runner.job import exchange as exchanges
from srbench.runner.job.exchange import Ending, Exchange, Heartbeat, Progress
from srbench.store.lease import Process


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    job = tmp_path / "store/jobs/key/job.json"
    job.parent.mkdir(parents=True)
    job.write_text("{}")
    return Exchange(job)


def test_nothing_is_read_where_nothing_was_told_and_half_a_file_is_nothing(exchange: Exchange) -> None:
    assert [exchange.read(kind) for kind in (Heartbeat, Progress, Ending)] == [None, None, None]
    for name in ("heartbeat", "progress", "ending"):
        (exchange.job.parent / f"{name}.json").write_text('{"status": "ok", "done": 0.')
    assert [exchange.read(kind) for kind in (Heartbeat, Progress, Ending)] == [None, None, None]


def test_the_latest_is_read_by_either_side(exchange: Exchange) -> None:
    exchange.tell(Ending("ok"))
    exchange.tell(Ending(None, "asked to stop"))
    assert Exchange(exchange.job).read(Ending) == Ending(None, "asked to stop")
    exchange.beat()
    beat = exchange.read(Heartbeat)
    assert beat is not None and (beat.process, beat.job) == (Process.this(), "")


def test_a_sign_of_life_says_since_when_there_is_life_and_which_job_of_a_queue_it_is(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.beat()
    first = exchange.read(Heartbeat)
    monkeypatch.setenv("SRBENCH_JOB", "slurm 8812")
    while (later := exchange.read(Heartbeat)) is None or later.time == later.since:
        exchange.beat()
    assert first is not None and later.since == first.since == first.time < later.time
    assert (first.job, later.job) == ("", "slurm 8812")


def test_progress_names_the_device_once_it_is_known(exchange: Exchange) -> None:
    exchange.progress(0.25, "begun")
    assert exchange.read(Progress) == Progress(0.25, "begun", "")
    other = Exchange(exchange.job)
    other.device = "cuda:0"
    other.progress(0.5, "half")
    assert exchange.read(Progress) == Progress(0.5, "half", "cuda:0")


def test_a_stop_is_asked_for_once_and_for_all_and_of_nobody_where_the_job_is_gone(exchange: Exchange) -> None:
    assert not exchange.asked_to_stop
    exchange.ask_to_stop()
    exchange.ask_to_stop()
    assert exchange.asked_to_stop and Exchange(exchange.job).asked_to_stop
    shutil.rmtree(exchange.job.parent, ignore_errors=True)
    exchange.ask_to_stop()
    assert not exchange.asked_to_stop and not exchange.job.parent.exists()


def test_a_job_is_abandoned_once_its_file_is_gone_or_is_another(exchange: Exchange) -> None:
    assert not exchange.abandoned
    other = exchange.job.with_suffix(".new")
    other.write_text("{}")
    other.replace(exchange.job)
    assert exchange.abandoned and not Exchange(exchange.job).abandoned
    shutil.rmtree(exchange.job.parent, ignore_errors=True)
    assert exchange.abandoned
    shutil.rmtree(exchange.job.parent, ignore_errors=True)
    with pytest.raises(FileNotFoundError):
        Exchange(exchange.job)


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
    shutil.rmtree(exchange.job.parent, ignore_errors=True)
    now[0] += 1
    exchange.progress(1.0, "nobody reads this")


def test_the_keeper_that_began_first_gives_way_to_another(exchange: Exchange) -> None:
    exchange.beat()
    exchange.beat()
    assert not exchange.abandoned
    another = Heartbeat(Process("another node", "1", 7, 0), "2026")
    Exchange(exchange.job).tell(another)
    exchange.beat()
    assert exchange.abandoned and exchange.read(Heartbeat) == another


def test_a_heartbeat_that_is_gone_is_no_other_keepers(exchange: Exchange) -> None:
    exchange.beat()
    (exchange.job.parent / "heartbeat.json").unlink()
    exchange.beat()
    assert not exchange.abandoned and exchange.read(Heartbeat) is not None


def test_a_keeper_that_leaves_takes_back_its_own_sign_of_life_alone(exchange: Exchange) -> None:
    exchange.fall_silent()
    exchange.beat()
    exchange.fall_silent()
    assert exchange.read(Heartbeat) is None
    exchange.beat()
    another = Heartbeat(Process("another node", "1", 7, 0), "2026")
    Exchange(exchange.job).tell(another)
    exchange.fall_silent()
    assert exchange.read(Heartbeat) == another
