"""The judgement on the page: words, tables and data that say the same, and do no harm."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from srbench.leaderboard import publish_again
from srbench.leaderboard.judging.told import told
from srbench.leaderboard.pages.document import read_records, with_votes
from srbench.leaderboard.pages.downloads import made_from

from ..markup import Tree
from ..toyboard import HOSTILE, Board
from .people import Rater

STRENGTHS = {"bicubic": -1.2, HOSTILE: 0.0, "learner": 1.2}


def sessions(board: Board, count: int = 8) -> list:
    results = board.results
    return [
        Rater(results, STRENGTHS, number).session(kind) for number in range(count) for kind in ("pairs", "opinions")
    ]


def test_the_lead_says_who_is_preferred_and_what_that_rests_on(board: Board) -> None:
    (one,) = told(board.results, sessions(board))
    assert one.lead == (
        "8 raters chose between two pictures 320 times: learner is preferred to every other.",
        "8 raters gave 448 marks from 1 to 5 (for comparison, HR 5.0 and nearest 1.0): learner is marked above every "
        "other.",
    )
    assert [line.entrant.name for line in one.lines] == ["learner", HOSTILE, "bicubic"]
    assert any(text.startswith("With 3 methods even the same order") for text in one.caveats)
    assert any("repeated trials" in text and "by chance" in text for text in one.caveats)
    (figure,) = one.figures
    assert figure.caption == "Preference over bicubic" and [line[0] for line in figure.lines] == ["learner", HOSTILE]


def test_few_raters_are_told_and_have_no_figure(board: Board) -> None:
    (one,) = told(board.results, sessions(board, 3))
    assert one.caveats[0].startswith("Few raters: below 6 no interval is drawn")
    assert one.figures == ()
    assert "none is preferred to another for certain" in one.lead[0]
    assert {line.strength.low for line in one.lines} == {None}


def test_who_is_left_out_is_counted(board: Board) -> None:
    fast = Rater(board.results, STRENGTHS, 99).session("pairs", seconds=0.1)
    (one,) = told(board.results, [*sessions(board), fast])
    assert one.caveats[0] == "1 of 17 raters, counted apart for choices and for opinions, is left out; see below."
    assert one.data()["left_out"] == ["too fast: half of the answers in less than 0.10 s"]


@pytest.fixture(scope="module")
def published(board: Board, pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy's pages with votes, made again from those without."""
    there = tmp_path_factory.mktemp("judged") / "first"
    shutil.copytree(pages, there)
    out = there.with_name("second")
    hostile = Rater(board.results, STRENGTHS, 50).session("pairs", random=True)
    publish_again(there / "records.jsonl", out, [*sessions(board), hostile])
    return out


def test_the_page_shows_it_beside_the_metrics_and_nothing_of_who_they_were(published: Path) -> None:
    text = (published / "index.html").read_text(encoding="utf-8")
    tree = Tree()
    tree.feed(text)
    (section,) = [one for one in tree.root.find("section") if one.attributes.get("id", "").startswith("judged-")]
    people, metrics, *_ = section.find("table")
    rows = [[cell.text.strip() for cell in row.find("td", "th")] for row in people.find("tr")]
    assert [row[1] for row in rows[1:]] == ["learner", HOSTILE, "bicubic"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    assert [next(row.find("th")).text for row in list(metrics.find("tr"))[1:]] == ["PSNR", "SSIM", "FID"]
    assert "<script>alert" not in text
    assert "code 1" not in text and "code 1" not in (published / "records.jsonl").read_text(encoding="utf-8")


def test_board_json_holds_what_the_page_says(published: Path) -> None:
    (data,) = json.loads((published / "board.json").read_text(encoding="utf-8"))["judged"]
    assert [one["method"] for one in data["methods"]] == ["learner", HOSTILE, "bicubic"]
    assert data["methods"][0]["rank"] == [1, 1] and data["methods"][0]["strength"]["raters"] == 8
    assert {one["metric"] for one in data["metrics"]} == {"psnr", "ssim", "fid"}
    assert data["anchors"]["hr"]["estimate"] == 5


def test_pages_with_votes_are_made_anew_from_themselves_to_the_byte(published: Path) -> None:
    out = published.with_name("third")
    publish_again(published / "records.jsonl", out)
    for name in ("index.html", "board.json", "records.jsonl"):
        assert (out / name).read_bytes() == (published / name).read_bytes()
    assert len(read_records(out / "records.jsonl").votes) == 17


def test_new_votes_are_a_reason_to_make_pages_anew(published: Path) -> None:
    document = read_records(published / "records.jsonl")
    fewer = with_votes(document, document.votes[1:])
    assert len({made_from(document, False), made_from(fewer, False), made_from(with_votes(document, ()), False)}) == 3


def test_a_board_without_votes_says_nothing_of_them(pages: Path) -> None:
    assert "Judged by people" not in (pages / "index.html").read_text(encoding="utf-8")
    assert "judged" not in json.loads((pages / "board.json").read_text(encoding="utf-8"))
