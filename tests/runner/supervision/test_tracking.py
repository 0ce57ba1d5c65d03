"""Trackers hear of everything in turn; one that fails, or hangs, costs a warning."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from bench_in_process import Nearest

import srbench
from srbench.contract.entry import Entry
from srbench.contract.fit import Budget
from srbench.contract.protocol import Protocol
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registered, registry
from srbench.runner.job.tasks import Training
from srbench.runner.supervision import tracking
from srbench.runner.supervision.tracking import made_trackers, tracked, training_left
from srbench.store.cell import Cell
from srbench.store.record import Record, Status
from srbench.store.records import Store
from srbench.training.loop.history import write_history

CELL = Cell("d", "x2", "m", None, None)
RECORD = Record(key=CELL.key, schema=1, status="ok", point=CELL.point())
PLUGIN = Plugin("own", "srbench-own", "1", "own")


class Noting(srbench.Tracker):
    """Notes what it hears, and raises at what it is told to."""

    def __init__(self, raises_at: str = "", error: BaseException | None = None) -> None:
        self.heard: list[tuple[object, ...]] = []
        self.raises_at, self.error = raises_at, error or ValueError("no luck")

    def note(self, what: str, *facts: object) -> None:
        self.heard.append((what, *facts))
        if what == self.raises_at:
            raise self.error

    def begin(self, matrix: str) -> None:
        self.note("begin", matrix)

    def cell_started(self, cell: Cell) -> None:
        self.note("started", cell.label)

    def cell_finished(self, cell: Cell, record: Record) -> None:
        self.note("finished", cell.label, record.status)

    def training_finished(self, record: Record, history: Sequence[Mapping[str, float | str]]) -> None:
        self.note("trained", record.status, len(history))

    def end(self) -> None:
        self.note("end")


def happen() -> None:
    """What happens in a run."""
    hook = registry().hook
    hook.srbench_training_finished(record=RECORD, history=[{"step": 1}])
    hook.srbench_cell_started(cell=CELL)
    hook.srbench_cell_finished(cell=CELL, record=RECORD)


ALL = [("begin", "matrix"), ("trained", "ok", 1), ("started", "d/x2/m"), ("finished", "d/x2/m", "ok"), ("end",)]


def test_a_tracker_hears_of_everything_in_turn_and_of_nothing_afterwards() -> None:
    one, other, warnings = Noting(), Noting(), list[str]()
    with tracked([("one", one), ("other", other)], "matrix", warnings.append):
        happen()
    happen()
    assert one.heard == other.heard == ALL and warnings == []


def test_where_there_are_no_trackers_nothing_is_started() -> None:
    before = threading.active_count()
    with tracked([], "matrix", pytest.fail):
        assert threading.active_count() == before


@pytest.mark.parametrize("place", range(len(ALL)))
@pytest.mark.parametrize("error", [ValueError("no luck"), SystemExit(3), KeyboardInterrupt()])
def test_one_that_raises_is_told_of_once_and_hears_no_more_but_its_end(place: int, error: BaseException) -> None:
    bad, good, warnings = Noting(str(ALL[place][0]), error), Noting(), list[str]()
    with tracked([("bad", bad), ("good", good)], "matrix", warnings.append):
        happen()
    assert good.heard == ALL
    assert bad.heard == [*ALL[: place + 1], *([("end",)] if place < 4 else [])]
    (warning,) = warnings
    assert warning.startswith("tracker 'bad': ") and warning.endswith("; it hears no more of this run")
    if isinstance(error, ValueError):
        assert "ValueError: no luck" in warning


def test_a_run_does_not_wait_for_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    class Hanging(Noting):
        def cell_started(self, cell: Cell) -> None:
            let_go.wait()

    monkeypatch.setattr(tracking, "PATIENCE_SECONDS", 0.05)
    good, warnings = Noting(), list[str]()
    with tracked([("hanging", Hanging()), ("good", good)], "matrix", warnings.append):
        happen()
    let_go.set()
    assert good.heard == ALL
    assert warnings == ["tracker 'hanging': has not come to an end 0.05 s after the run, and is left alone"]


def test_what_the_run_raises_goes_its_way_and_trackers_end() -> None:
    one = Noting()
    with pytest.raises(KeyboardInterrupt), tracked([("one", one)], "matrix", pytest.fail):
        raise KeyboardInterrupt
    assert one.heard == [("begin", "matrix"), ("end",)]


def test_one_that_cannot_be_made_is_an_error_before_anything_runs() -> None:
    class Unready(Noting):
        def __init__(self, ready: bool = False) -> None:
            if not ready:
                raise srbench.SrbenchError("the package is not installed")
            super().__init__()

    registered = Registered("tracker", Entry("unready", Unready), PLUGIN)
    with pytest.raises(srbench.SrbenchError, match="tracker 'mine': the package is not installed"):
        made_trackers([Use("mine", registered, {"ready": False})])
    ((name, made),) = made_trackers([Use("mine", registered, {"ready": True})])
    assert name == "mine" and isinstance(made, Unready)


@pytest.fixture
def training() -> Training:
    method = Use("m", Registered("method", Entry("own", Nearest), PLUGIN), {})
    return Training(
        "model-m", {"of": "m"}, method, Use("d", method.registered, {}), Protocol("x2", 2), Budget("steps", 1), 3
    )


def test_a_training_leaves_its_record_and_its_history(tmp_path: Path, training: Training) -> None:
    store = Store(tmp_path)
    there = Record(key=training.key, schema=1, status="ok", facts={"accuracy": 0.5})
    store.write("models", there)
    write_history(store.folder("models", training.key) / "history.csv", [{"step": 1, "l1": 0.5}])
    record, history = training_left(training, "ok", "", store)
    assert (record.facts, history) == ({"accuracy": 0.5}, [{"step": 1, "l1": 0.5}])


@pytest.mark.parametrize("earlier", [None, "ok"])
def test_of_one_that_left_no_record_it_is_told_how_it_ended(
    tmp_path: Path, training: Training, earlier: Status | None
) -> None:
    store = Store(tmp_path)
    if earlier is not None:
        store.write("models", Record(key=training.key, schema=1, status=earlier))
    record, history = training_left(training, "killed", "the node failed", store)
    assert (record.status, record.reason, history) == ("killed", "the node failed", [])
    assert (record.key, record.point, record.ingredients) == (training.key, training.point(), {"of": "m"})


def test_a_history_that_cannot_be_read_is_none(tmp_path: Path, training: Training) -> None:
    store = Store(tmp_path)
    store.write("models", Record(key=training.key, schema=1, status="ok"))
    for content in (b"step,l1\n\xff\xfe\n", b"step\n" + b"x" * 200_000):
        (store.folder("models", training.key) / "history.csv").write_bytes(content)
        assert training_left(training, "ok", "", store)[1] == []
