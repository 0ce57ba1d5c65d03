"""Figures in a browser: names cover nothing in its own fonts, more of them wait to be asked for, all are on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from selenium import webdriver

from srbench.leaderboard.figures.comparisons import Axis, Point, scatter
from srbench.leaderboard.pages.site import STYLE, static

from . import test_browser
from .test_browser import choose, shown, visit

browser = test_browser.browser
METHODS = ("bicubic", "SwinIR (large)", "ddpm-mean-of-8", "WWWWWWWWWWWWWWWW", "edsr-baseline", "网络", "a" * 22)
COVERED = """
const found = [];
for (const figure of document.querySelectorAll("svg.figure")) {
  const inside = figure.getBoundingClientRect();
  const box = (node) => node.getBoundingClientRect();
  const texts = [...figure.querySelectorAll("text")].map((node) => [node.textContent.trim(), box(node)]);
  const marks = [...figure.querySelectorAll("use")].map((node) => ["marker", box(node)]);
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
  const front = [...figure.querySelectorAll("path")].filter((path) => path.style.strokeDasharray.length > 4);
  texts.forEach(([text, place], index) => {
    if (place.left < inside.left - 1 || place.right > inside.right + 1) found.push(["outside", text]);
    for (const [other, its] of [...texts.slice(index + 1), ...marks]) if (meet(place, its)) found.push([text, other]);
    for (const path of front) {
      const matrix = path.getScreenCTM();
      for (let at = 0; at <= path.getTotalLength(); at += 1) {
        const spot = path.getPointAtLength(at).matrixTransform(matrix);
        if (spot.x > place.left && spot.x < place.right && spot.y > place.top && spot.y < place.bottom) {
          found.push([text, "front"]);
          break;
        }
      }
    }
  });
}
return [found, document.querySelectorAll("svg.figure path").length];
"""


def test_names_in_the_fonts_of_the_browser_cover_neither_each_other_nor_points_nor_the_front(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    axes = Axis("ms per megapixel of SR (left is cheaper)", False, logarithmic=True), Axis("PSNR, dB", True)
    figures = []
    for number in range(12):
        count = 3 + 3 * number
        places = zip(10 ** rng.uniform(0, 3, count), rng.normal(30, 2, count), strict=True)
        named = [
            Point(f"{METHODS[k % 7]}{k if k > 6 else ''}", k, float(x), float(y)) for k, (x, y) in enumerate(places)
        ]
        figures.append(f"<figure>{scatter(named, axes, f'f{number}')}</figure>")
    (tmp_path / STYLE).write_bytes(static(STYLE))
    page = tmp_path / "index.html"
    head = '<!doctype html><meta charset="utf-8"><title>x</title><link rel="stylesheet" href="style.css">'
    page.write_text(f'{head}<div class="figures">{"".join(figures)}</div>', encoding="utf-8")
    for width in (390, 1440):
        visit(browser, page, width)
        covered, paths = browser.execute_script(COVERED)
        assert paths > 100
        assert covered == [], width


def test_more_figures_wait_to_be_opened_and_follow_the_choice_of_metric(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html", 390)
    assert "More figures (1)" in shown(browser, ".more-figures > summary")
    before = shown(browser, "figure > figcaption")
    assert "PSNR of each image" not in before
    browser.execute_script("document.querySelectorAll('.more-figures').forEach((d) => { d.open = true; })")
    after = shown(browser, "figure > figcaption")
    assert len(after) > len(before) and "PSNR of each image" in after
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    choose(browser, by="ssim")
    assert shown(browser, "figure > figcaption") == [], "all of them are of the metric that ranks as published"
    assert "More figures (1)" not in shown(browser, ".more-figures > summary"), "nothing in it is of this metric"


def test_on_paper_all_figures_are_open(browser: webdriver.Chrome, pages: Path) -> None:
    visit(browser, pages / "index.html")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        sizes: Any = browser.execute_script(
            "return [...document.querySelectorAll('svg.figure')].map((one) => one.getBoundingClientRect().height)"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert len(sizes) == 8 and min(sizes) > 50
