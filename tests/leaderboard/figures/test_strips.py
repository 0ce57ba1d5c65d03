"""Strips: each image is a mark at its difference, groups are kept together, and the mean is that of the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np
import pytest

from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.figures.strips import Strip, differences, strips
from srbench.leaderboard.tables.ranked import Table, build_table
from srbench.statistics.intervals import Interval

from ..toyboard import Made, results_of
from .drawn import assert_inside, segments, texts

RNG = np.random.default_rng(2)
BASE = RNG.normal(28, 3, 24)
GAPS = {"good": RNG.normal(1, 0.4, 24), "better": RNG.normal(2, 0.4, 24)}
GROUPS = {f"im{place:02}": f"patient {place // 4}" for place in range(24)}


def scores(values: Sequence[float]) -> dict[str, dict[str, float]]:
    return {"psnr": {f"im{place:02}": float(value) for place, value in enumerate(values)}}


def table(groups: dict[str, str] | None = None, infinite: bool = False) -> Table:
    cells = [Made("d", "bicubic", scores(BASE), groups or {})]
    for name, gap in GAPS.items():
        own = BASE + gap
        if infinite and name == "good":
            own[3] = np.inf
        cells.append(Made("d", name, scores(own), groups or {}))
    results = results_of(cells)
    return build_table(results.scopes[0], results.metrics, "d")


def of(shown: Table, against: str = "bicubic") -> Chart | None:
    standings = shown.ranking
    assert standings is not None
    (entrant,) = (one for one in standings.entrants if one.name == against)
    return differences(shown, standings, entrant, "f")


def test_every_image_is_a_mark_at_its_difference() -> None:
    chart = of(table())
    assert chart is not None
    drawn = segments(chart.svg, "var(--m1)", vertical=True)
    assert len(drawn) == 24
    x = np.array(sorted(start[0] for start, _ in drawn))
    gaps = np.sort(GAPS["good"])
    slope, shift = np.polyfit(x, gaps, 1)
    assert x * slope + shift == pytest.approx(gaps, abs=1e-3) and slope > 0
    # The lowest is at the bottom of its strip, the next above it, and so on.
    order = sorted(drawn, key=lambda line: -line[0][1])
    assert [line[0][0] for line in order] == sorted(line[0][0] for line in drawn)


def test_images_of_a_group_are_on_one_line_and_groups_in_the_order_of_their_means() -> None:
    chart = of(table(GROUPS))
    assert chart is not None and "the images of a group on one line" in chart.remark
    lines: dict[float, list[float]] = {}
    for start, end in segments(chart.svg, "var(--m2)", vertical=True):
        lines.setdefault(round((start[1] + end[1]) / 2, 2), []).append(start[0])
    assert [len(found) for found in lines.values()] == [4] * 6
    means = [np.mean(lines[height]) for height in sorted(lines, reverse=True)]
    assert means == sorted(means)
    known = sorted(GAPS["better"].reshape(6, 4).mean(1))
    slope, shift = np.polyfit(means, known, 1)
    assert np.array(means) * slope + shift == pytest.approx(known, abs=1e-3)
    assert len(segments(chart.svg, "var(--m2)", vertical=False)) == 6 + 1, "a line a group, and the interval"


def test_numbers_are_of_the_images_that_are_in_the_mean() -> None:
    chart = of(table(infinite=True))
    assert chart is not None
    assert chart.heads[-3:] == ("Better on", "Lowest of an image", "Highest of an image")
    rows = {line[0]: line[2:] for line in chart.lines}
    kept = np.delete(np.arange(24), 3)
    for name, gap in GAPS.items():
        better, lowest, highest = rows[name]
        assert better == f"{(gap[kept] > 0).sum()} of 23 images"
        ends = [float(end.replace("−", "-")) for end in (lowest, highest)]
        assert ends == pytest.approx([gap[kept].min(), gap[kept].max()], abs=0.006)


def test_a_metric_of_which_less_is_better_counts_the_lower_ones() -> None:
    cells = [
        Made("d", name, {"mae": {f"im{place:02}": float(value) for place, value in enumerate(BASE + by)}})
        for name, by in (("bicubic", 0.0), ("net", -GAPS["good"]))
    ]
    results = results_of(cells)
    chart = of(build_table(results.scopes[0], results.metrics, "d"))
    assert chart is not None and "left is better" in chart.svg
    assert chart.lines[0][2] == f"{(GAPS['good'] > 0).sum()} of 24 images"


def test_of_thousands_of_images_some_are_drawn_and_the_figure_says_so_and_stays_small() -> None:
    gaps = np.sort(RNG.normal(0, 1, 5000))
    row = Strip("net", 0, Interval(0.0, -0.1, 0.1, 5000, 5000), tuple((float(gap),) for gap in gaps))
    grouped = Strip("grouped", 1, Interval(0.0, -0.1, 0.1, 5000, 2), (tuple(gaps[:2500]), tuple(gaps[2500:])))
    svg = strips([row, grouped], "bicubic", "PSNR", "f")
    assert len(svg) < 50_000
    for colour in ("var(--m0)", "var(--m1)"):
        marks = segments(svg, colour, vertical=True)
        assert 400 < len(marks) <= 600
        spread = np.ptp([start[0] for start, _ in marks])
        assert spread == pytest.approx(np.ptp([s[0] for s, _ in segments(svg, "var(--m0)", vertical=True)]), rel=1e-6)


def test_of_many_methods_the_first_are_drawn_and_all_are_in_the_numbers() -> None:
    cells = [Made("d", f"m{place:02}", scores(BASE - place)) for place in range(24)]
    results = results_of(cells)
    chart = of(build_table(results.scopes[0], results.metrics, "d"), "m00")
    assert chart is not None and len(chart.lines) == 23 and "first 20 of 23 are drawn" in chart.remark
    assert {"m01", "m20"} <= set(texts(chart.svg)) and not {"m21", "m23"} & set(texts(chart.svg))


def test_an_interval_that_is_unreliable_is_dotted() -> None:
    rows = [Strip("a", 0, Interval(1.0, 0.5, 1.5, 9, 9, beyond=True)), Strip("b", 1, Interval(1.0, 0.5, 1.5, 9, 9))]
    found = re.findall(
        r"stroke-dasharray[^;\"]*; stroke-dashoffset[^;]*; stroke: (var\(--m\d\))", strips(rows, "c", "x", "f")
    )
    assert found == ["var(--m0)"]


def test_what_the_axis_means_is_never_cut_off_by_long_names() -> None:
    rows = [Strip(f"ddpm-mean-of-8-{place}", place, Interval(-place, -place - 1, 1.0, 9, 9)) for place in range(4)]
    svg = strips(rows, "srcnn", "PSNR minus that of srcnn, dB (right is better)", "f")
    assert_inside(svg, ["PSNR minus that of srcnn, dB (right is better)"])
    assert "ddpm-mean-of-8-3" in texts(svg)
    assert ElementTree.fromstring(svg).findtext("desc") is not None
