"""`srbench merge`: what is told, the exit code, and that what was merged is used."""

from __future__ import annotations

import shutil
from pathlib import Path

from made_records import made_cell
from rig.verbs import Srbench

from srbench.store.lease import Lease
from srbench.store.records import Store


def test_a_merged_store_serves_the_matrix_without_a_run(here: Path, srbench: Srbench) -> None:
    said = srbench("merge", "results/m", "--into", "elsewhere")
    assert said[:2] == (0, "results/m: 3 taken\n")
    planned = srbench("plan", "matrix.yaml", "--store", "elsewhere")
    assert planned.out.count("done") == srbench("plan", "matrix.yaml").out.count("done") > 0
    assert srbench("merge", "results/m", "--into", "elsewhere").out == "results/m: 3 there already\n"
    assert srbench("report", "matrix.yaml", "--store", "elsewhere", "--out", "pages").code == 0


def test_a_conflict_is_told_with_both_values_and_where_both_are(here: Path, srbench: Srbench) -> None:
    made_cell(Store(here / "one"), "x", metrics={"psnr": 30.0})
    record = made_cell(Store(here / "two"), "x", metrics={"psnr": 31.5})
    said = srbench("merge", "one", "two", "--into", "both")
    assert said.code == 1
    assert said.out == "one: 1 taken\ntwo: 1 in conflict\n"
    place = f"cells/{record.key[:2]}/{record.key}"
    assert (
        f"conflict: x: psnr is 30 (n = 2) here, 31.5 (n = 2) there (here: both/{place}; "
        f"there: both/conflicts/1/{place})\n"
    ) in said.err
    assert "31.5" in srbench("show", "x", "--store", "both/conflicts/1").out
    assert f"both/conflicts/1/{place}" in srbench("show", "x", "--store", "both").out
    # What the message says to do for the other one.
    (here / f"both/{place}").rename(here / "away")
    assert srbench("merge", "both/conflicts/1", "--into", "both")[:2] == (0, "both/conflicts/1: 1 taken\n")
    assert "31.5" in srbench("show", "x", "--store", "both").out


def test_damage_is_told_and_what_is_no_store_is_bad_usage(here: Path, srbench: Srbench) -> None:
    record = made_cell(Store(here / "one"), "x")
    (Store(here / "one").folder("cells", record.key) / "scores.parquet").unlink()
    said = srbench("merge", "one", "--into", "both")
    assert said[:2] == (1, "one: 1 damaged\n")
    assert "not taken: x: damaged: scores.parquet is not there; run the matrix again" in said.err
    said = srbench("merge", "data", "--into", "both")
    assert said.code == 2 and "data is no store" in said.err


def test_a_store_that_a_run_holds_is_not_merged_into_but_may_be_a_source(here: Path, srbench: Srbench) -> None:
    shutil.copytree("results/m", "copy")
    with Lease(Path("results/m"), "a run of m"):
        said = srbench("merge", "copy", "--into", "results/m")
        assert said.code == 2 and "the store results/m is in use (a run of m, process " in said.err
        assert srbench("merge", "results/m", "--into", "copy").code == 0
