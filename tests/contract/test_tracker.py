"""What a tracker has to do, and what it may leave."""

from __future__ import annotations

import pytest

import srbench


def test_a_tracker_takes_cells_and_need_not_listen_to_the_rest() -> None:
    class Deaf(srbench.Tracker):
        def begin(self, matrix: str) -> None:
            pass

        def cell_finished(self, cell: srbench.Cell, record: srbench.Record) -> None:
            pass

        def end(self) -> None:
            pass

    record = srbench.Record(key="ab", schema=1, status="ok")
    Deaf().cell_started(srbench.Cell("d", "x2", "m", None, None))
    Deaf().training_finished(record, [])
    for name in ("begin", "cell_finished", "end"):
        lacking = type("Lacking", (Deaf,), {name: getattr(srbench.Tracker, name)})
        with pytest.raises(TypeError, match=name):
            lacking()
