"""Votes on disk: what was written is read, once, whole, and nothing that nobody can have said."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from srbench.store.records import Store
from srbench.store.votes import (
    Answer,
    Picture,
    Session,
    about,
    code,
    keep_key,
    keep_session,
    key_of,
    numbered,
    sessions_in,
    unnumbered,
)

A, B = (Picture("set5", "x4-y", "baby", "sr", name, name * 64) for name in "ab")
HR, NEAREST = (Picture("set5", "x4-y", "baby", what) for what in ("hr", "nearest"))
ELSEWHERE = Picture("set5", "x4-y", "bird", "sr", "a", "a" * 64)
PICTURES = (A, B, HR, NEAREST, ELSEWHERE)


def session(*answers: Answer, **changes: object) -> Session:
    told = {"study": "0" * 64, "session": "one", "kind": "pairs", "seed": 3, "rater": "r", "pictures": PICTURES}
    return Session(**{**told, "answers": answers, **changes})  # type: ignore[arg-type]


VOTE, CATCH = Answer("vote", (0, 1), "left", 1.5), Answer("catch", (2, 3), "neither", 2.0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_what_is_kept_is_read_and_the_same_twice_is_one(store: Store) -> None:
    assert sessions_in(store) == []
    for _ in range(2):
        keep_session(store, session(VOTE, CATCH))
    assert sessions_in(store) == [session(VOTE, CATCH)]
    keep_session(store, session(VOTE, session="two"))
    assert len(sessions_in(store)) == 2


def test_a_session_that_went_on_takes_the_place_of_itself(store: Store) -> None:
    keep_session(store, session(VOTE))
    keep_session(store, session(VOTE, CATCH), instead_of=[session(VOTE)])
    assert len(list(store.root.rglob("*.json"))) == 1
    keep_session(store, session(VOTE))  # as a merge may bring it
    assert sessions_in(store) == [session(VOTE, CATCH)]


def test_raters_of_boards_are_told_apart_and_are_those_of_their_own_store(store: Store) -> None:
    mine = [session(VOTE, session=name, rater=rater) for name, rater in (("m1", "anna"), ("m2", "anna"), ("m3", ""))]
    theirs = [session(VOTE, session=name, rater="ben") for name in ("t1", "t2")]
    for board in (mine, theirs):
        for one in unnumbered(numbered(board)):
            keep_session(store, one)
    people = {one.session: one.person for one in sessions_in(store)}
    assert people["m1"] == people["m2"] and people["t1"] == people["t2"] and len({*people.values()}) == 3
    for one in mine:  # the store that the board was made of
        keep_session(store, one)
    people = {one.session: one.person for one in sessions_in(store)}
    assert (people["m1"], people["m2"], len({*people.values()})) == ("anna", "anna", 3) and len(people) == 5


def test_a_file_that_was_changed_is_no_vote(store: Store) -> None:
    keep_session(store, session(VOTE))
    (path,) = store.root.rglob("*.json")
    path.write_bytes(path.read_bytes().replace(b'"left"', b'"right"'))
    assert sessions_in(store) == []


def test_the_key_of_a_study_is_found_by_its_hash_and_leads_nowhere_else(store: Store) -> None:
    keep_key(store, "c" * 64, {"id": A})
    assert key_of(store, "c" * 64) == {"id": A}
    assert key_of(store, "d" * 64) is None
    assert key_of(store, "../sessions/x") is None


@pytest.mark.parametrize(
    ("pictures", "said", "seconds"),
    [
        ((0,), "left", 1),
        ((0, 1, 2), "left", 1),
        ((0, 1), 3, 1),
        ((0,), 0, 1),
        ((0,), 6, 1),
        ((0, 1), "left", -1),
        ((0, 1), "left", float("nan")),
        ((0, 1), "left", float("inf")),
    ],
)
def test_what_nobody_can_have_said_is_no_answer(pictures: tuple[int, ...], said: str | int, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"no answer|no time"):
        Answer("vote", pictures, said, seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (Answer("vote", (0, 9), "left", 1), "pairs", "not there"),
        (Answer("vote", (-1, 0), "left", 1), "pairs", "not there"),
        (Answer("vote", (0, 4), "left", 1), "pairs", "not to be compared"),
        (Answer("vote", (0, 0), "left", 1), "pairs", "not to be compared"),
        (Answer("vote", (2, 3), "left", 1), "pairs", "no page shows hr and nearest as a vote"),
        (Answer("vote", (0, 2), "left", 1), "pairs", "no page shows"),
        (Answer("catch", (0, 1), "left", 1), "pairs", "no page shows"),
        (Answer("vote", (0,), 3, 1), "pairs", "no answer in a study of pairs"),
        (Answer("vote", (0, 1), "left", 1), "opinions", "no answer in a study of opinions"),
    ],
)
def test_an_answer_to_what_no_page_shows_makes_no_session(answer: Answer, kind: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        session(answer, kind=kind)


def test_codes_of_raters_are_short_on_one_line_and_nowhere_in_what_is_published() -> None:
    assert code("  a\n b\x1b[31m ") == "a b\\x1b[31m"
    assert len(code("x" * 1000)) == 40
    told = numbered(
        [session(VOTE, rater="Anna"), session(VOTE, session="2", rater=""), session(VOTE, session="3", rater="Anna")]
    )
    assert [one.rater for one in told] == ["rater 1", "rater 2", "rater 1"]
    assert b"Anna" not in msgspec.json.encode(told)
    assert [one.rater for one in numbered(told)] == ["rater 1", "rater 2", "rater 1"]


def test_sessions_are_about_the_cells_whose_sr_they_show() -> None:
    assert about({"a" * 64}, [session(VOTE)]) == [session(VOTE)]
    assert about({"c" * 64}, [session(VOTE)]) == []
