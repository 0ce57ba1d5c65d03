"""Who is counted: raters who look, and not those who answer at random or in no time."""

from __future__ import annotations

import msgspec
import pytest

from srbench.leaderboard.judging.raters import Rater, chosen, raters_in
from srbench.store.votes import Answer, Kind

from ..toyboard import Board
from .people import Rater as Simulated

STRENGTHS = {"bicubic": -1.0, "lanczos": 0.0, "learner": 1.2}
KINDS: tuple[Kind, ...] = ("pairs", "opinions")


def rater(board: Board, number: int, kind: Kind, **how: object) -> Rater:
    (found,) = raters_in([Simulated(board.results, STRENGTHS, number).session(kind, **how)])  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_who_looks_counts_and_who_answers_at_random_is_flagged(board: Board, kind: Kind) -> None:
    results = board.results
    looking = raters_in(Simulated(results, STRENGTHS, number).session(kind) for number in range(60))
    random = raters_in(Simulated(results, STRENGTHS, number).session(kind, random=True) for number in range(60))
    assert [one.reason for one in looking if one.reason] == []
    flagged = [one for one in random if one.reason.startswith("answers as chance would: ")]
    assert len(flagged) >= 54, "one in twenty may pass"
    assert " of 8 catch trials right, " in flagged[0].reason and "% by chance)" in flagged[0].reason


@pytest.mark.parametrize("kind", KINDS)
def test_who_takes_no_time_is_left_out_however_right_the_answers(board: Board, kind: Kind) -> None:
    assert rater(board, 1, kind, seconds=0.3).reason == "too fast: half of the answers in less than 0.30 s"
    assert rater(board, 1, kind, seconds=0.6).reason == ""


def test_who_stops_before_anything_can_be_checked_is_left_out(board: Board) -> None:
    session = Simulated(board.results, STRENGTHS, 1).session("pairs")
    (found,) = raters_in([msgspec.structs.replace(session, answers=session.answers[:20])])
    assert (
        found.reason == "too few answers to check: 0 of 0 catch trials right, 0 of 0 repeated trials answered as before"
    )
    (found,) = raters_in([msgspec.structs.replace(session, answers=())])
    assert found.reason == "no answers"


def test_without_catch_trials_repeats_decide(board: Board) -> None:
    apart = {"bicubic": -5.0, "lanczos": 0.0, "learner": 5.0}

    def checked(number: int, random: bool) -> str:
        session = Simulated(board.results, apart, number).session("pairs", random=random)
        answers = tuple(answer for answer in session.answers if answer.purpose != "catch")
        return raters_in([msgspec.structs.replace(session, answers=answers)])[0].reason

    assert {checked(number, False) for number in range(10)} == {""}
    assert sum(bool(checked(number, True)) for number in range(40)) >= 36


def test_a_repeat_is_the_same_when_the_same_picture_is_chosen_on_the_other_side(board: Board) -> None:
    session = Simulated(board.results, STRENGTHS, 1).session("pairs", votes=1)
    pair = session.answers[0].pictures
    told = [
        Answer("vote", pair, "left", 1),
        Answer("repeat", pair[::-1], "right", 1),
        Answer("repeat", pair, "right", 1),
    ]
    (found,) = raters_in([msgspec.structs.replace(session, answers=tuple(told))])
    assert (found.repeats.right, found.repeats.of) == (1, 2)
    assert chosen(session, told[0]) == chosen(session, told[1]) == session.pictures[pair[0]]
    assert chosen(session, Answer("vote", pair, "neither", 1)) is None


def test_sessions_with_one_code_are_one_rater_and_kinds_are_apart(board: Board) -> None:
    first, second = (Simulated(board.results, STRENGTHS, number).session("pairs") for number in (1, 2))
    second = msgspec.structs.replace(second, rater=first.rater)
    other = Simulated(board.results, STRENGTHS, 1).session("opinions")
    found = raters_in([first, other, second])
    assert [(one.kind, len(one.sessions)) for one in found] == [("pairs", 2), ("opinions", 1)]
    assert found[0].catches.of == 16 and found[0].answers == len(first.answers) + len(second.answers)
    nameless = [msgspec.structs.replace(one, rater="") for one in (first, second)]
    assert len(raters_in(nameless)) == 2
