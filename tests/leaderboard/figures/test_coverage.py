"""The figure of a calibration curve: each cell has its line and its numbers in words, the diagonal is there."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from srbench.leaderboard.figures.coverage import (
    CoverageCurve,
    coverage_chart,
    coverage_curves,
    coverage_figure,
    coverage_words,
)
from srbench.leaderboard.tables.ranked import build_table
from srbench.store.details import Details
from srbench.store.record import MetricResult

from ..toyboard import DETAILS, OFFSETS, Board, Made, results_of

OFFSETS_IN_ORDER = list(OFFSETS)

SURE = CoverageCurve("ddpm, seed 0", ((0.1, 0.05), (0.5, 0.3), (0.9, 0.625)))
TRUE = CoverageCurve("_true", ((0.1, 0.1), (0.95, 0.95)))


def texts(svg: str) -> list[str]:
    return ["".join(one.itertext()).strip() for one in ElementTree.fromstring(svg).iter("text")]


def test_one_cell_has_a_line_beside_the_diagonal_and_its_numbers_in_words() -> None:
    svg = str(coverage_curves([SURE], "x"))
    said = texts(svg)
    assert {"intervals of the samples should hold, %", "of HR is in them, %", "too narrow", "too wide"} <= set(said)
    assert "ddpm, seed 0" not in said, "there is nothing to tell apart"
    assert svg.count("stroke-dasharray: 3") == 1 and 'aria-labelledby="x-title x-desc"' in svg
    words = coverage_words(SURE.points)
    assert (
        words
        == "5.0 % of HR in the 10 % interval, 30.0 % of HR in the 50 % interval, 62.5 % of HR in the 90 % interval"
    )
    assert f"ddpm, seed 0: {words}." in svg


def test_several_have_a_legend_in_which_none_is_hidden() -> None:
    svg = str(coverage_curves([SURE, TRUE], "x"))
    assert {"ddpm, seed 0", "_true"} <= set(texts(svg))
    assert {f"var(--m{slot})" for slot in range(2)} <= {one for one in ("var(--m0)", "var(--m1)") if one in svg}


def test_a_line_lies_where_its_numbers_say() -> None:
    """Read from the drawing: axes from 0 to 100 on both sides, the diagonal from corner to corner."""
    root = ElementTree.fromstring(str(coverage_curves([SURE], "x")))
    paths = [one.get("d", "") for one in root.iter("path") if "dasharray: 3" in one.get("style", "")]
    (left, bottom), (right, top) = _points(paths[0])
    line = next(
        one for one in root.iter("path") if "var(--m0)" in one.get("style", "") and one.get("d", "").count("L") == 2
    )
    found = [((x - left) / (right - left), (y - bottom) / (top - bottom)) for x, y in _points(line.get("d", ""))]
    assert [(round(x, 3), round(y, 3)) for x, y in found] == list(SURE.points)


def _points(path: str) -> list[tuple[float, float]]:
    numbers = [float(part) for part in path.replace("M", " ").replace("L", " ").split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_the_chart_has_the_first_seed_of_each_method_in_the_colours_of_the_method(board: Board) -> None:
    results = board.results
    chart = coverage_chart(build_table(results.scopes[0], results.metrics, "blobs"), "x")
    assert chart is not None
    names = [line[0] for line in chart.lines]
    assert {"bicubic", "learner"} <= set(names) and len(names) == len(set(names))
    assert dict(chart.lines)["learner"] == coverage_words(DETAILS.coverage) and chart.metric == ""
    assert {f"var(--m{OFFSETS_IN_ORDER.index(name)})" for name in names} <= set(re.findall(r"var\(--m\d\)", chart.svg))


def test_without_samples_there_is_no_chart() -> None:
    results = results_of([Made("d", "bicubic", {"psnr": {"a": 1.0, "b": 2.0}})])
    assert coverage_chart(build_table(results.scopes[0], results.metrics, "d"), "x") is None


def test_curves_are_drawn_of_results_that_have_one() -> None:
    plain, curved = MetricResult(key="k"), MetricResult(key="k", details=Details(coverage=((0.5, 0.25),)))
    assert coverage_figure([("a", plain)], "id") is None
    found = coverage_figure([("a", plain), ("b", curved)], "id")
    assert found is not None and [name for name, _ in found["words"]] == ["b"]
