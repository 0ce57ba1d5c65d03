"""What is written in a figure can be read: inside it, and not upon other words."""

import itertools
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np
import pytest

from srbench.leaderboard.figures.comparisons import Difference, Point, differences, pareto_front, quality_against_cost
from srbench.statistics.intervals import Interval

NARROW = 5.4
"""Of a character, in units of the figure: less than fonts of pages take, so that what fails here fails everywhere."""


def words_of(svg: str) -> list[tuple[str, float, float, float]]:
    """Every horizontal line of text: what it says, its left and right end at the least, and its base line."""
    found = []
    for text in ElementTree.fromstring(svg).iter("text"):
        anchor = re.search(r"text-anchor: (\w+)", text.get("style", ""))
        place = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", text.get("transform", ""))
        x, y = map(float, place.groups()) if place else (float(text.get("x", 0)), float(text.get("y", 0)))
        if re.search(r"rotate\(-90", text.get("transform", "")):
            continue
        said = "".join(text.itertext())
        width = NARROW * len(said)
        left = x - {"start": 0, "middle": 0.5, "end": 1}[anchor[1] if anchor else "start"] * width
        found.append((said, left, left + width, y))
    return found


def size_of(svg: str) -> float:
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert box is not None
    return float(box[1])


def assert_inside(svg: str, names: Sequence[str]) -> None:
    words = words_of(svg)
    assert set(names) <= {said for said, *_ in words}
    for said, left, right, _ in words:
        assert left >= 0 and right <= size_of(svg), said


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
    svg = quality_against_cost(drawn, True, ("ms per megapixel of SR (left is cheaper)", "PSNR, dB"), "f")
    names = [name if len(name) <= 22 else name[:21] + "…" for name in points]
    assert_inside(svg, names)
    boxes = [word for word in words_of(svg) if word[0] in names]
    for (one, left, right, y), (other, other_left, other_right, other_y) in itertools.combinations(boxes, 2):
        assert right <= other_left or other_right <= left or abs(y - other_y) >= 10, (one, other)


def test_scores_that_hardly_differ_are_written_out_beside_the_axis() -> None:
    points = [Point("a", 0, 100, 55.984), Point("b", 1, 900, 55.986)]
    drawn = words_of(quality_against_cost(points, True, ("ms", "PSNR, dB"), "f"))
    numbers = [float(said) for said, *_ in drawn if "." in said]
    assert len(numbers) > 2 and all(55.9 < number < 56.1 for number in numbers)


def test_what_the_axis_means_is_never_cut_off_by_long_names() -> None:
    rows = [Difference(f"ddpm-mean-of-8-{place}", place, Interval(-place, -place - 1, 1.0, 9, 9)) for place in range(4)]
    svg = differences(rows, "srcnn", "PSNR minus that of srcnn, dB (right is better)", "f")
    assert_inside(svg, ["PSNR minus that of srcnn, dB (right is better)"])


def test_the_pareto_front_holds_exactly_what_nothing_else_beats() -> None:
    rng = np.random.default_rng(3)
    points = [Point(str(n), n, float(x), float(y)) for n, (x, y) in enumerate(rng.random((40, 2)))]
    front = {point.name for point in pareto_front(points, higher_is_better=True)}
    unbeaten = {p.name for p in points if not any(q.x <= p.x and q.y >= p.y and q != p for q in points)}
    assert front == unbeaten
