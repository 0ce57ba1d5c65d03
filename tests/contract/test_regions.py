"""Regions of pictures, and whether two splits share a pixel: against counting the pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from srbench.contract.dataset import Item
from srbench.contract.regions import Rectangle, overlapping, regions

PIXELS = np.zeros((4, 4, 1), np.uint8)

rectangles = st.frozensets(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=4
)


def item(name: str, group: str | None, region: Rectangle | None = None) -> Item:
    return Item(name, PIXELS, group=group, region=region)


def pixels(some: frozenset[Rectangle]) -> set[tuple[int, int]]:
    return {(y + i, x + j) for y, x, height, width in some for i in range(height) for j in range(width)}


@given(rectangles, rectangles)
def test_regions_overlap_where_they_have_a_pixel_in_common(
    some: frozenset[Rectangle], others: frozenset[Rectangle]
) -> None:
    expected = ["a"] if pixels(some) & pixels(others) else []
    assert overlapping({"a": some}, {"a": others}) == overlapping({"a": others}, {"a": some}) == expected


def test_regions_that_touch_do_not_overlap_however_far_out_they_lie() -> None:
    far = 10**12
    assert overlapping({"a": frozenset({(far, far, 8, 8)})}, {"a": frozenset({(far + 8, far, 8, 8)})}) == []
    assert overlapping({"a": frozenset({(far, far, 8, 8)})}, {"a": frozenset({(far + 7, far, 8, 8)})}) == ["a"]


def test_what_is_not_known_may_overlap_and_other_groups_cannot() -> None:
    known = frozenset({(0, 0, 1, 1)})
    test = {"b": None, "a": known, "only here": None, "c": known}
    train = {"c": frozenset({(5, 5, 1, 1)}), "a": None, "b": known, "only there": None}
    assert overlapping(test, train) == ["a", "b"]
    assert overlapping({}, train) == []


def test_the_regions_of_a_split_are_by_group_and_unknown_where_one_item_does_not_say() -> None:
    found = regions(
        [
            item("1", "whole", (0, 0, 4, 4)),
            item("2", "partly", (0, 0, 4, 4)),
            item("3", "whole", (4, 0, 4, 4)),
            item("4", "partly"),
            item("5", "partly", (8, 0, 4, 4)),
            item("6", None, (0, 0, 4, 4)),
            item("7", "whole", (0, 0, 4, 4)),
        ]
    )
    assert found == {"whole": {(0, 0, 4, 4), (4, 0, 4, 4)}, "partly": None}
    assert regions([]) == {}
