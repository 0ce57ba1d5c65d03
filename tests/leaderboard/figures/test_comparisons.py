"""What is written in a figure can be read: inside it, and not upon other words."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from srbench.leaderboard.figures.comparisons import Axis, Point, pareto_front, scatter

from .drawn import assert_inside, lines, texts, words_of

COST = Axis("ms per megapixel of SR (left is cheaper)", False, logarithmic=True)
QUALITY = Axis("PSNR, dB", True)


@pytest.mark.parametrize(
    "points",
    [
        {"bicubic": (59, 32.2), "srcnn": (370, 34.1), "ldm-one": (22000, 30.4), "ddpm-one": (22600, 27.5)}
        | {"ddpm-mean-of-8": (207000, 30.3)},
        {"a-name-of-22-characters": (10, 30.0), "another-of-the-longest": (10.5, 30.2), "third": (11, 30.1)},
        {"cheap-and-long-to-name": (1, 20), "dear-and-also-very-long": (1e6, 40)},
    ],
)
def test_names_stay_inside_the_figure_and_off_each_other(points: dict[str, tuple[float, float]]) -> None:
    drawn = [Point(name, slot, *place) for slot, (name, place) in enumerate(points.items())]
    svg = scatter(drawn, (COST, QUALITY), "f")
    names = [name if len(name) <= 22 else name[:21] + "…" for name in points]
    assert_inside(svg, names)
    boxes = [word for word in words_of(svg) if word[0] in names]
    for (one, left, right, y), (other, other_left, other_right, other_y) in itertools.combinations(boxes, 2):
        assert right <= other_left or other_right <= left or abs(y - other_y) >= 10, (one, other)


def test_scores_that_hardly_differ_are_written_out_beside_the_axis() -> None:
    points = [Point("a", 0, 100, 55.984), Point("b", 1, 900, 55.986)]
    drawn = words_of(scatter(points, (COST, QUALITY), "f"))
    numbers = [float(said) for said, *_ in drawn if "." in said]
    assert len(numbers) > 2 and all(55.9 < number < 56.1 for number in numbers)


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("up", [True, False])
def test_the_pareto_front_holds_exactly_what_nothing_else_beats(right: bool, up: bool) -> None:
    rng = np.random.default_rng(3)
    points = [Point(str(n), n, float(x), float(y)) for n, (x, y) in enumerate(rng.random((40, 2)))]
    front = {point.name for point in pareto_front(points, right, up)}
    good = {p.name: (p.x if right else -p.x, p.y if up else -p.y) for p in points}
    beaten = {
        one for one, (x, y) in good.items() for other, (a, b) in good.items() if other != one and a >= x and b >= y
    }
    assert front == set(good) - beaten


def test_the_front_is_drawn_through_its_points_in_steps() -> None:
    points = [Point("a", 0, 1.0, 20), Point("b", 1, 10.0, 30), Point("c", 2, 100.0, 25), Point("d", 3, 1000.0, 40)]
    svg = scatter(points, (COST, QUALITY), "f")
    (front,) = (line for line in lines(svg, "var(--ink)") if len(line) == 5)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3), (x4, y4) = front
    assert y0 == y1 and x1 == x2 and y2 == y3 and x3 == x4, "what is reached stays until the next does better"
    assert (x2 - x0) / (x4 - x0) == pytest.approx(1 / 3, abs=1e-3), "decades are as wide as each other"
    assert (y2 - y0) / (y4 - y0) == pytest.approx(0.5, abs=1e-3)


def test_what_costs_nothing_stands_in_a_lane_of_its_own() -> None:
    points = [Point("bicubic", 0, 0.0, 28), Point("net", 1, 2e4, 30), Point("large", 2, 4e6, 31)]
    said = texts(scatter(points, (Axis("learned parameters", False, logarithmic=True), QUALITY), "f"))
    assert {"0", "100,000", "1 M"} <= set(said)
    words = {word: left for word, left, *_ in words_of(scatter(points, (COST, QUALITY), "f"))}
    assert words["0"] < words["100,000"] - 20


def test_names_that_find_no_room_are_in_a_key_below_and_nothing_else_moves() -> None:
    few = [Point("alone", 0, 1.0, 20.0), Point("other", 1, 100.0, 30.0)]
    crowd = [Point(f"one-of-a-crowd-{place:02}", place + 2, 10.0, 25.0) for place in range(20)]
    with_key, without = (scatter(points, (COST, QUALITY), "f") for points in (few + crowd, few))
    assert_inside(with_key, [point.name for point in few + crowd])
    heights = [float(re.findall(r'viewBox="0 0 \d+ (\d+)"', svg)[0]) for svg in (with_key, without)]
    assert heights[0] > heights[1] + 100
    base = {word: y for word, _, _, y in words_of(with_key)}
    keyed = [point.name for point in crowd if base[point.name] > heights[1]]
    assert len(keyed) >= 12 and len(ElementTree.fromstring(with_key).findall(".//{*}use")) >= 22 + len(keyed)
    for word in ("alone", "other", COST.words):
        assert base[word] == pytest.approx({w: y for w, _, _, y in words_of(without)}[word], abs=0.01)


def test_no_line_of_the_axes_goes_through_names() -> None:
    svg = scatter([Point("a", 0, 1.0, 20), Point("b", 1, 10.0, 30)], (COST, QUALITY), "f")
    grid = [line for line in lines(svg, "var(--line)") if len(line) == 2 and abs(line[0][0] - line[1][0]) > 100]
    assert grid == [] or len(grid) == 1, "the axis below, and no other"
