"""Files of runs are read as far as they can be, and a job's news is that of the files beside the job's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from srbench.runner.job.exchange import Exchange, Heartbeat, Progress
from srbench.runner.supervision.progress import Cells, JobAtWork, RunProgress, now, runs, seconds_between, seen_now
from srbench.store.lease import Process
from srbench.store.record import Status
from srbench.store.records import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def leave(store: Store, name: str, **fields: Any) -> Path:
    path = store.root / "runs" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        msgspec.json.encode(
            RunProgress(**{"matrix": "m", "host": "h", "pid": 1, "started": now(), "time": now(), **fields})
        )
    )
    return path


def test_runs_come_in_the_order_in_which_they_began_and_what_is_none_is_passed_over(store: Store) -> None:
    assert list(runs(store)) == []
    leave(store, "a", matrix="second", started="2026-01-02T00:00:00+00:00")
    leave(store, "b", matrix="first", started="2026-01-01T00:00:00+00:00")
    half = leave(store, "c")
    half.write_bytes(half.read_bytes()[:-9])
    (store.root / "runs/d.json").mkdir()
    (store.root / "runs/e.json").symlink_to(store.root / "nowhere")
    strange = json.loads(leave(store, "f").read_text())
    strange["jobs"] = [{"key": "../../home", "shelf": "cells", "label": "x", "submitted": ""}]
    (store.root / "runs/f.json").write_text(json.dumps(strange))
    assert [(path.name, progress.matrix) for path, progress in runs(store)] == [
        ("b.json", "first"),
        ("a.json", "second"),
    ]


def test_a_folder_that_may_not_be_read_holds_no_runs(store: Store) -> None:
    (store.root / "runs").write_text("a file")
    assert list(runs(store)) == []


def test_a_field_that_a_later_version_adds_is_no_reason_not_to_read_the_others(store: Store) -> None:
    content = json.loads(leave(store, "a").read_text())
    (store.root / "runs/a.json").write_text(json.dumps({**content, "weather": "fair"}))
    assert [progress.matrix for _, progress in runs(store)] == ["m"]


def test_texts_obey_nobody() -> None:
    job = JobAtWork("ab", "cells", "\x1b[2Jlabel", "", message="\u202egone", host="\x07", device="\x1b", job="\x00")
    assert (job.label, job.message, job.host, job.device, job.job) == (
        *(r"\x1b[2Jlabel", r"\u202egone", r"\x07", r"\x1b", r"\x00"),
    )


def test_every_status_of_a_record_is_counted() -> None:
    names = set(Cells.__struct_fields__)
    assert names == {"total", "running", "waiting", *get_args(Status)}
    assert Cells(total=9, ok=2, running=3, waiting=4).remaining == 7


def test_news_of_a_job_are_those_of_its_files_and_stay_when_these_are_gone(store: Store) -> None:
    job = JobAtWork("ab", "cells", "d/x2/a", "2026-01-01T00:00:00+00:00")
    assert seen_now(job, store) == job
    folder = store.root / "jobs/ab"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text("{}")
    assert seen_now(job, store) == job
    exchange = Exchange(folder / "job.json")
    exchange.tell(
        Heartbeat(Process("node7", "", 7, 0), "2026-01-01T00:09:00+00:00", "2026-01-01T00:01:00+00:00", "8812")
    )
    begun = seen_now(job, store)
    assert (begun.pid, begun.host, begun.job, begun.started) == (7, "node7", "8812", "2026-01-01T00:01:00+00:00")
    exchange.tell(Progress(0.5, "step 3", "cuda:0"))
    seen = seen_now(begun, store)
    assert (seen.done, seen.message, seen.device) == (0.5, "step 3", "cuda:0")
    exchange.tell(Progress(0.6, "step 4"))
    assert seen_now(seen, store).device == "cuda:0"
    shutil.rmtree(folder)
    assert seen_now(seen, store) == seen


def test_seconds_between_times_are_never_less_than_none() -> None:
    earlier, later = "2026-01-01T00:30:00+00:00", "2026-01-01T02:00:00.5+01:00"
    assert seconds_between(earlier, later) == 1800.5
    strange = ("", "yesterday", "2026-01-01T00:00:00")
    assert [seconds_between(one, later) for one in (*strange, now())] == [0] * 4
