"""Boards on paper: printed by Chromium, with script and without, and measured as pictures and as words."""

# ruff: noqa: F401, F811 (the browser is a fixture of the tests of boards)
from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image as Pillow
from selenium import webdriver

from srbench.leaderboard.pages.site import static

from .sites import SITES, few
from .test_browser import browser, visit
from .test_everywhere import none, told

PAPER = {"A4": (210 / 25.4, 297 / 25.4), "Letter": (8.5, 11.0)}
"""Width and height in inches."""
MARGIN = 0.4
PER_INCH = 36
"""Pixels, when pages are measured."""

WORDS = """
const texts = (nodes) => {
  const found = [];
  for (const node of nodes) {
    const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const [text, parent] = [walk.currentNode.data.replace(/\\s+/g, ""), walk.currentNode.parentElement];
      if (text && parent.checkVisibility() && !parent.closest(".hidden, title, desc")) found.push(text);
    }
  }
  return found;
};
const all = (selector) => [...document.querySelectorAll(selector)];
return {
  cells: texts(all("td, th")),
  figures: all("svg[role=img]").map((node) => texts([node])),
  heads: all("h1, h2, h3, h4, summary, caption, thead").map((node) => texts([node]).join("")),
};
"""
"""What stands in a page's tables, figures and headings, without spaces."""


@dataclass(frozen=True)
class Printed:
    """ink: of each page, where within the margins there is some. text: of each page all words, without spaces.

    words: what the page holds, as the browser has it.
    """

    ink: list[np.ndarray]
    text: list[str]
    words: dict[str, list[Any]]

    def faults(self) -> Iterator[str]:
        """What readers of the paper would miss or mind."""
        for number, page in enumerate(self.ink, 1):
            rows, last = np.flatnonzero(page.any(axis=1)), number == len(self.ink)
            white = max(np.diff([-1, *rows, *([] if last and len(rows) else [page.shape[0]])])) / page.shape[0]
            if white > 0.5:
                yield f"page {number} of {len(self.ink)}: {100 * white:.0f} % of it is white, in one piece"
        printed = "".join(self.text)
        for text, count in Counter(self.words["cells"]).items():
            if printed.count(text) < count:
                yield f"in tables {count} times, on paper {printed.count(text)}: {text}"
        for texts in self.words["figures"]:
            if not any(all(text in page for text in texts) for page in self.text):
                yield f"a figure is cut or on two pages: {' '.join(texts)[:80]}"
        for number, page in enumerate(self.text[:-1], 1):
            if any(page.endswith(text) for text in self.words["heads"] if text):
                yield f"page {number} ends with a heading: {page[-60:]}"


class Press:
    """Prints pages."""

    def __init__(self, browser: webdriver.Chrome, folder: Path) -> None:
        self.browser, self.folder = browser, folder

    def __call__(self, path: Path, paper: str = "A4", script: bool = True) -> Printed:
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        try:
            visit(self.browser, path)
            return self._print(paper)
        finally:
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
            self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def _print(self, paper: str) -> Printed:
        width, height = PAPER[paper]
        margins = {f"margin{side}": MARGIN for side in ("Top", "Bottom", "Left", "Right")}
        pdf = self.browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": width, "paperHeight": height, **margins})
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / "board.pdf").write_bytes(b64decode(pdf["data"]))
        self._run("pdftoppm", "-r", str(PER_INCH), "-gray", "board.pdf", "page")
        pages = self._run("pdftotext", "-raw", "board.pdf", "-").split("\f")[:-1]
        cut = round(MARGIN * PER_INCH)
        ink = [np.asarray(Pillow.open(page))[cut:-cut, cut:-cut] < 250 for page in sorted(self.folder.glob("*.pgm"))]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        return Printed(ink, ["".join(page.split()) for page in pages], told(self.browser, WORDS))

    def _run(self, *command: str) -> str:
        return subprocess.run(command, cwd=self.folder, capture_output=True, check=True).stdout.decode()


@pytest.fixture(scope="module")
def press(
    browser: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
) -> Press:
    for program in ("pdftoppm", "pdftotext"):
        if shutil.which(program) is None:
            missing(f"{program} is not installed: apt-get install poppler-utils")
    return Press(browser, tmp_path_factory.mktemp("print") / "printed")


BOARDS = ("board", "generation board", "board of many methods")


@pytest.mark.parametrize("paper", PAPER)
@pytest.mark.parametrize("name", BOARDS)
def test_a_board_fills_its_pages_and_nothing_is_cut(
    press: Press, site: Callable[[str], Path], name: str, paper: str
) -> None:
    none(list(press(site(name) / "index.html", paper).faults()))


@pytest.mark.parametrize("name", BOARDS)
def test_every_other_page_does(press: Press, site: Callable[[str], Path], name: str) -> None:
    pages = site(name)
    others = [path for path in few(pages) if path != pages / "index.html"]
    none([f"{path.relative_to(pages)}: {line}" for path in others for line in press(path).faults()])


@pytest.mark.parametrize("script", [True, False])
def test_what_is_folded_away_is_printed(press: Press, site: Callable[[str], Path], script: bool) -> None:
    printed = press(site("board") / "index.html", script=script)
    none(list(printed.faults()))
    text = "".join(printed.text)
    assert "ranpast7200s" in text and "Askedfor" in text, "every cell, and every rater"
    cell = next((site("board") / "cells").glob("*bicubic*"))
    assert '"hostile":"<script>' in "".join(press(cell, script=script).text), "the ingredients of the key"


def test_the_address_is_printed_and_folded_parts_are_folded_again(
    browser: webdriver.Chrome, press: Press, site: Callable[[str], Path]
) -> None:
    page = site("board") / "index.html"
    assert page.as_uri() in press(page).text[0]
    folded = "return [...document.querySelectorAll('details')].map((one) => one.open)"
    before = browser.execute_script(folded)
    press._print("A4")
    assert browser.execute_script(folded) == before and not all(before)


@pytest.mark.parametrize("seed", range(4))
def test_figures_of_any_height_fill_their_pages(press: Press, tmp_path: Path, seed: int) -> None:
    (tmp_path / "style.css").write_bytes(static("style.css"))
    heights = np.random.default_rng(seed).uniform(5, 18, 12)
    drawn = (f"<svg role='img' style='height: {high:.1f}cm; border: 1px solid'></svg>" for high in heights)
    figures = "".join(f"<figure><figcaption>Figure {n}</figcaption>{svg}</figure>" for n, svg in enumerate(drawn))
    page = tmp_path / "page.html"
    head = "<!doctype html><title>t</title><link rel='stylesheet' href='style.css'>"
    page.write_text(f"{head}<body><div class='figures'>{figures}</div>", encoding="utf-8")
    none(list(press(page).faults()))


TALL = "<div style='height: 16cm; break-inside: avoid; background: url(); border: 1px solid'>tall</div>"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (f"<p>words</p>{TALL * 3}", None),
        ("<p>words</p><div style='break-before: page'>more</div><p style='break-before: page'>the end</p>", "is white"),
        (
            "<div style='overflow: hidden'><table><tr><th style='padding-left: 30cm'>27.91</th></tr></table></div>",
            "27.91",
        ),
        (
            "<div style='height: 25cm; border: 1px solid'></div><h2>Alone</h2><p style='break-before: page'>x</p>",
            "Alone",
        ),
    ],
)
def test_the_measures_find_what_they_are_for(press: Press, tmp_path: Path, body: str, fault: str | None) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><title>t</title><body style='margin: 0'>{body}", encoding="utf-8")
    found = list(press(page).faults())
    assert any(fault in line for line in found) if fault else not found, found
