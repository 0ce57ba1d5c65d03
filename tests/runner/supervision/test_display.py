"""How a run looks on a terminal."""

from __future__ import annotations

import io
from typing import Any, cast

from rich.console import Console

from srbench.runner.job.tasks import Training
from srbench.runner.supervision.display import Lines


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
