"""Names of points touch nothing: neither each other, nor a point, nor a line, wherever the points are."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Bbox

from srbench.leaderboard.figures.labels import NAME_SIZE, RADIUS, Box, Spot, crosses, overlap, place_labels, text_width

FRAME = (40.0, 30.0, 320.0, 220.0)
HAIR = 1e-6
SPOTS = st.lists(st.tuples(st.floats(40, 320), st.floats(30, 220)), min_size=1, max_size=40)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=22)


def steps(spots: list[Spot]) -> list[tuple[Spot, Spot]]:
    """A stepped line through points, as the Pareto front is drawn."""
    corners: list[Spot] = []
    for x, y in sorted(spots):
        corners += [(x, corners[-1][1])] if corners else []
        corners.append((x, y))
    return list(pairwise(corners))


def smaller(box: Box) -> Bbox:
    """The box less a hair, so that touching is no overlap."""
    return Bbox.from_extents(box[0] + HAIR, box[1] + HAIR, box[2] - HAIR, box[3] - HAIR)


@settings(deadline=None)
@given(SPOTS, st.data())
def test_texts_touch_neither_each_other_nor_points_nor_the_front(spots: list[Spot], data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=len(spots), max_size=len(spots)))
    front = steps(spots[: data.draw(st.integers(0, 6))])
    labels = place_labels(names, spots, front, FRAME)
    texts = [*labels.names.values(), *labels.numbers.values()]
    boxes = [smaller(label.box) for label in texts]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    points = [Bbox.from_extents(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in spots]
    assert not [(box, point) for box in boxes for point in points if box.overlaps(point)]
    assert not [(box, line) for box in boxes for line in front if Path(line).intersects_bbox(box)]
    for left, bottom, right, top in (label.box for label in texts):
        assert FRAME[0] <= left and FRAME[1] <= bottom and right <= FRAME[2] and top <= FRAME[3]
    # Each point is named: where it is, or in the key, whose numbers are those beside the points.
    assert set(labels.names) | set(labels.key) == set(range(len(spots))) and not set(labels.names) & set(labels.key)
    assert all(label.text == names[place] for place, label in labels.names.items())
    assert all(label.text == str(labels.key.index(place) + 1) for place, label in labels.numbers.items())
    assert place_labels(names, spots, front, FRAME) == labels


def test_a_point_alone_has_its_name_at_its_right_and_at_the_edge_at_its_left() -> None:
    alone = place_labels(["srcnn"], [(100, 100)], [], FRAME)
    assert alone.names[0].align == "left" and alone.names[0].box[0] > 100 + RADIUS and not alone.key
    edge = place_labels(["srcnn"], [(318, 100)], [], FRAME).names[0]
    assert edge.align == "right" and edge.anchor[0] < 318 - RADIUS


def test_what_finds_no_room_is_numbered_and_what_not_even_has_room_for_a_number_is_in_the_key() -> None:
    crowd = place_labels([f"method-{place}" for place in range(40)], [(180.0, 120.0)] * 40, [], FRAME)
    assert len(crowd.names) >= 4, "one at each side"
    assert len(crowd.names) + len(crowd.key) == 40 and len(crowd.numbers) < len(crowd.key)
    row = place_labels(["a-name-of-22-characters"] * 9, [(50.0 + 30 * place, 120.0) for place in range(9)], [], FRAME)
    assert set(row.numbers) == set(row.key), "in a row of points a number fits wherever a name does not"


@pytest.mark.parametrize("text", ["bicubic", "ddpm-mean-of-8", "WWWWWWWW", "iiii", "SwinIR (large)", "网络", "É_y^2"])
def test_widths_are_at_least_what_the_font_takes(text: str) -> None:
    drawn = TextPath((0, 0), text, size=NAME_SIZE, prop=FontProperties(family="DejaVu Sans"), usetex=False)
    assert text_width(text, NAME_SIZE) >= drawn.get_extents().width
    assert text_width(text, 2 * NAME_SIZE) == pytest.approx(2 * text_width(text, NAME_SIZE))


boxes = st.tuples(*[st.integers(0, 9)] * 4).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]) + 1, 1 + max(b[1], b[3]))
)


@given(boxes, boxes)
def test_boxes_overlap_where_they_share_a_square(a: Box, b: Box) -> None:
    def squares(box: Box) -> set[tuple[int, int]]:
        left, bottom, right, top = map(int, box)
        return {(x, y) for x in range(left, right) for y in range(bottom, top)}

    assert overlap(a, b) == bool(squares(a) & squares(b))


@given(st.tuples(*[st.floats(-2, 12)] * 4), boxes)
def test_a_line_crosses_a_box_where_one_of_many_points_of_it_is_inside(line: tuple[float, ...], area: Box) -> None:
    (x, y, x_end, y_end), (left, bottom, right, top) = line, area
    for step in range(201):
        part = step / 200
        at_x, at_y = x + part * (x_end - x), y + part * (y_end - y)
        if left + HAIR < at_x < right - HAIR and bottom + HAIR < at_y < top - HAIR:
            assert crosses(((x, y), (x_end, y_end)), area)
    apart = max(x, x_end) < left or min(x, x_end) > right or max(y, y_end) < bottom or min(y, y_end) > top
    assert not (apart and crosses(((x, y), (x_end, y_end)), area))
