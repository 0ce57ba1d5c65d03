"""What is bold: first ranks where a metric ranks, and the best value alone where nothing is tested."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.leaderboard.tables.emphasis import best
from srbench.leaderboard.tables.ranked import Table, build_table

from ..toyboard import Board, Made, results_of


def of(offsets: dict[str, float], metric: str = "psnr", noise: float = 0.01) -> Table:
    """A table of methods that are apart by known amounts, over twelve images that differ by far more."""
    rng = np.random.default_rng(3)
    images = rng.normal(28, 3, 12)
    made = [
        Made(
            "a",
            name,
            {metric: {f"i{n}": float(x + offset) for n, x in enumerate(images + noise * rng.normal(size=12))}},
        )
        for name, offset in offsets.items()
    ]
    results = results_of(made)
    return build_table(results.scopes[0], results.metrics)


def named(table: Table, metric: str) -> set[str]:
    return {entrant.name for entrant in best(table)[metric]}


def test_the_leader_alone_is_best_where_it_is_told_apart() -> None:
    assert named(of({"a": 0.0, "b": 1.0, "c": -1.0}), "psnr") == {"b"}


def test_what_cannot_be_told_apart_from_the_best_is_best_too() -> None:
    assert named(of({"a": 0.0, "b": 0.0, "c": -1.0}), "psnr") == {"a", "b"}


def test_the_lowest_is_best_where_lower_is_better() -> None:
    assert named(of({"a": 0.0, "b": 1.0, "c": -1.0}, "mae"), "mae") == {"c"}


def test_one_method_alone_is_not_best() -> None:
    assert named(of({"a": 0.0}), "psnr") == set()


def test_the_best_value_of_a_set_metric_stands_alone(board: Board) -> None:
    results = board.results
    table = build_table(results.scopes[0], results.metrics, "blobs")
    assert "fid" not in table.standings
    place = [column.metric for column in table.columns].index("fid")
    values = {row.entrant.name: row.values[place].number for row in table.rows if not row.problems}
    lowest = min(value for value in values.values() if value is not None)
    assert named(table, "fid") == {name for name, value in values.items() if value == lowest}
    assert len(named(table, "fid")) == 1


def test_nobody_is_best_in_what_nobody_was_scored_by(board: Board) -> None:
    results = board.results
    assert named(build_table(results.scopes[0], results.metrics, "blobs"), "lpips") == set()


@pytest.mark.parametrize("dataset", ["blobs", "waves", None])
def test_who_is_best_has_the_first_rank(board: Board, dataset: str | None) -> None:
    results = board.results
    table = build_table(results.scopes[0], results.metrics, dataset)
    for metric, standings in table.standings.items():
        assert best(table)[metric] == {one for one in standings.entrants if standings.rank(one).low == 1}
