"""What comes of answers: the order of simulated raters, from those who count, about SR that is shown."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from srbench.leaderboard.judging.judged import judged
from srbench.store.votes import Kind, Session

from ..toyboard import Board
from .people import Rater

STRENGTHS = {"bicubic": -1.2, "lanczos": 0.0, "learner": 1.2}


def sessions(board: Board, kind: Kind, count: int = 10, **how: object) -> list[Session]:
    results = board.results
    return [Rater(results, STRENGTHS, number).session(kind, **how) for number in range(count)]  # type: ignore[arg-type]


def test_nothing_is_told_where_nothing_was_said(board: Board) -> None:
    assert judged(board.results, []) == []


def test_choices_recover_the_strengths_whatever_random_raters_add(board: Board) -> None:
    random = [Rater(board.results, STRENGTHS, number).session("pairs", random=True) for number in range(10, 16)]
    (one,) = judged(board.results, [*sessions(board, "pairs"), *random])
    assert one.choices is not None and one.opinions is None
    assert [entrant.name for entrant in one.choices.entrants] == list(STRENGTHS)
    assert len(one.raters) == 16 and 5 <= len(one.left_out) <= 6
    assert one.choices.preferences.order == (2, 1, 0)
    estimates = [strength.estimate for strength in one.choices.preferences.strengths]
    assert estimates == pytest.approx([-1.2, 0, 1.2], abs=0.35)
    assert 0 < one.choices.ties < 0.1 * one.choices.preferences.answers
    assert one.choices.preferences.answers == 40 * one.choices.preferences.raters, (
        "repeats and catch trials are no votes"
    )
    assert one.choices.yardstick.name == "bicubic"


def test_mean_opinions_are_means_of_raters_means(board: Board) -> None:
    (one,) = judged(board.results, sessions(board, "opinions"))
    assert one.choices is None and one.opinions is not None
    own = {name: [] for name in STRENGTHS}
    for session in sessions(board, "opinions"):
        for name, found in own.items():
            marks = [
                answer.said
                for answer in session.answers
                if answer.purpose == "vote" and session.shown(answer)[0].name == name
            ]
            found.append(np.mean(marks))
    values = one.opinions.comparison.values
    assert [value.estimate for value in values] == pytest.approx([np.mean(own[name]) for name in STRENGTHS])
    assert [str(rank) for rank in one.opinions.comparison.ranks] == ["3", "2", "1"]
    assert one.opinions.hr.estimate == 5 and one.opinions.nearest.estimate == 1
    assert one.opinions.comparison.units == 10


def test_who_did_not_mark_every_method_is_in_no_mean(board: Board) -> None:
    whole = sessions(board, "opinions")
    part = tuple(a for a in whole[0].answers if whole[0].shown(a)[0].name != "lanczos")
    (one,) = judged(board.results, [msgspec.structs.replace(whole[0], answers=part), *whole[1:]])
    assert (one.opinions.incomplete, one.opinions.comparison.units) == (1, 9)


def test_answers_about_sr_that_is_not_shown_any_more_are_left_out(board: Board) -> None:
    whole = sessions(board, "pairs")
    other = [msgspec.structs.replace(one, cell="f" * 64) if one.name == "learner" else one for one in whole[0].pictures]
    (one,) = judged(board.results, [msgspec.structs.replace(whole[0], pictures=tuple(other)), *whole[1:]])
    assert one.stale == sum(
        answer.purpose == "vote" and any(picture.name == "learner" for picture in whole[0].shown(answer))
        for answer in whole[0].answers
    )
    assert one.choices.preferences.raters == 10


def test_methods_that_were_never_held_against_each_other_are_told(board: Board) -> None:
    four = {**STRENGTHS, "$x^2$": 0.3}
    made = [Rater(board.results, four, number).session("pairs") for number in range(8)]

    def only(session: Session) -> Session:
        pairs = ({"bicubic", "lanczos"}, {"learner", "$x^2$"})
        kept = [a for a in session.answers if a.purpose == "catch" or {p.name for p in session.shown(a)} in pairs]
        return msgspec.structs.replace(session, answers=tuple(kept))

    (one,) = judged(board.results, [only(session) for session in made])
    assert one.choices is None and "not all held against each other" in one.trouble


def test_where_nobody_counts_nothing_is_told_but_who_answered(board: Board) -> None:
    (one,) = judged(board.results, sessions(board, "pairs", 3, seconds=0.1))
    assert one.choices is None and one.opinions is None and len(one.left_out) == 3
