"""`srbench watch`: one look, looks until there is nothing to wait for, and a quiet end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from made_records import leave_lease
from rich.console import Console
from rig.verbs import Srbench

from srbench.cli import watch
from srbench.runner.supervision.progress import Cells, RunProgress, State, now


def leave(state: State, ok: int, waiting: int = 0) -> None:
    """A run of the store `results/m`."""
    Path("results/m/runs").mkdir(exist_ok=True)
    cells = Cells(ok + waiting, ok=ok, waiting=waiting)
    progress = RunProgress("m", "elsewhere", 1, now(), now(), state, cells=cells)
    Path("results/m/runs/a.json").write_bytes(msgspec.json.encode(progress))
    leave_lease(Path("results/m"), "a")


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between looks; in the third the run ends."""
    taken: list[float] = []

    def sleep(seconds: float) -> None:
        taken.append(seconds)
        if len(taken) == 3:
            leave("done", 3)

    monkeypatch.setattr("srbench.cli.watch.time.sleep", sleep)
    return taken


@pytest.mark.parametrize("place", [["matrix.yaml"], ["results/m"], ["--store", "results/m"], []])
def test_a_look_at_the_store_that_is_named(here: Path, srbench: Srbench, place: list[str]) -> None:
    leave("running", 1, 2)
    said = srbench("watch", *place, "--once")
    head, counts = said.out.splitlines()
    assert said.code == 0 and head.startswith("m: running, begun ") and counts == "1 of 3 cells: 1 ok, 2 waiting"


def test_a_store_in_which_nothing_ran_and_one_that_is_not_there(here: Path, srbench: Srbench) -> None:
    said = srbench("watch", "results/m")
    assert (said.code, said.out) == (0, "no run has been at work in results/m yet\n")
    said = srbench("watch", "--store", "elsewhere")
    assert said.code == 2 and f"there is no store elsewhere (in {here})" in said.err
    said = srbench("watch", "--store", "matrix.yaml")
    assert said.code == 2 and "matrix.yaml is a file; a store is a folder" in said.err


def test_a_matrix_that_has_not_run_is_waited_for(
    here: Path, srbench: Srbench, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree("results")
    said = srbench("watch", "matrix.yaml", "--once")
    assert (said.code, said.out, naps) == (0, "no run has been at work in results/m yet\n", [])
    assert not Path("results").exists()
    nap = watch.time.sleep

    def sleep(seconds: float) -> None:
        Path("results/m").mkdir(parents=True, exist_ok=True)
        nap(seconds)

    monkeypatch.setattr(watch.time, "sleep", sleep)
    said = srbench("watch", "matrix.yaml")
    assert said.code == 0 and "waiting for its first run (Ctrl-C ends this)" in said.err
    first, last = said.out.splitlines()
    assert first == "no run has been at work in results/m yet" and last.endswith("3 of 3 cells: 3 ok")
    assert len(naps) == 3


def test_a_store_of_which_only_the_plan_is_begun_is_one(here: Path, srbench: Srbench) -> None:
    Path("new/runs").mkdir(parents=True)
    assert srbench("watch", "new").code == 0


def test_without_a_terminal_there_is_a_line_at_first_and_one_at_the_end(
    here: Path, srbench: Srbench, naps: list[float]
) -> None:
    leave("running", 1, 2)
    said = srbench("watch", "results/m")
    first, last = said.out.splitlines()
    assert said.code == 0 and len(naps) == 3
    assert first.endswith("1 of 3 cells: 1 ok, 2 waiting") and last.endswith("3 of 3 cells: 3 ok")


def test_as_json_there_is_an_object_each_look(here: Path, srbench: Srbench, naps: list[float]) -> None:
    leave("running", 1, 2)
    looks = [json.loads(line) for line in srbench("watch", "results/m", "--json").out.splitlines()]
    assert [look["runs"][0]["progress"]["state"] for look in looks] == ["running"] * 3 + ["done"]
    assert [look["runs"][0]["at_work"] for look in looks] == [True] * 3 + [False]
    assert len(srbench("watch", "results/m", "--json", "--once").out.splitlines()) == 1


def test_on_a_terminal_the_view_is_replaced(
    here: Path, srbench: Srbench, naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rich.console.Console", lambda **_: Console(force_terminal=True, width=60))
    leave("running", 1, 2)
    said = srbench("watch", "results/m")
    assert said.code == 0 and said.out.count("\x1b[1A") >= 3 * 2  # up over the lines of before
    assert "2 waiting" in said.out and "3 of 3 cells: 3 ok" in said.out


def test_ctrl_c_ends_it_quietly(here: Path, srbench: Srbench, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watch.time, "sleep", interrupted)
    leave("running", 1, 2)
    said = srbench("watch", "results/m")
    assert (said.code, said.err) == (0, "") and len(said.out.splitlines()) == 1
