"""Metrics against people: where the order is the same, reversed, or tells nothing."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from scipy.stats import spearmanr

from srbench.leaderboard.judging.agreement import FEW_PICTURES, Order, agreements
from srbench.leaderboard.judging.judged import judged
from srbench.leaderboard.results.results import Results
from srbench.store.votes import Kind, Session

from ..toyboard import OFFSETS, Board
from .people import Rater

NAMES = ("bicubic", "$x^2$", "learner")
AGREEING = {name: 2 * OFFSETS[name] for name in NAMES}


def said(results: Results, strengths: dict[str, float], kind: Kind, count: int = 8) -> list[Session]:
    return [Rater(results, strengths, number).session(kind) for number in range(count)]


def by_metric(results: Results, sessions: list[Session]) -> dict:
    (one,) = judged(results, sessions)
    return {agreement.metric: agreement for agreement in agreements(one, results)}


def test_people_who_prefer_what_psnr_does_agree_with_it_and_others_are_its_reverse(board: Board) -> None:
    results = board.results
    for sign in (1, -1):
        strengths = {name: sign * value for name, value in AGREEING.items()}
        found = by_metric(results, said(results, strengths, "pairs"))
        assert (found["psnr"].choices.spearman, found["psnr"].choices.kendall) == pytest.approx((sign, sign))
        assert found["psnr"].choices.methods == 3
        share = found["psnr"].share.estimate
        assert share > 0.75 if sign > 0 else share < 0.25
        assert found["psnr"].share.units == 8


def test_a_metric_of_which_less_is_better_is_turned_round(board: Board) -> None:
    found = by_metric(board.results, said(board.results, AGREEING, "pairs"))
    # The toy's FID falls with the offsets that PSNR rises with.
    assert found["fid"].choices.kendall == pytest.approx(1)
    assert found["fid"].share is None, "it has no scores of single images"


def test_a_metric_that_no_method_has_is_not_compared(board: Board) -> None:
    assert "lpips" not in by_metric(board.results, said(board.results, AGREEING, "pairs"))


def test_single_pictures_need_marks_of_three_raters_and_there_have_to_be_enough(board: Board) -> None:
    results = board.results
    few = by_metric(results, said(results, AGREEING, "opinions"))["psnr"]
    assert few.number == 12 < FEW_PICTURES and few.pictures is None
    wide = [*said(results, AGREEING, "opinions")]
    wide += [elsewhere(Rater(results, AGREEING, number, "waves").session("opinions")) for number in range(8)]
    many = by_metric(results, wide)["psnr"]
    assert many.number == 24
    marks: dict = {}
    for session in wide:
        for answer in session.answers:
            (one,) = session.shown(answer)
            if one.what == "sr" and answer.purpose == "vote":
                marks.setdefault((one.dataset, one.image, one.name), {}).setdefault(session.rater, []).append(
                    answer.said
                )
    scores = {
        (result.cell.dataset, image, result.entrant.name): []
        for result in results.all
        if result.ok
        for image in result.scores["psnr"]
    }
    for result in results.all:
        if result.ok and result.cell.protocol == results.all[0].cell.protocol:
            for image, value in result.scores["psnr"].items():
                scores[result.cell.dataset, image, result.entrant.name].append(value)
    means = [np.mean([np.mean(own) for own in by_rater.values()]) for by_rater in marks.values()]
    expected = spearmanr([np.mean(scores[place]) for place in marks], means)[0]
    assert many.pictures == pytest.approx(expected)


def elsewhere(session: Session) -> Session:
    return msgspec.structs.replace(session, session=f"w{session.session[1:]}")


def test_what_gives_all_methods_one_value_orders_none(board: Board) -> None:
    results = board.results
    flat = replace(
        results,
        all=tuple(
            replace(one, scores={**one.scores, "ssim": dict.fromkeys(one.scores["ssim"], 0.5)}) if one.ok else one
            for one in results.all
        ),
    )
    order = by_metric(flat, said(results, AGREEING, "pairs"))["ssim"].choices
    assert (order.spearman, order.kendall) == (None, None)


def test_of_four_methods_even_the_same_order_may_be_chance() -> None:
    assert [Order(1, 1, methods).can_tell for methods in (2, 4, 5)] == [False, False, True]
