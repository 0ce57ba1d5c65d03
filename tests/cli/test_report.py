"""`srbench report`: where the pages are, what they lack, and that nothing is made of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig.verbs import Srbench

from srbench.cli.report import tell, tell_of_sharing
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


def test_troubles_and_remarks_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert not tell(Published(Path("a\x1b/index.html")))
    assert capsys.readouterr() == ("page: a\\x1b/index.html\n", "")
    assert tell(Published(Path("index.html"), ("scores of x\x07",), ("data",)))
    out, err = capsys.readouterr()
    assert out == "page: index.html\n"
    assert err.splitlines() == [
        "note: names of picture files are shown on the pages (of data)",
        "not shown: scores of x\\x07",
    ]


def test_a_store_of_two_matrices_is_told_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    tell_of_sharing(None)
    assert capsys.readouterr() == ("", "")
    tell_of_sharing(Path("other.yaml"))
    assert "the store is also that of other.yaml" in (said := capsys.readouterr().err) and "--store" in said
