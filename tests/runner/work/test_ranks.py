"""Processes that share a training: how they meet, end each other, and what is told of it."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from toys.ranks import heard

from srbench.runner.job.channel import Made, Tell
from srbench.store.record import Record
from srbench.training.loop.group import Group, PeerLost

TWO, THREE = ("cpu", "cpu"), ("cpu", "cpu", "cpu")


def never() -> bool:
    return False


def at_once() -> bool:
    return True


def ended(reason: str, status: Any = "failed") -> Made:
    return Made(Record(key="k", schema=1, status=status, reason=reason))


def meet() -> None:
    Group.here().largest({"a": 1.0})


def go_well(tell: Tell) -> None:
    meet()
    if Group.here().first:
        tell(ended("all went well", "ok"))


def say_nothing(tell: Tell) -> None:
    meet()


def fail_alone(tell: Tell) -> None:
    """The second cannot go on, and the first waits for it."""
    if Group.here().rank == 1:
        tell(ended("the second has had enough"))
        return
    meet()
    tell(ended("the first has met nobody"))


def fail_all(tell: Tell) -> None:
    meet()
    tell(ended(f"seen by {Group.here().rank}"))


def leave(tell: Tell) -> None:
    if Group.here().rank == 1:
        sys.exit(7)
    meet()


def lose_each_other(tell: Tell) -> None:
    meet()
    raise PeerLost("gone")


def killed(tell: Tell) -> None:
    if Group.here().rank == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    meet()


def deaf(tell: Tell) -> None:
    """The first does not notice, as one that waits for a GPU."""
    if Group.here().rank == 1:
        tell(ended("the second has had enough"))
        return
    signal.pause()


def no_room(tell: Tell) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def asked(tell: Tell) -> None:
    """End when asked to, all of them."""
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(1))
    group = Group.here()
    until = time.monotonic() + 20
    while not group.told(lambda: bool(told)) and time.monotonic() < until:
        time.sleep(0.01)
    if group.first:
        tell(ended("stopped" if told else "never asked"))


@pytest.mark.parametrize(
    ("work", "devices", "expected"),
    [
        (go_well, TWO, "all went well"),
        (go_well, THREE, "all went well"),
        (say_nothing, TWO, None),
        (fail_alone, TWO, "the second has had enough"),
        (fail_all, THREE, "seen by 0"),
        (leave, TWO, ("RankDied", "process 2 of 2 of the training ended with exit code 1 before it was done")),
        (
            lose_each_other,
            TWO,
            ("RankDied", "the processes of the training lost each other; see the end of the log"),
        ),
        (killed, THREE, -signal.SIGKILL),
        (no_room, TWO, os.EX_IOERR),
    ],
)
def test_what_comes_of_it_is_what_the_first_tells_or_whoever_failed(
    tmp_path: Path, work: Any, devices: tuple[str, ...], expected: Any
) -> None:
    assert heard(tmp_path, work, devices, never) == expected


def test_one_that_notices_nothing_is_ended_after_a_while(tmp_path: Path) -> None:
    assert heard(tmp_path, deaf, TWO, never) == "the second has had enough"


def test_a_stop_is_passed_on_to_the_first(tmp_path: Path) -> None:
    assert heard(tmp_path, asked, TWO, at_once) == "stopped"
