"""The figure of a calibration curve: each cell has its line and its numbers in words, the diagonal is there."""

from __future__ import annotations

from xml.etree import ElementTree

from srbench.leaderboard.figures.coverage import CoverageCurve, coverage_curves, coverage_figure, coverage_words
from srbench.store.details import Details
from srbench.store.record import MetricResult

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


def test_curves_are_drawn_of_results_that_have_one() -> None:
    plain, curved = MetricResult(key="k"), MetricResult(key="k", details=Details(coverage=((0.5, 0.25),)))
    assert coverage_figure([("a", plain)], "id") is None
    found = coverage_figure([("a", plain), ("b", curved)], "id")
    assert found is not None and [name for name, _ in found["words"]] == ["b"]
