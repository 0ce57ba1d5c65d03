"""What is seen of a store's runs, how long they have been silent, and that looking leaves no trace."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from made_records import contents, leave_lease

from srbench.commands.look import LOG_LINES, Look, Onlooker, last_lines
from srbench.runner.supervision.progress import Cells, JobAtWork, RunProgress
from srbench.store.lease import SILENCE_SECONDS, Process
from srbench.store.records import Store


class Clock:
    """Seconds, as a test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def ago(seconds: float) -> str:
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)).isoformat()


def leave(store: Store, name: str = "a", process: Process | None = None, **fields: Any) -> None:
    """A run that is at work on another machine, unless told otherwise."""
    (store.root / "runs").mkdir(exist_ok=True)
    made = {"matrix": "m", "host": "elsewhere", "pid": 1, "started": ago(60), "time": ago(0), "state": "running"}
    (store.root / "runs" / f"{name}.json").write_bytes(msgspec.json.encode(RunProgress(**{**made, **fields})))
    leave_lease(store.root, name, process)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_store_without_runs_is_over(store: Store) -> None:
    look = Onlooker(store).look()
    assert (look.runs, look.over, look.store) == ([], True, str(store.root))


@pytest.mark.parametrize(
    ("fields", "at_work", "over"),
    [
        ({}, True, False),
        ({"state": "planning"}, True, False),
        ({"time": ago(SILENCE_SECONDS + 10)}, False, False),
        ({"process": Process.this()}, True, False),
        ({"process": msgspec.structs.replace(Process.this(), pid=2**22 + 1)}, False, False),
        ({"state": "done"}, False, True),
        ({"state": "interrupted", "cells": Cells(total=2, ok=1, waiting=1)}, False, False),
        ({"state": "interrupted", "cells": Cells(total=1, ok=1)}, False, True),
        ({"state": "failed", "cells": Cells(total=2, failed=2)}, False, True),
    ],
)
def test_who_is_at_work_and_whether_there_is_anything_to_wait_for(
    store: Store, fields: dict[str, Any], at_work: bool, over: bool
) -> None:
    leave(store, **fields)
    look = Onlooker(store).look()
    assert ([run.at_work for run in look.runs], look.over) == ([at_work], over)


def test_one_run_that_is_not_over_keeps_the_look_from_being_so(store: Store) -> None:
    leave(store, "a", state="done")
    leave(store, "b")
    assert not Onlooker(store).look().over


def test_a_file_that_is_seen_to_change_is_a_sign_of_life_whatever_clocks_say(store: Store) -> None:
    clock = Clock()
    onlooker = Onlooker(store, clock)

    def silence() -> float:
        (run,) = onlooker.look().runs
        assert run.at_work == (run.silent_seconds <= SILENCE_SECONDS)
        return run.silent_seconds

    leave(store, time=ago(3600))  # by a machine whose clock is an hour late
    assert silence() == pytest.approx(3600, abs=5)
    leave(store, time=ago(3590))
    assert silence() == 0
    clock.now += 50
    assert silence() == 50
    clock.now += SILENCE_SECONDS
    assert silence() == SILENCE_SECONDS + 50
    leave(store, time=ago(-3600))
    assert silence() == 0


def test_jobs_are_seen_as_they_are_now_with_the_ends_of_their_logs(store: Store) -> None:
    leave(store, jobs=[JobAtWork("ab", "cells", "d/x2/a", ago(60)), JobAtWork("cd", "models", "training", ago(60))])
    job = store.root / "jobs/ab"
    job.mkdir(parents=True)
    (job / "job.json").write_text("{}")
    (job / "progress.json").write_text('{"done": 0.75, "message": "image 3"}')
    folder = store.folder("cells", "ab")
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text("one\ntwo\n")
    (run,) = Onlooker(store).look().runs
    assert [(job.done, job.message) for job in run.progress.jobs] == [(0.75, "image 3"), (0, "")]
    assert run.logs == {"ab": ["one", "two"], "cd": []}


def test_the_end_of_a_log_is_a_few_lines_that_a_terminal_may_show(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    assert last_lines(log) == []
    log.write_bytes(b"x" * 10_000_000 + b"\n" + b"\n".join(b"line %d" % number for number in range(9)))
    assert last_lines(log) == [f"line {number}" for number in range(9 - LOG_LINES, 9)]
    log.write_bytes(b"10%\r50%\r99%\n\n  \n\xff\x1b[2J\n")
    assert last_lines(log) == ["99%", "\ufffd\\x1b[2J"]


def test_looking_writes_nothing(store: Store) -> None:
    leave(store, jobs=[JobAtWork("ab", "cells", "d/x2/a", ago(60))])
    before = contents(store)
    stamps = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    for _ in range(3):
        Onlooker(store).look()
    assert contents(store) == before
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == stamps


def test_as_json_a_look_has_the_fields_that_are_documented(store: Store) -> None:
    leave(store)
    look = Onlooker(store).look()
    assert msgspec.json.decode(msgspec.json.encode(look), type=Look) == look
    told = (Path(__file__).parents[2] / "docs/running.md").read_text()
    for kind in (Look, RunProgress, Cells, JobAtWork, type(look.runs[0])):
        for name in kind.__struct_fields__:
            assert f"`{name}`" in told, (kind.__name__, name)
