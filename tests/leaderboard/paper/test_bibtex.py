"""BibTeX, read by another library."""

from __future__ import annotations

import re

import pybtex.database
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.contract.paper import Paper
from srbench.leaderboard.board.contents import Board, BoardDataset, BoardMethod, BoardSource
from srbench.leaderboard.paper.bibtex import bibtex, citation, keys_of

DATA = "ab12cd34" * 8
EDSR = Paper(("Lim", "Son"), "Enhanced deep networks", 2017, conference="CVPR workshops", arxiv="1707.02921")
SSIM = Paper(("Wang", "Van Gool"), "Image quality & 100 % of it", 2004, journal="TIP", doi="10.1109/TIP.2003.819861")
SR3 = Paper(("Saharia", "others"), "Image super-resolution via iterative refinement", 2021, arxiv="2104.07636")


def board(title: str = "Which one?", **sources: object) -> Board:
    return Board(name="my board", title=title, task="super-resolution", path="m.yaml", **sources)  # type: ignore[arg-type]


def read(text: str) -> dict[str, pybtex.database.Entry]:
    return dict(pybtex.database.parse_string(text, "bibtex").entries)


WHOLE = board(
    methods=[BoardMethod("edsr", papers=(EDSR,)), BoardMethod("mine @home"), BoardMethod("both", papers=(EDSR, SR3))],
    datasets=[BoardDataset("set5")],
    metric_sources=[BoardSource("ssim", papers=(SSIM,))],
)


def test_every_paper_of_the_board_is_there_once_with_what_is_known_of_it() -> None:
    entries = read(bibtex(WHOLE, DATA, "2026-11-21T09:30:00Z"))
    assert list(entries) == ["srbench-my-board-ab12cd34", "lim2017enhanced", "saharia2021image", "wang2004image"]
    edsr, sr3, ssim = list(entries.values())[1:]
    assert [one.type for one in (edsr, sr3, ssim)] == ["inproceedings", "misc", "article"]
    assert dict(edsr.fields) == {
        "title": "{Enhanced deep networks}",
        "booktitle": "CVPR workshops",
        "year": "2017",
        "eprint": "1707.02921",
        "archivePrefix": "arXiv",
    }
    assert [str(person) for person in edsr.persons["author"]] == ["Lim", "Son"]
    assert [person.last_names for person in ssim.persons["author"]] == [["Wang"], ["{Van Gool}"]]
    assert [str(person) for person in sr3.persons["author"]] == ["Saharia", "others"]
    assert (ssim.fields["title"], ssim.fields["doi"]) == (r"{Image quality \& 100 \% of it}", "10.1109/TIP.2003.819861")


def test_comments_say_what_is_of_what_and_of_what_none_is_known() -> None:
    text = bibtex(WHOLE, DATA, "")
    assert [line for line in text.splitlines() if line.startswith("%")] == [
        "% Method edsr: lim2017enhanced",
        "% Method mine (at)home: no paper known",
        "% Method both: lim2017enhanced, saharia2021image",
        "% Dataset set5: no paper known",
        "% Metric ssim: wang2004image",
    ]


def test_the_board_itself_has_title_date_hash_and_version() -> None:
    own = read(bibtex(board(), DATA, "2026-11-21T09:30:00Z"))["srbench-my-board-ab12cd34"]
    assert (own.type, own.fields["title"], own.fields["year"]) == ("misc", "{Which one?}", "2026")
    assert own.fields["note"] == f"Results of 21 Nov 2026, sha256:{DATA[:16]}"
    assert re.fullmatch(r"Leaderboard made by srbench \d+\.\d+\.\d+\S*", own.fields["howpublished"])
    assert "year" not in read(bibtex(board(), DATA, ""))["srbench-my-board-ab12cd34"].fields
    line = citation(board(), DATA, "2026-11-21T09:30:00Z")
    assert re.fullmatch(rf"“Which one\?”, leaderboard made by srbench \S+, results of 21 Nov 2026, sha256:{DATA}", line)


def test_papers_of_the_same_author_year_and_word_have_keys_of_their_own_whatever_their_order() -> None:
    other = Paper(("Lim",), "Enhanced something else", 2017)
    keys = keys_of([EDSR, other, SR3])
    assert keys == keys_of([SR3, other, EDSR])
    assert len(set(keys.values())) == 3
    assert all(re.fullmatch("lim2017enhanced-[0-9a-f]{4}", keys[paper]) for paper in (EDSR, other))
    assert keys[SR3] == "saharia2021image"


@pytest.mark.parametrize(
    ("authors", "title", "key"),
    [
        (("Bińkowski", "Arbel"), "Demystifying MMD GANs", "binkowski2018demystifying"),
        (("Van Gool, Luc",), "The seven-fold way", "vangool2018seven"),
        (("Ёлкин",), "A", "anonymous2018untitled"),
    ],
)
def test_keys_are_plain(authors: tuple[str, ...], title: str, key: str) -> None:
    paper = Paper(authors, title, 2018)
    assert keys_of([paper])[paper] == key


@given(title=st.text(), name=st.text(min_size=1), author=st.text(min_size=1))
def test_whatever_things_are_called_it_can_be_read(title: str, name: str, author: str) -> None:
    paper = Paper((author,), title, 2020)
    text = bibtex(board(title, methods=[BoardMethod(name, papers=(paper,))]), DATA, "")
    entries = read(text)
    assert len(entries) == 2
    assert {entry.type for entry in entries.values()} == {"misc"}
