"""Taking in what people said: once, whole, of this board's pictures, and nothing that was tampered with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from leaderboard.judging.people import Rater
from leaderboard.toyboard import Board, make_board, write

from srbench.commands.judge import make_page
from srbench.commands.votes import Taken, take_in
from srbench.errors import SrbenchError
from srbench.leaderboard.pages.document import read_records
from srbench.store.records import Store
from srbench.store.votes import Kind, Session, sessions_in

STRENGTHS = {"bicubic": -1.0, "lanczos": 0.0, "learner": 1.0}
Ids = dict[Any, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Board:
    return make_board(tmp_path_factory.mktemp("made"), ("blobs",), 1, 1, methods=tuple(STRENGTHS))


@pytest.fixture(scope="module")
def pages(made: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(made, tmp_path_factory.mktemp("pages") / "toy")


@pytest.fixture(scope="module")
def ids(made: Board, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Ids]:
    """The study of the board, and the id of each picture."""
    out = tmp_path_factory.mktemp("page") / "judge.html"
    how: Any = {"kind": "pairs", "trials": 10, "reference": False, "where": {}}
    study = make_page(made.plan.matrix.path, made.described, Store(made.store), out, **how).study
    return study.hash, {picture: name for name, picture in study.key.items()}


@pytest.fixture
def store(made: Board, tmp_path: Path) -> Store:
    shutil.copytree(made.store, tmp_path / "store")
    shutil.rmtree(tmp_path / "store" / "votes" / "sessions", ignore_errors=True)
    return Store(tmp_path / "store")


def saved(session: Session, study: str, ids: Ids, /, **changes: Any) -> dict[str, Any]:
    """What the page would save of a session."""
    shown = [place for place, one in enumerate(session.pictures) if one in ids]
    told: dict[str, Any] = msgspec.to_builtins(session)
    told["answers"] = [answer for answer in told["answers"] if set(answer["pictures"]) <= set(shown)]
    names = [ids.get(one, "") for one in session.pictures]
    return {**told, "format": "srbench judging 1", "study": study, "pictures": names, **changes}


@pytest.fixture
def file(made: Board, ids: tuple[str, Ids], tmp_path: Path) -> Any:
    """Writes what a simulated rater saves."""

    def write_file(number: int, kind: Kind = "pairs", /, **changes: Any) -> Path:
        path = tmp_path / f"{kind}-{number}-{len(list(tmp_path.iterdir()))}.json"
        path.write_text(json.dumps(saved(Rater(made.results, STRENGTHS, number).session(kind), *ids, **changes)))
        return path

    return write_file


def taken(made: Board, store: Store, *files: Path) -> Taken:
    return take_in(files, made.plan.matrix.path, made.described, store)


def test_the_same_file_twice_is_one_and_raters_are_told(made: Board, store: Store, file: Any) -> None:
    first, second = file(1), file(2, "opinions")
    assert [taken(made, store, *files).new for files in ([first, second, first], [first], [])] == [2, 0, 0]
    assert {session.rater for session in sessions_in(store)} == {"code 1", "code 2"}
    raters = taken(made, store).raters
    assert sorted((one.kind, one.person, one.reason) for one in raters) == [
        ("opinions", "code 2", ""),
        ("pairs", "code 1", ""),
    ]


def test_of_one_session_the_file_that_went_on_is_kept(made: Board, store: Store, file: Any) -> None:
    whole = file(1)
    answers = json.loads(whole.read_text())["answers"]
    part = file(1, answers=answers[:9])
    assert taken(made, store, part).new == 1
    assert taken(made, store, whole, part).new == 1
    assert taken(made, store, part).new == 0
    (session,) = sessions_in(store)
    assert len(session.answers) == len(answers)
    other = file(1, answers=[*answers[:-1], {**answers[-1], "seconds": 9.0}])
    with pytest.raises(SrbenchError, match=r"two files of the session 00000000 with .* answers that are not"):
        taken(made, store, other)


def test_another_boards_pictures_are_refused_in_words_and_nothing_is_kept(made: Board, store: Store, file: Any) -> None:
    names = json.loads(file(1).read_text())["pictures"]
    other = file(2, pictures=["0" * 24, *names[1:]])
    with pytest.raises(SrbenchError, match="is about other pictures than those of this board"):
        taken(made, store, file(1), other)
    assert sessions_in(store) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"answers": [{"purpose": "vote", "pictures": [0, 99], "said": "left", "seconds": 1}]}, "not there"),
        ({"answers": [{"purpose": "vote", "pictures": [0, 3], "said": "left", "seconds": 1}]}, "no page shows"),
        ({"answers": [{"purpose": "vote", "pictures": [0, 1], "said": "both", "seconds": 1}]}, "no file of answers"),
        ({"answers": [{"purpose": "vote", "pictures": [0, 1], "said": "left", "seconds": -1}]}, "no file of answers"),
        ({"format": "something else"}, "no file of answers"),
        ({"kind": "opinions"}, "was changed since"),
        ({"rater": 3}, "no file of answers"),
    ],
)
def test_what_no_page_saves_is_refused(made: Board, store: Store, file: Any, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(SrbenchError, match=why):
        taken(made, store, file(1, **changes))
    assert sessions_in(store) == []


def test_no_json_and_too_much_of_it_are_refused(made: Board, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    for data, why in (
        (b"\xff\x00", "no file of answers"),
        (b"[" * 100_000, "no file of"),
        (b" " * 20_000_001, "too large"),
    ):
        path.write_bytes(data)
        with pytest.raises(SrbenchError, match=why):
            taken(made, store, path)


def test_a_study_that_leads_out_of_the_store_is_looked_for_in_the_pictures(
    made: Board, store: Store, file: Any
) -> None:
    assert taken(made, store, file(1, study="../../records")).new == 1


def test_votes_for_a_published_board_are_on_its_pages_at_once_without_codes(
    made: Board, pages: Path, file: Any, tmp_path: Path
) -> None:
    board = tmp_path / "published"
    shutil.copytree(pages, board)
    records = board / "records.jsonl"
    found = take_in([file(number) for number in range(7)], records, None, None)
    assert found.new == 7 and found.published is not None and found.published.index == board / "index.html"
    text = (board / "index.html").read_text(encoding="utf-8")
    assert "Judged by people" in text and "7 raters chose between two pictures" in text and "code 1" not in text
    assert take_in([file(3)], records, None, None).published is None
    assert take_in([file(8)], records, None, None).new == 1
    assert len(read_records(records).votes) == 8
