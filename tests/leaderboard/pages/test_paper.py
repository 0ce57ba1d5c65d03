"""What a board offers to papers: files beside its page, and links and texts on it that need no script."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pybtex.database
import pytest

from srbench.contract.paper import Paper
from srbench.leaderboard import publish

from ..markup import Tag, parse
from ..toyboard import Board, Learner


@pytest.fixture(scope="module")
def index(pages: Path) -> Tag:
    return parse(pages / "index.html")


def hrefs(tag: Tag) -> Iterator[str]:
    yield from (link.attributes["href"] for link in tag.find("a") if "href" in link.attributes)


def test_every_ranked_table_has_its_files_and_every_figure_its_own(pages: Path, index: Tag) -> None:
    scopes = ("x4-y", "x2-rgb")
    tables = {f"{scope}{dataset}" for scope in scopes for dataset in ("", "-blobs", "-waves")}
    figures = {f"v-{scope}-{name}" for scope in scopes for name in ("best", "baseline", "cost", "profile")}
    alone = {f"v-{scope}-t{k}-{name}" for scope in scopes for k in (1, 2) for name in ("coverage", "spectra")}
    files = {path.name for path in (pages / "paper").iterdir()}
    assert files == {
        "board.bib",
        *(f"{name}.{form}" for name in tables for form in ("tex", "md", "csv")),
        *(f"{name}.{form}" for name in figures | alone for form in ("svg", "pdf")),
    }
    of_datasets = {f"{name}.{form}" for name in alone for form in ("svg", "pdf")}
    assert {href.removeprefix("paper/") for href in hrefs(index) if href.startswith("paper/")} == files - of_datasets
    found = [href for path in (pages / "datasets").iterdir() for href in hrefs(parse(path))]
    assert {href.removeprefix("../paper/") for href in found if href.startswith("../paper/")} == of_datasets


def test_a_table_can_be_copied_from_the_page_as_it_is_in_its_file(pages: Path, index: Tag) -> None:
    folded = [part for part in index.of_class("paper") if part.name == "details"]
    offered = [part for part in folded if any(href.endswith((".tex", ".bib")) for href in hrefs(part))]
    assert len(offered) == 7  # six tables, and the BibTeX
    for part in offered:
        (text,) = part.find("pre")
        (button,) = part.find("button")
        file = next(href for href in hrefs(part) if href.endswith((".tex", ".bib")))
        assert text.text == (pages / file).read_text()
        assert "hidden" in button.attributes, "a button that does nothing without script is not shown without"


def test_the_numbers_of_the_files_are_those_of_the_page(pages: Path, index: Tag) -> None:
    (table,) = (one for one in index.find("table") if one.attributes.get("id") == "v-x4-y-t0")
    (row,) = (row for row in table.find("tr") if any("learner" in head.text for head in row.find("th")))
    psnr = next(cell for cell in row.find("td") if cell.attributes.get("data-column") == "psnr")
    shown, low, high = re.findall(r"\d+\.\d+", psnr.text)
    latex, markdown = ((pages / "paper" / f"x4-y.{form}").read_text() for form in ("tex", "md"))
    assert rf"\textbf{{{shown}}}\srbenchci{{{low}}}{{{high}}}" in latex
    assert rf"**{shown}** \[{low}, {high}\]" in markdown
    with (pages / "paper" / "x4-y.csv").open(newline="") as file:
        (numbers,) = (line for line in csv.DictReader(file) if line["method"] == "learner")
    assert f"{float(numbers['psnr']):.2f}" == shown and len(numbers["psnr"]) > len(shown)


def test_the_page_says_how_to_cite_it(pages: Path, index: Tag) -> None:
    (line,) = index.of_class("citation")
    entries = pybtex.database.parse_file(str(pages / "paper" / "board.bib"), "bibtex").entries
    (own,) = (entry for key, entry in entries.items() if key.startswith("srbench-toy-"))
    (data,) = re.findall("results of 21 Nov 2026, sha256:([0-9a-f]{64})$", line.text)
    assert own.fields["note"].endswith(f"sha256:{data[:16]}")


def test_papers_of_methods_are_in_the_bibtex_and_on_their_pages(
    make: Callable[..., Board], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = (Paper(("Lim", "others"), "Enhanced <deep> networks", 2017, conference="CVPR", arxiv="1707.02921"),)
    monkeypatch.setattr(Learner, "papers", papers)
    small = make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "lanczos"))
    publish(small.described, small.store, tmp_path / "toy")
    assert "@inproceedings{lim2017enhanced," in (tmp_path / "toy/paper/board.bib").read_text()
    (told,) = parse(tmp_path / "toy/methods/bicubic.html").of_class("papers")
    assert told.text.strip() == "Lim, et al., “Enhanced <deep> networks”, CVPR 2017 (arXiv 1707.02921)"
