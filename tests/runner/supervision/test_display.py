"""How a run looks on a terminal."""

from __future__ import annotations

import io
import itertools
import re
from typing import Any, cast

import pytest
from rich.console import Console

from srbench.contract.executor import Wait
from srbench.runner.job.tasks import Training
from srbench.runner.planning.estimate import seconds_left
from srbench.runner.supervision import display
from srbench.runner.supervision.display import Lines, time_left


class Named:
    """All that a display asks of a task."""

    key, label = "ab", "training [/] \x1b[2J on t91"


def test_names_and_messages_from_outside_move_nothing_on_the_terminal() -> None:
    written = io.StringIO()
    task = cast(Training, cast(Any, Named()))
    with Lines(Console(file=written, force_terminal=True, color_system=None, width=100)) as lines:
        lines.started(task)
        lines.progressed("ab", 0.5, "[/x]\x1b]0;title\x07")
        lines.repeated(task, "\x1b[3Jthe disk is full")
        lines.trained(task, "failed", "\x1b[2J\u202egone")
    assert r"\x1b[3Jthe disk is full; once more" in written.getvalue()
    assert r"training [/] \x1b[2J on t91" in written.getvalue()
    assert r"\x1b[2J\u202egone" in written.getvalue()
    assert "\x1b[2J" not in written.getvalue() and "\x1b]0" not in written.getvalue()


def test_where_there_is_no_terminal_there_is_a_line_a_minute_with_the_time_that_is_left() -> None:
    written = io.StringIO()
    seconds = itertools.count(0, 25)
    task = cast(Training, cast(Any, Named()))
    with Lines(Console(file=written, width=20), clock=lambda: next(seconds)) as lines:  # looks at 0, 25, ...
        lines.planned(8)
        lines.started(task)
        for step in range(6):
            lines.progressed("ab", step / 10, f"step {step}")
            lines.expected(7200 if step == 2 else None if step == 1 else 7100)
    assert written.getvalue().splitlines() == [
        r"training [/] \x1b[2J on t91, 10%, step 1, 8 min left, 0 of 8 cells, 2 h left in all",
        r"training [/] \x1b[2J on t91, 40%, step 4, 3 min left, 0 of 8 cells, 2 h left in all",
    ]


def test_on_a_terminal_the_time_that_is_left_in_all_stands_at_the_bar_for_the_whole() -> None:
    written = io.StringIO()
    with Lines(Console(file=written, force_terminal=True, color_system=None, width=100)) as lines:
        lines.planned(8)
        lines.expected(7200)
        lines.waited()
    assert re.search("cells .* 0 of 8 .* 2 h left", written.getvalue())


@pytest.mark.parametrize(
    ("done", "seconds", "words"),
    [
        (0.5, 60, "60 s left"),
        (0.25, 60, "3 min left"),
        (0.1, 3600, "9 h left"),
        (0.02, 36000, "20 days left"),
        (0.01, 3600, ""),
        (0.5, 1, ""),
        (1.0, 60, ""),
    ],
)
def test_the_time_that_is_left_is_told_as_roughly_as_it_is_known(done: float, seconds: float, words: str) -> None:
    assert time_left(seconds_left(done, seconds)) == words


def test_what_has_not_begun_has_no_bar_and_is_counted() -> None:
    written = io.StringIO()
    task = cast(Training, cast(Any, Named()))
    with Lines(Console(file=written, force_terminal=True, color_system=None, width=100)) as lines:
        lines.planned(3)
        lines.started(task)
        lines._progress.refresh()
        assert "0 of 3, 1 not begun" in written.getvalue() and "t91" not in written.getvalue()
        lines.progressed("ab", 0.5, "half")
        lines._progress.refresh()
        shown = written.getvalue().rpartition("0 of 3")[2]
        assert "not begun" not in shown and "t91" in shown and "half" in shown


def test_why_jobs_wait_stands_beside_their_number_and_in_a_line_a_minute_where_there_is_no_terminal() -> None:
    written, seconds = io.StringIO(), [0.0]
    task = cast(Training, cast(Any, Named()))
    with Lines(Console(file=written, width=20), clock=lambda: seconds[0]) as lines:
        lines.planned(8)
        lines.started(task)
        lines.delayed("ab", Wait("others are before it"))
        for _ in range(4):
            seconds[0] += 25
            lines.waited()
        assert written.getvalue() == "0 of 8 cells, 1 not begun: others are before it\n"
        lines.delayed("ab", None)
        seconds[0] += 60
        lines.waited()
    assert written.getvalue().endswith("\n0 of 8 cells, 1 not begun\n")
    written = io.StringIO()
    with Lines(Console(file=written, force_terminal=True, color_system=None, width=100)) as lines:
        lines.planned(8)
        lines.started(task)
        lines.delayed("ab", Wait("others are before\x1b[2J it"))
        lines._progress.refresh()
        assert "0 of 8, 1 not begun" in written.getvalue()
        assert r"others are before\x1b[2J it" in " ".join(written.getvalue().split())


def test_what_will_not_begin_by_itself_is_warned_of_once_with_how_many_jobs_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = io.StringIO()
    monkeypatch.setattr(display, "_ERRORS", Console(file=said, width=200))
    with Lines(Console(file=io.StringIO())) as lines:
        for key in "abc":
            lines.delayed(key, Wait("it is held", stuck=True))
        lines.delayed("d", Wait("others are before it"))
        for _ in range(3):
            lines.waited()
        lines.delayed("d", Wait("no node has that", stuck=True))
        lines.waited()
    assert said.getvalue().splitlines() == [
        "warning: 3 jobs will not begin by themselves: it is held",
        "warning: 1 job will not begin by itself: no node has that",
    ]


@pytest.mark.parametrize(
    ("typed", "left"), [("leave\n", True), ("cancel\n", False), ("what?\nleave\n", True), ("", True)]
)
def test_whoever_interrupts_on_a_terminal_is_asked_what_becomes_of_the_jobs(
    monkeypatch: pytest.MonkeyPatch, typed: str, left: bool
) -> None:
    written, keyboard = io.StringIO(), io.StringIO(typed)
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", keyboard)
    with Lines(Console(file=written, force_terminal=True, color_system=None, width=100)) as lines:
        assert lines.leaves() == left
    assert "Cancel them, or leave them for the next `srbench run`?" in written.getvalue()


def test_where_nobody_can_be_asked_jobs_are_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("leave\n"))
    with Lines(Console(file=io.StringIO(), force_terminal=True)) as lines:
        assert not lines.leaves()
    with Lines(Console(file=io.StringIO())) as lines:
        assert not lines.leaves()
