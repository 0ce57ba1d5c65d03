"""Every score of every image: hardest first, the best of each bold, and no more than a browser can show."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from srbench.leaderboard.datasets import images as module
from srbench.leaderboard.datasets.images import ImageTable, image_tables, scores_of
from srbench.leaderboard.results.results import Entrant, Results

from ..toyboard import Made, results_of


def entrant(name: str) -> Entrant:
    return Entrant(name, None, 0, name)


def tables(results: Results, primary: str | None = "psnr", **given: Any) -> list[ImageTable]:
    known: dict[str, Any] = {"hrefs": {}, "seen": {}, **given}
    return image_tables(results.all, results.metrics, primary, known["hrefs"], known["seen"])


def shown(table: ImageTable) -> dict[str, list[str]]:
    return {row.image: [score.text for score in row.scores] for row in table.rows}


def test_scores_are_means_over_seeds() -> None:
    cells = [Made("d", "net", {"psnr": {"a": 30.0 + seed, "b": 20.0}}, trained_on="t", seed=seed) for seed in range(3)]
    (found,) = scores_of(results_of(cells).all, "psnr").values()
    assert found == {"a": statistics.fmean([30.0, 31.0, 32.0]), "b": 20.0}


def test_images_stand_in_the_order_of_the_median_over_methods_hardest_first() -> None:
    results = results_of(
        [
            Made("d", "one", {"psnr": {"a": 30.0, "b": 20.0, "c": 25.0}}),
            Made("d", "two", {"psnr": {"a": 31.0, "b": 21.0, "c": 26.0}}),
            Made("d", "failing", {"psnr": {"a": 1.0, "b": 99.0, "c": 99.0}}),
        ]
    )
    (table,) = tables(results)
    assert [row.image for row in table.rows] == ["b", "c", "a"]
    assert shown(table)["b"] == ["20.00", "21.00", "99.00"]


def test_where_lower_is_better_the_highest_is_the_hardest() -> None:
    (table,) = tables(results_of([Made("d", "one", {"mae": {"a": 0.1, "b": 0.3}})]), "mae")
    assert [row.image for row in table.rows] == ["b", "a"]


def test_the_best_of_an_image_is_marked_with_all_that_share_it_and_a_lone_method_never_is() -> None:
    cells = [Made("d", name, {"mae": {"a": value}}) for name, value in (("x", 0.1), ("y", 0.1), ("z", 0.2))]
    (table,) = tables(results_of(cells), "mae")
    assert [score.best for score in table.rows[0].scores] == [True, True, False]
    (table,) = tables(results_of(cells[:1]), "mae")
    assert not table.rows[0].scores[0].best


def test_the_metric_that_ranks_comes_first_and_orders_all_tables() -> None:
    scores = {"ssim": {"a": 0.1, "b": 0.9}, "psnr": {"a": 40.0, "b": 20.0}, "fid": {}}
    first, second = tables(results_of([Made("d", "net", scores)]))
    assert (first.metric, first.head.label, second.metric) == ("psnr", "PSNR, dB", "ssim")
    assert [row.image for row in first.rows] == [row.image for row in second.rows] == ["b", "a"]


def test_group_class_and_subgroups_have_columns_where_they_are_known() -> None:
    scores = {"psnr": {"a": 1.0, "b": 2.0}}
    more = {"groups": {"a": "P1"}, "labels": {"b": "mole"}, "attributes": {"site": {"a": "Graz", "b": "Lyon"}}}
    (table,) = tables(results_of([Made("d", "net", scores, **more)]))
    assert table.heads == ("group", "class", "site")
    assert [row.facts for row in table.rows] == [("P1", "", "Graz"), ("", "mole", "Lyon")]
    (bare,) = tables(results_of([Made("d", "net", scores)]))
    assert bare.heads == ()


def test_images_lead_to_the_viewer_and_say_what_they_look_like() -> None:
    scores = {"psnr": {"a": 1.0, "b": 2.0}}
    (table,) = tables(results_of([Made("d", "net", scores)]), hrefs={"a": "index.html#a"}, seen={"b": "like t3 of t"})
    assert [(row.href, row.seen) for row in table.rows] == [("index.html#a", ""), ("", "like t3 of t")]


def test_methods_that_failed_have_no_column_and_missing_scores_are_words() -> None:
    cells = [
        Made("d", "net", {"psnr": {"a": 1.0}}),
        Made("d", "broken", {}, reason="it broke"),
        Made("d", "half", {"psnr": {"a": 9.0, "b": 30.0}}),
    ]
    (table,) = tables(results_of(cells))
    assert [one.name for one in table.entrants] == ["net", "half"]
    assert shown(table) == {"a": ["1.00", "9.00"], "b": ["not scored", "30.00"]}


@pytest.mark.parametrize(("methods", "expected"), [(1, 30), (4, 25), (1000, 20)])
def test_only_the_hardest_are_shown_where_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch, methods: int, expected: int
) -> None:
    monkeypatch.setattr(module, "MOST_IMAGES", 30)
    monkeypatch.setattr(module, "MOST_SCORES", 100)
    many = {f"im{at:03}": float(at) for at in range(40)}
    (table,) = tables(results_of([Made("d", f"m{at}", {"psnr": many}) for at in range(methods)]))
    assert [row.image for row in table.rows] == sorted(many)[:expected] and table.total == 40


def test_without_scores_of_images_there_is_no_table() -> None:
    assert tables(results_of([Made("d", "net", {}, reason="failed")])) == []
