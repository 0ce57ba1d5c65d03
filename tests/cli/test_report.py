"""`srbench report`: where the pages are, what they lack, and that nothing is made of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig.verbs import Srbench, rewrite

from srbench.cli.report import tell
from srbench.leaderboard import Published
from srbench.store.records import Store


def test_pages_are_made_where_they_are_wanted(here: Path, srbench: Srbench) -> None:
    said = srbench("report", "matrix.yaml", "--out", "pages")
    assert (said.code, said.out) == (0, "page: pages/index.html\n")
    assert said.err == "note: names of picture files are shown on the pages (of data)\n"
    assert Path("pages/index.html").is_file()
    assert srbench("report", "matrix.yaml").out == "page: leaderboards/m/index.html\n"
    assert 'href="m/index.html"' in Path("leaderboards/index.html").read_text()


def test_what_is_damaged_is_named_and_the_rest_is_shown(here: Path, srbench: Srbench) -> None:
    store = Store(Path("results/m"))
    (store.folder("cells", store.find("cells", "data/x2-rgb/nearest").key) / "scores.parquet").write_bytes(b"")
    said = srbench("report", "matrix.yaml", "--out", "pages")
    assert said.code == 1
    assert "not shown: data/x2-rgb/nearest" in said.err
    assert Path("pages/index.html").is_file()


def test_without_results_it_says_where_it_looked(here: Path, srbench: Srbench, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    said = srbench("report", here / "matrix.yaml")
    assert said.code == 2
    assert f"the store results/m (in {here / 'elsewhere'}) is not there" in said.err
    (here / "empty" / "cells").mkdir(parents=True)
    said = srbench("report", here / "matrix.yaml", "--store", here / "empty")
    assert said.code == 2
    assert "holds nothing of this matrix" in said.err
    assert list(Path().iterdir()) == []


def test_of_a_store_the_board_is_that_of_the_matrix_that_ran_last(here: Path, srbench: Srbench) -> None:
    assert srbench("report", "matrix.yaml", "--out", "pages").code == 0
    assert srbench("report", "results/m", "--out", "others").out == "page: others/index.html\n"
    assert Path("others/index.html").read_bytes() == Path("pages/index.html").read_bytes()
    Path("results/m/matrix").unlink()
    said = srbench("report", "results/m")
    assert said.code == 2 and "results/m is a store, and no matrix: give it with --store, and name the mat" in said.err


def test_troubles_and_remarks_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert not tell(Published(Path("a\x1b/index.html")))
    assert capsys.readouterr() == ("page: a\\x1b/index.html\n", "")
    assert tell(Published(Path("index.html"), ("scores of x\x07",), ("names are\x07shown",)))
    out, err = capsys.readouterr()
    assert out == "page: index.html\n"
    assert err.splitlines() == [
        "note: names are\\x07shown",
        "not shown: scores of x\\x07",
    ]


def test_pages_are_made_anew_from_what_was_published(here: Path, srbench: Srbench) -> None:
    assert srbench("report", "matrix.yaml", "--out", "pages").code == 0
    Path("results").rename("elsewhere")
    assert srbench("report", "pages", "--out", "again").out == "page: again/index.html\n"
    assert srbench("report", "pages/records.jsonl", "--out", "third").code == 0
    for folder in ("again", "third"):
        assert Path(folder, "index.html").read_bytes() == Path("pages/index.html").read_bytes()


def test_a_matrix_that_was_edited_is_shown_as_it_was_run_and_that_is_said(here: Path, srbench: Srbench) -> None:
    assert srbench("run", "matrix.yaml", "--no-report").code == 1, "one cell has failed"
    rewrite(here, title="Another")
    said = srbench("report", "matrix.yaml", "--out", "pages")
    assert said.code == 0 and "matrix.yaml has changed since it was run; `srbench run` brings" in said.err
    assert "Another" not in Path("pages/index.html").read_text()
