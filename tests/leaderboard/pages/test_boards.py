"""The page that lists all boards of a folder: every board, damaged ones as such, and nobody else's files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from srbench.leaderboard import publish, write_index
from srbench.leaderboard.site.folder import PublishError

from ..markup import parse
from ..site.test_folder import tree
from ..toyboard import HOSTILE, Board


@pytest.mark.parametrize("name", ["index.html", "style.css", "boards.js"])
def test_an_index_that_is_not_ours_is_not_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("<title>my home page</title>")
    before = tree(tmp_path)
    with pytest.raises(PublishError, match=f"{name} is not of srbench"):
        write_index(tmp_path)
    assert tree(tmp_path) == before
    (tmp_path / name).unlink()
    write_index(tmp_path)
    write_index(tmp_path)


@pytest.mark.parametrize("name", ["files.json", "records.jsonl"])
def test_the_folder_of_a_board_takes_no_index(tmp_path: Path, name: str) -> None:
    write_index(tmp_path)
    (tmp_path / name).write_text("{}")
    with pytest.raises(PublishError, match="holds a board"):
        write_index(tmp_path)


def test_a_damaged_board_is_listed_as_such_beside_the_others(tmp_path: Path) -> None:
    for name, text in (
        ("bad", '{"title": '),
        ("good", '{"title": "Good one", "findings": ["It won."]}'),
        ("odd", '{"title": "x", "findings": 3}'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "board.json").write_text(text)
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert "Good one" in page and "It won." in page
    assert page.count("board.json cannot be read") == 2


def test_the_index_lists_every_board(make: Callable[..., Board], tmp_path: Path) -> None:
    small = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic",))
    publish(small.described, small.store, tmp_path / "one board")
    (tmp_path / "no board").mkdir()
    page = parse(write_index(tmp_path))
    links = [a.attributes["href"] for a in next(page.find("main")).find("a")]
    assert links == ["one%20board/index.html"]
    assert HOSTILE in page.text
    assert (tmp_path / unquote(links[0])).is_file()


def test_a_board_stands_with_its_cover_and_what_it_rests_on_and_the_latest_first(tmp_path: Path) -> None:
    facts = {"fields": [HOSTILE], "scales": ["x4"], "datasets": ["cells"], "budget": "600 steps"}
    for name, date, cover in (("a", "2026-01-02", "cover.png"), ("b", "2026-01-03", "../../secret.png")):
        (tmp_path / name).mkdir()
        board = {"title": name, "date": date, "facts": facts, "cover": {"href": cover, "alt": "SR"}}
        (tmp_path / name / "board.json").write_text(json.dumps(board))
    page = parse(write_index(tmp_path))
    assert [a.attributes["href"] for h2 in page.find("h2") for a in h2.find("a")] == ["b/index.html", "a/index.html"]
    assert [image.attributes["src"] for image in page.find("img")] == ["a/cover.png"]
    assert "trained for 600 steps" in page.text and HOSTILE in page.text
