"""The badge says who leads, fits its text, and is a drawing in which nothing runs."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from srbench.leaderboard.publishing.badge import badge, badge_words, embedding
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import build_table

from ..toyboard import HOSTILE, Made, results_of

SVG = "{http://www.w3.org/2000/svg}"


def ranking(*means: tuple[str, float], metric: str = "psnr") -> Standings | None:
    rng = np.random.default_rng(0)
    cells = [
        Made("blobs", name, {metric: {f"im{at}": mean + at + 0.01 * rng.standard_normal() for at in range(12)}})
        for name, mean in means
    ]
    results = results_of(cells)
    return build_table(results.scopes[0], results.metrics).ranking


def test_a_leader_is_named_with_how_far_it_is_ahead_of_the_yardstick() -> None:
    assert badge_words(ranking(("srcnn", 29.0), ("lanczos", 28.6), ("bicubic", 28.0))).startswith("srcnn leads, +1.0")
    assert badge_words(ranking(("srcnn", 29.0), ("bicubic", 28.0))).endswith(" dB")
    assert badge_words(ranking(("a", 0.1), ("bicubic", 0.3), metric="lpips")).startswith("a leads, −0.19")


def test_where_nobody_leads_that_is_what_it_says() -> None:
    assert badge_words(None) == "nothing ranked yet"
    assert badge_words(ranking(("alone", 28.0))) == "alone alone"
    assert badge_words(ranking(("a", 28.0), ("b", 28.0))) in ("a and b tied", "b and a tied")
    assert badge_words(ranking(("a", 28.0), ("b", 28.0), ("c", 28.0))) == "3 methods tied"


@pytest.mark.parametrize("words", ["srcnn leads, +0.8 dB", HOSTILE, '"&]]> $x^2$ \x07', "long " * 60])
def test_it_is_well_formed_and_has_its_text_as_title(words: str) -> None:
    root = ElementTree.fromstring(badge(words).decode())
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "clipPath", "rect", "g", "text"}
    title = root.findtext(f"{SVG}title")
    assert title == root.get("aria-label") and root.get("role") == "img"
    assert title == f"srbench: {[*root.iter(f'{SVG}text')][1].text}" and len(title) < 64


def test_its_text_is_as_wide_as_the_font_draws_it() -> None:
    from matplotlib import font_manager

    text = "srcnn leads, +0.8 dB"
    drawn = [*ElementTree.fromstring(badge(text).decode()).iter(f"{SVG}text")][1]
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 110)
    width = ImageDraw.Draw(Image.new("L", (1, 1))).textlength(text, font) / 10
    assert float(drawn.get("textLength", "0")) == pytest.approx(width, abs=2)


def test_the_markdown_has_one_picture_and_one_link_whatever_the_name() -> None:
    shown = embedding("a](http://evil) [leads", "ADDRESS")
    assert re.fullmatch(r"\[!\[([^\[\]]*)\]\(ADDRESS/badge\.svg\)\]\(ADDRESS/index\.html\)", shown)
