"""`srbench run`, of what is done already: choices, exit codes, pages, and signals."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import click
import pytest
from msgspec.structs import replace
from rig.verbs import Srbench, rewrite

from srbench.cli.options import coordinates
from srbench.cli.run import _stoppable
from srbench.runner.supervision.supervisor import Terminated
from srbench.store.lease import Lease
from srbench.store.records import Store


def test_the_exit_code_is_that_of_the_cells_that_were_asked_for(here: Path, srbench: Srbench) -> None:
    said = srbench("run", "matrix.yaml", "--no-report")
    before = "failed        data/x2-rgb/broken  ValueError: no such luck (before; --retry failed repeats it)\n"
    assert (said.code, said.out) == (1, f"{before}3 cells: 2 ok, 1 failed\n")
    said = srbench("run", "matrix.yaml", "--no-report", "--where", "method=nearest", "--where", "method=bicubic")
    assert (said.code, said.out) == (0, "2 cells: 2 ok\n")
    assert not Path("leaderboards").exists()


def test_single_cells_are_chosen_and_left_out_by_name(here: Path, srbench: Srbench) -> None:
    said = srbench("run", "matrix.yaml", "--no-report", "--skip", "data/x2-rgb/broken")
    assert (said.code, said.out) == (0, "2 cells: 2 ok\n")
    said = srbench("run", "matrix.yaml", "--no-report", "--only", "data/x2-rgb/bicubic")
    assert (said.code, said.out) == (0, "1 cell: 1 ok\n")
    said = srbench("run", "matrix.yaml", "--no-report", "--skip", "data/x2-rgb/brokn")
    assert said.code == 2 and "Did you mean 'data/x2-rgb/broken'?" in said.err


def test_metrics_that_failed_before_are_told_in_the_closing_line_and_by_the_exit_code(
    here: Path, srbench: Srbench
) -> None:
    store = Store(Path("results/m"))
    record = next(one for one in store.records("cells") if one.label.endswith("nearest"))
    (key, psnr), *_ = record.metrics.items()
    record.metrics[key] = replace(psnr, status="failed", reason="ValueError: no luck", value=None)
    record.started = "2026-01-01T00:00:00+00:00"
    store.write("cells", record)
    said = srbench("run", "matrix.yaml", "--no-report", "--where", "method=nearest", "--where", "method=bicubic")
    assert said.code == 1
    told, closing = said.out.splitlines()
    assert told.startswith("ok            data/x2-rgb/nearest  psnr failed: ValueError: no luck")
    assert told.endswith("(before; --retry failed repeats it)")
    assert closing == "2 cells: 2 ok; failed metrics: psnr (1)"
    assert "--retry failed` repeats what ended badly" in srbench("plan", "matrix.yaml").out


def test_pages_are_made_unless_they_are_not_wanted_and_only_once(here: Path, srbench: Srbench) -> None:
    chosen = ("run", "matrix.yaml", "--where", "method=nearest", "--out", "pages")
    assert srbench(*chosen).out == "1 cell: 1 ok\nmaking the pages\npage: pages/index.html\n"
    before = Path("pages/index.html").stat().st_mtime_ns
    assert srbench(*chosen).code == 0
    assert Path("pages/index.html").stat().st_mtime_ns == before


def test_a_run_whose_pages_have_no_place_does_not_begin(here: Path, srbench: Srbench) -> None:
    Path("home").mkdir()
    Path("home/thesis.tex").write_text("mine")
    said = srbench("run", "matrix.yaml", "--store", "new", "--out", "home")
    assert said.code == 2
    assert "holds files that are no board" in said.err
    assert not Path("new").exists()
    assert [file.name for file in Path("home").iterdir()] == ["thesis.tex"]


def test_another_matrix_of_that_name_is_told_of(here: Path, srbench: Srbench) -> None:
    other = here / "other.yaml"
    other.write_text(Path("matrix.yaml").read_text())
    chosen = ("--no-report", "--where", "method=nearest")
    assert srbench("run", "matrix.yaml", *chosen).err == ""
    assert f"also that of {here / 'matrix.yaml'}, of the same name" in srbench("run", other, *chosen).err


def test_a_store_in_which_somebody_suffers_no_run_is_refused(here: Path, srbench: Srbench) -> None:
    with Lease(Path("results/m"), "srbench merge", alone=True):
        said = srbench("run", "matrix.yaml", "--no-report")
    assert said.code == 2
    assert f"the store results/m is in use (srbench merge, process {os.getpid()} on" in said.err


@pytest.mark.parametrize(
    ("pairs", "chosen"),
    [
        ((), {}),
        (("method=a", "method=b", "seed=0"), {"method": {"a", "b"}, "seed": {"0"}}),
        (("method=a=b",), {"method": {"a=b"}}),
    ],
)
def test_choices_of_one_coordinate_add_up(pairs: tuple[str, ...], chosen: dict[str, set[str]]) -> None:
    assert coordinates(pairs) == chosen


def test_a_choice_without_value_is_no_choice() -> None:
    with pytest.raises(click.BadParameter, match="'method' is not KEY=VALUE"):
        coordinates(("method",))


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_and_afterwards_means_what_it_meant_before(asked: signal.Signals) -> None:
    before = signal.signal(asked, signal.SIG_IGN)  # as a shell leaves SIGINT for what runs in the background
    try:
        with pytest.raises(KeyboardInterrupt), _stoppable():
            os.kill(os.getpid(), asked)
        assert signal.getsignal(asked) is signal.SIG_IGN
    finally:
        signal.signal(asked, before)


def test_jobs_that_end_with_their_run_cannot_be_left(here: Path, srbench: Srbench) -> None:
    said = srbench("run", "matrix.yaml", "--detach")
    assert said.code == 2
    assert "detach: jobs of this executor end with their run" in said.err


@pytest.mark.parametrize(("asked", "left"), [(signal.SIGTERM, False), (signal.SIGHUP, True)])
def test_where_a_line_is_cut_jobs_are_left_that_can_be(asked: signal.Signals, left: bool) -> None:
    with pytest.raises(Terminated) as interrupt, _stoppable():
        os.kill(os.getpid(), asked)
    assert interrupt.value.leaves == left


def test_that_ids_hold_names_of_folders_is_told_by_plan_and_run_before_anything_is_made(
    here: Path, srbench: Srbench
) -> None:
    words = (
        "warning: ids of pictures hold names of folders, and are published with records and pages: of data (Doe-a, say)"
    )
    Path("data/test/Doe").mkdir()
    Path("data/test/a.png").rename("data/test/Doe/a.png")
    rewrite(here, metrics=["psnr"], methods=["nearest"])
    assert srbench("plan", "matrix.yaml").out.count(words) == 1
    said = srbench("run", "matrix.yaml", "--no-report")
    assert said.code == 0 and said.err.count(words) == 1
    assert words not in srbench("run", "matrix.yaml", "--no-report").err, "there is nothing to be made"
