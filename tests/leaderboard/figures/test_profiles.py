"""Scores of each image: all lines in one order, the hardest first, and none where it would be a tangle."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.leaderboard.figures.profiles import MOST_IMAGES, profile
from srbench.leaderboard.tables.ranked import Table, build_table

from ..toyboard import Made, results_of
from .drawn import lines, words_of

RNG = np.random.default_rng(8)


def table(images: int, *methods: str, metric: str = "psnr", **more: str) -> Table:
    base = RNG.normal(28, 3, images)
    cells = []
    for place, name in enumerate(methods):
        values = base + place + (RNG.normal(0, 1, images) if place else 0)
        own = {f"im{number:04}": float(value) for number, value in enumerate(values)}
        cells.append(Made("d", name, {metric: own, **dict.fromkeys(more.values(), own)}))
    results = results_of(cells)
    return build_table(results.scopes[0], results.metrics, "d")


def longest(svg: str, slot: int) -> list[tuple[float, float]]:
    return max(lines(svg, f"var(--m{slot})"), key=len)


@pytest.mark.parametrize(("metric", "sign"), [("psnr", 1), ("mae", -1)])
def test_images_go_from_the_hardest_of_the_yardstick_to_its_easiest(metric: str, sign: int) -> None:
    shown = table(20, "bicubic", "net", metric=metric)
    chart = profile(shown, "f")
    standings = shown.standings[metric]
    assert chart is not None
    by_name = {one.name: standings.scores.of(one) for one in standings.entrants}
    order = np.argsort(sign * by_name["bicubic"])
    drawn = {name: np.array([-y for _, y in longest(chart.svg, slot)]) for slot, name in enumerate(("bicubic", "net"))}
    slope, shift = np.polyfit(drawn["bicubic"], by_name["bicubic"][order], 1)
    for name in ("bicubic", "net"):
        assert slope * drawn[name] + shift == pytest.approx(by_name[name][order], abs=0.01)
    assert slope > 0 and "from the hardest for bicubic to the easiest" in chart.svg


def test_numbers_are_quartiles_and_an_error_is_drawn_rather_than_what_ranks() -> None:
    shown = table(12, "bicubic", "net", other="rmse")
    chart = profile(shown, "f")
    assert chart is not None and chart.caption == "RMSE of each image" and chart.metric == ""
    standings = shown.standings["rmse"]
    for entrant, line in zip(standings.entrants, chart.lines, strict=True):
        values = np.sort(standings.scores.of(entrant))
        found = [float(one) for one in line[1:]]
        assert line[0] == entrant.name
        assert found == pytest.approx([values[0], *np.percentile(values, (25, 50, 75)), values[-1]], abs=0.06)


def test_many_methods_or_few_images_are_no_figure() -> None:
    assert profile(table(20, "a", "b", "c", "d", "e"), "f") is not None
    assert profile(table(20, "a", "b", "c", "d", "e", "g"), "f") is None
    assert profile(table(7, "a", "b"), "f") is None
    assert profile(table(20, "a"), "f") is None


def test_of_many_images_some_are_drawn_from_the_first_to_the_last() -> None:
    chart = profile(table(1000, "bicubic", "net"), "f")
    assert chart is not None and "240 of 1,000 images are drawn" in chart.remark
    drawn = longest(chart.svg, 0)
    assert len(drawn) <= MOST_IMAGES
    ticks = {
        int(word.replace(",", "")): (left + right) / 2 for word, left, right, _ in words_of(chart.svg) if "00" in word
    }
    slope, shift = np.polyfit(list(ticks.values()), list(ticks), 1)
    assert [slope * drawn[place][0] + shift for place in (0, -1)] == pytest.approx([1, 1000], abs=3)
