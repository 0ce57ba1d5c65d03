"""What cells left behind: scores as the store has them, statuses in words, scopes, names that are safe as files."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.results.results import Damaged, finite_mean, shortened, unique_slugs

from ..toyboard import BAD, COUNTS, HOSTILE, HOSTILE_REASON, Board, Made, results_of, score

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(FINITE, min_size=1))
def test_a_mean_of_finite_values_is_finite_and_exact(values: list[float]) -> None:
    mean = finite_mean(values)
    assert math.isfinite(mean)
    if sum(map(abs, values)) < 1e300:
        assert mean == pytest.approx(statistics.fmean(values), rel=1e-12, abs=1e-300)


def test_an_infinite_value_makes_a_mean_infinite_and_the_largest_values_do_not() -> None:
    assert finite_mean([1.0, math.inf, 2.0]) == math.inf
    assert finite_mean([1.0, -math.inf]) == -math.inf
    assert finite_mean([1.7e308, 1.7e308]) == pytest.approx(1.7e308)


@given(st.lists(st.text(min_size=1), max_size=12))
def test_slugs_are_unique_on_any_file_system_and_safe(names: list[str]) -> None:
    slugs = unique_slugs(names)
    assert len({slug.lower() for slug in slugs}) == len(names)
    assert all(slug.replace("-", "").replace("_", "").isalnum() and slug.isascii() for slug in slugs)


@given(st.lists(st.text(st.characters(codec="ascii"), max_size=8), max_size=8), st.integers(5, 60))
def test_a_long_text_is_cut_at_a_word(words: list[str], limit: int) -> None:
    text = " ".join(words)
    short = shortened(text, limit)
    if len(text) <= limit:
        assert short == text
    else:
        assert short.endswith(" …") and len(short) <= limit + 2 and text.startswith(short[:-2])


def test_scores_are_those_of_the_store_and_infinite_ones_are_kept(board: Board) -> None:
    results = board.results
    for result in results.of_method("learner"):
        if result.slug.startswith("blobs-x4-y-learner-t91-1"):
            assert result.scores["ssim"] == {
                f"im{number}": score("ssim", "blobs", "learner", number, 1) for number in range(COUNTS["blobs"])
            }
            assert list(result.scores["fid"]) == [None]  # a set's one value
            break
    else:
        pytest.fail("no cell of seed 1")
    infinite = [result for result in results.of_method("$x^2$") if math.inf in result.scores["psnr"].values()]
    assert len(infinite) == 2  # on blobs, under each protocol


def test_what_went_wrong_is_a_status_a_reason_and_a_few_words(board: Board) -> None:
    results = board.results
    slow, never = results.of_method("slow")[0], results.of_method("never")[0]
    assert (slow.ok, slow.status, slow.reason) == (False, "out of time", BAD["slow"][1])
    assert (never.status, never.trouble) == ("skipped", f"skipped: {BAD['never'][1]}")
    failed = [result for result in results.of_method(HOSTILE) if not result.ok]
    assert {result.reason for result in failed} == {HOSTILE_REASON}
    fine = results.of_method("bicubic")[0]
    assert (fine.ok, fine.status, fine.reason) == (True, "ok", "")


def test_a_file_that_turns_out_damaged_costs_its_cell_alone(board: Board) -> None:
    results = board.results
    bad = results.of_method("bicubic")[0]
    fewer = results.without(Damaged(bad, "torn"))
    (broken,) = [one for one in fewer.all if one.slug == bad.slug]
    assert (broken.ok, broken.status, broken.reason, broken.scores) == (False, "damaged", "torn", {})
    assert [one for one in fewer.all if one.slug != bad.slug] == [one for one in results.all if one.slug != bad.slug]


def test_training_sets_are_scopes_of_their_own_with_whatever_needs_none_in_each() -> None:
    scores = {"psnr": {"im0": 1.0}}
    cells = [Made("d", "bicubic", scores), *(Made("d", "net", scores, trained_on=name, seed=0) for name in ("t", "u"))]
    results = results_of([*cells, Made("d", "bicubic", scores, protocol="x2-y")])
    found = {
        (scope.protocol, scope.trained_on): [entrant.name for entrant in scope.entrants()] for scope in results.scopes
    }
    assert found == {
        ("x4-y", "t"): ["bicubic", "net (t)"],
        ("x4-y", "u"): ["bicubic", "net (u)"],
        ("x2-y", None): ["bicubic"],
    }
    assert [scope.slug for scope in results.scopes] == ["x4-y-t", "x4-y-u", "x2-y"]


def test_metrics_come_in_the_order_of_the_matrix_then_those_that_only_records_know(board: Board) -> None:
    assert board.results.metrics == ["psnr", "ssim", "lpips", "fid"]
