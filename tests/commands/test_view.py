"""A look in words."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest

from srbench.commands.look import Look, RunSeen
from srbench.commands.view import lines, view
from srbench.runner.supervision.progress import Cells, JobAtWork, RunProgress

NOW = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def ago(seconds: float) -> str:
    return (NOW - datetime.timedelta(seconds=seconds)).isoformat()


def look(at_work: bool = True, silent: float = 0, logs: dict[str, list[str]] | None = None, **fields: Any) -> Look:
    made = {"matrix": "m", "host": "node7", "pid": 7, "started": ago(1200), "time": ago(600), "state": "running"}
    progress = RunProgress(**{**made, **fields})
    return Look(ago(0), "results/m", [RunSeen(progress, at_work, silent, logs or {})])


def shown(seen: Look) -> list[str]:
    return [line for _, line in view(seen)]


def test_a_job_that_ended_while_no_run_watches_is_not_said_to_run() -> None:
    job = JobAtWork("ab", "cells", "d/x2/a", ago(700), ago(600), "node9", 11, "cpu", "slurm 8", 1.0, ended="ok")
    seen = look(jobs=[job], state="left")
    assert shown(seen)[2:] == ["100%  d/x2/a", "      ended (ok); a run that goes on takes it in"]


def test_where_nothing_ran_that_is_said() -> None:
    said = "no run has been at work in results/m yet"
    assert shown(Look("", "results/m", [])) == list(lines(Look("", "results/m", []))) == [said]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (look(), "m: running, begun 20 min ago (process 7 on node7)"),
        (look(silent=40), "m: running, begun 20 min ago (process 7 on node7), last heard of 40 s ago"),
        (look(state="planning"), "m: planning, begun 20 min ago (process 7 on node7)"),
        (look(False, time="2026-01-01T10:00:00"), "m: no sign of life since 2026-01-01T10:00:00 (process 7 on node7)"),
        (look(False, state="done"), "m: done 10 min ago"),
        (look(False, state="interrupted"), "m: interrupted 10 min ago"),
        (look(False, state="failed", reason="no luck"), "m: failed 10 min ago: no luck"),
    ],
)
def test_the_state_of_a_run(seen: Look, words: str) -> None:
    assert shown(seen)[0] == words
    assert next(lines(seen)).startswith(f"{words}; ")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (look(state="planning"), "which cells there are is not known yet"),
        (look(False, state="done"), "no cells"),
        (look(cells=Cells(total=1, waiting=1)), "0 of 1 cell: 1 waiting"),
        (
            look(cells=Cells(9, ok=3, failed=1, running=2, waiting=3), seconds_left=7200.0),
            "4 of 9 cells: 3 ok, 1 failed, 2 running, 3 waiting; 2 h left",
        ),
        (
            look(cells=Cells(2, waiting=2), seconds_left=60.0, unknown_jobs=1),
            "0 of 2 cells: 2 waiting; 60 s left, not counting 1 job of which nothing is known",
        ),
        (look(False, cells=Cells(2, waiting=2), seconds_left=60.0), "0 of 2 cells: 2 waiting"),
        (look(cells=Cells(2, ok=2), seconds_left=0.0), "2 of 2 cells: 2 ok"),
    ],
)
def test_what_became_of_its_cells(seen: Look, words: str) -> None:
    assert shown(seen)[1] == words


def test_where_each_job_is_since_when_and_how_far_with_its_log() -> None:
    job = JobAtWork("ab", "cells", "d/x2/a", ago(700), ago(600), "node9", 11, "cuda:0", "slurm 8812", 0.5, "image 3")
    queued = JobAtWork("cd", "cells", "d/x2/b", ago(300), job="slurm 8813")
    told = JobAtWork("ef", "cells", "d/x2/c", ago(300), waits="others are before it")
    requeued = msgspec.structs.replace(job, key="01", waits="its node failed")
    seen = look(jobs=[job, queued, told, requeued], logs={"ab": ["a line", "another"], "cd": []})
    assert shown(seen)[2:] == [
        " 50%  d/x2/a",
        "      process 11 on node9, cuda:0, slurm 8812, for 10 min, 10 min left, image 3",
        "      | a line",
        "      | another",
        "  0%  d/x2/b",
        "      slurm 8813, submitted 5.0 min ago, not begun",
        "  0%  d/x2/c",
        "      submitted 5.0 min ago, not begun: others are before it",
        " 50%  d/x2/a",
        "      slurm 8812, waits to go on: its node failed, image 3",
    ]
    assert next(lines(seen)).endswith("no cells; d/x2/a 50%; d/x2/b 0%; d/x2/c 0%; d/x2/a 50%")


def test_of_a_run_that_is_dead_nobody_says_where_its_jobs_are() -> None:
    job = JobAtWork("ab", "cells", "d/x2/a", ago(700), ago(600), "node9", 11, done=0.5)
    assert shown(look(False, jobs=[job], logs={"ab": ["the last words"]}))[2:] == [
        " 50%  d/x2/a",
        "      | the last words",
    ]
