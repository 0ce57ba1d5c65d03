"""Tables of a method's cells: one a dataset and protocol, with what another seed changes."""

from __future__ import annotations

import statistics

import pytest

from srbench.leaderboard.methods.cells import cell_tables, group_id
from srbench.leaderboard.results.results import Results

from ..toyboard import BAD, COUNTS, Board, score


@pytest.fixture(scope="module")
def results(board: Board) -> Results:
    return board.results


def test_there_is_a_table_a_dataset_and_protocol_with_the_spread_of_its_seeds(results: Results) -> None:
    groups = cell_tables("learner", results)
    assert [group["id"] for group in groups] == [
        group_id(protocol, dataset) for dataset in ("blobs", "waves") for protocol in ("x4-y", "x2-rgb")
    ]
    group = groups[0]
    assert [line["name"] for line in group["lines"]] == [f"learner, seed {seed}" for seed in range(3)]
    means = [
        statistics.fmean(score("ssim", "blobs", "learner", number, seed) for number in range(COUNTS["blobs"]))
        for seed in range(3)
    ]
    assert "Spread over 3 seeds (standard deviation): " in group["spread"]
    assert f"SSIM ±{statistics.stdev(means):.2g}" in group["spread"]


def test_calibration_curves_of_all_seeds_are_in_one_figure(results: Results) -> None:
    groups = {group["id"]: group["coverage"] for group in cell_tables("learner", results)}
    names = [name for name, _ in groups[group_id("x4-y", "blobs")]["words"]]
    assert len(names) > 1 and all(name.startswith("learner") and "seed" in name for name in names)


def test_a_cell_that_went_wrong_has_its_trouble_and_no_costs(results: Results) -> None:
    (group,) = (one for one in cell_tables("slow", results) if one["id"] == group_id("x4-y", "blobs"))
    (line,) = group["lines"]
    assert BAD["slow"][1] in line["trouble"] and "cells" not in line
    assert group["costs"]["lines"] == []
