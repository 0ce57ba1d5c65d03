"""A board that was published, as a store to merge: its records and scores, and nothing that it does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.commands.merge import opened
from srbench.leaderboard.pages.document import read_records, with_votes
from srbench.leaderboard.site.folder import PublishError
from srbench.store.frames import read_scores
from srbench.store.merge import merge
from srbench.store.records import Store
from srbench.store.verify import faults
from srbench.store.votes import Answer, Picture, Session, about, sessions_in

BOARDS = Path(__file__).parents[2] / "leaderboards"


@pytest.mark.parametrize("name", ["quickstart", "diffusion", "textures-from-noise"])
def test_a_board_gives_its_records_with_every_score(tmp_path: Path, name: str) -> None:
    target = Store(tmp_path / "target")
    with opened(BOARDS / name) as board:
        merged = merge(board, target)
        root = board.root
    assert not root.exists() and not merged.faults and not merged.conflicts
    results = read_records(BOARDS / name / "records.jsonl").results.all
    assert merged.taken == len({result.cell.key for result in results if result.record}) > 2
    for result in results:
        assert result.record is not None
        stored = target.read("cells", result.cell.key)
        assert stored is not None
        found = stored.as_asked(result.cell.metrics)
        assert found.metrics == result.record.metrics
        if result.scores:
            assert read_scores(target, found) == result.scores
    assert list(faults(target)) == []


def test_a_file_of_records_is_a_board_too_and_a_broken_one_is_told(tmp_path: Path) -> None:
    with opened(BOARDS / "quickstart/records.jsonl") as board:
        assert len(list(board.records("cells"))) > 2
    (tmp_path / "records.jsonl").write_text("{}")
    with pytest.raises(PublishError, match="holds no board"), opened(tmp_path):
        raise AssertionError


def test_a_store_is_opened_as_it_is(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.root == tmp_path


def test_a_board_gives_what_people_said_of_its_pictures(tmp_path: Path) -> None:
    document = read_records(BOARDS / "quickstart/records.jsonl")
    cells = [result.cell for result in document.results.all if result.record is not None][:2]
    pictures = tuple(Picture(one.dataset, one.protocol, "a", "sr", one.method, one.key) for one in cells)
    answers = (Answer("vote", (0, 1), "left", 1.5),)
    said = Session(study="0" * 64, session="s", kind="pairs", seed=1, rater="x", pictures=pictures, answers=answers)
    board = tmp_path / "records.jsonl"
    board.write_bytes(b"\n".join(with_votes(document, [said]).lines()))
    target = Store(tmp_path / "target")
    for _ in range(2):
        with opened(board) as store:
            merge(store, target)
    (kept,) = sessions_in(target)
    assert (kept.answers, kept.pictures, kept.session) == (answers, pictures, "s")
    assert about({one.key for one in cells}, [kept]) == [kept] and list(faults(target)) == []
