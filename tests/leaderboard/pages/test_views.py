"""What the index shows of a scope: captions, links, ties and places, and one set of findings before any choice."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from srbench.leaderboard.figures.charts import charts
from srbench.leaderboard.findings.lead import Findings, findings
from srbench.leaderboard.pages.views import View, answers, shown_table, told, training_limits, view_id
from srbench.leaderboard.results.results import Results
from srbench.leaderboard.tables.head_to_head import head_to_head
from srbench.leaderboard.tables.ranked import build_table, caption
from srbench.leaderboard.words.numerals import slug

from ..toyboard import Board, Made, results_of

BASE = np.random.default_rng(1).normal(28, 3, 10)


def made(dataset: str, method: str, by: float, seed: int | None = None) -> Made:
    psnr = {f"im{place}": float(value) + by for place, value in enumerate(BASE)}
    scores = {"psnr": psnr, "mae": {image: value / 100 for image, value in psnr.items()}}
    return Made(dataset, method, scores, trained_on=None if seed is None else "t", seed=seed)


@pytest.fixture(scope="module")
def results() -> Results:
    return results_of([made(name, *rest) for name in "de" for rest in (("a", 0.0), ("b", 1.0))])


def saying(metric: str | None) -> Findings:
    return Findings(lead=(f"by {metric}", "more"), cost=(), caveats=())


def test_numbers_lead_to_the_cell_or_where_there_are_several_to_their_table() -> None:
    results = results_of([made("d", "a", 0.0), *(made("d", "net", seed, seed) for seed in range(2))])
    scope = results.scopes[0]
    one = shown_table(build_table(scope, results.metrics, "d"), "t", {"a": "m-a", "net": "m-net"})
    links = {entrant.name: href for entrant, href in one.links.items()}
    (cell,) = results.of_method("a")
    assert links == {"a": f"cells/{cell.slug}.html", "net": f"methods/m-net.html#s-{slug('x4-y-d')}"}
    pooled = shown_table(build_table(scope, results.metrics), "t", {"a": "m-a", "net": "m-net"})
    assert {entrant.name: href for entrant, href in pooled.links.items()}["net"] == "methods/m-net.html"


def test_places_are_the_order_in_each_metric(results: Results) -> None:
    table = build_table(results.scopes[0], results.metrics, "d")
    shown = shown_table(table, "t", {"a": "a", "b": "b"})
    # Higher PSNR is better, and here it comes with a higher error.
    assert {entrant.name: places for entrant, places in shown.places.items()} == {
        "a": {"psnr": 1, "mae": 0},
        "b": {"psnr": 0, "mae": 1},
    }
    assert shown.caption == caption(table) and set(shown.ties) == {"psnr", "mae"}


def test_there_is_an_answer_a_choice_and_one_before_any(results: Results) -> None:
    scope = results.scopes[0]
    tables = [build_table(scope, results.metrics), *(build_table(scope, results.metrics, name) for name in "de")]
    said = [one for place, table in enumerate(tables) for one in answers(table, results.metrics, saying, place > 0)]
    assert [(one.dataset, one.metric, one.first, one.alone) for one in said] == [
        (dataset, metric, metric == "psnr", dataset != "") for dataset in ("", "d", "e") for metric in ("psnr", "mae")
    ]
    view = View.of(scope, [shown_table(table, "t", {"a": "a", "b": "b"}) for table in tables], said)
    assert view.findings.lead[0] == "by psnr"
    assert (view.id, view.name) == (view_id(scope), "x4-y")
    assert view.describe.endswith(".")
    assert told([view]) == ["by psnr", "more"]
    assert told([view, view]) == ["x4-y: by psnr", "more"] * 2  # of several, each says what it is about


def test_where_nothing_is_ranked_there_is_an_answer_all_the_same() -> None:
    results = results_of([Made("d", "a", {}, lacking={"psnr": "no weights"})])
    table = build_table(results.scopes[0], results.metrics, "d")
    assert [(one.metric, one.first) for one in answers(table, results.metrics, saying)] == [("", True), ("psnr", False)]


def test_the_metric_that_ranks_is_the_one_asked_for_and_no_other() -> None:
    cells = [made("d", "a", 0.0), made("d", "b", 1.0)]
    for asked in ("psnr", "mae"):
        results = results_of(cells, rank_by=asked)
        table = build_table(results.scopes[0], results.metrics)
        # Higher PSNR is better, and here it comes with a higher error.
        assert [row.entrant.name for row in table.ranked] == (["b", "a"] if asked == "psnr" else ["a", "b"])
        assert [column.metric for column in table.columns] == ["psnr", "mae"]
        said = answers(table, results.metrics, saying)
        assert [(one.metric, one.first) for one in said] == [("psnr", asked == "psnr"), ("mae", asked == "mae")]
        duels = head_to_head(table, [])
        assert duels is not None and duels.metric == asked.upper()
        assert duels.entrants == (table.rows[0].entrant, table.rows[1].entrant)


def test_where_the_metric_that_ranks_was_not_scored_no_other_takes_its_place() -> None:
    results = results_of([made("d", "a", 0.0), made("d", "b", 1.0)], rank_by="ssim")
    table = build_table(results.scopes[0], [*results.metrics, "ssim"])
    assert table.ranked == [] and table.ranking is None and table.gaps == {}
    assert charts(table, "x") == []
    (said,) = [one for one in answers(table, [*results.metrics, "ssim"], partial(findings, table, [])) if one.first]
    assert said.findings.lead == ("Nothing is ranked by ssim.",)


def test_few_trainings_are_a_limit_and_where_nothing_learns_there_is_none(board: Board, results: Results) -> None:
    (budget,) = training_limits(board.results)
    assert budget.startswith("Every training had 300 steps.")
    assert list(training_limits(results)) == []
