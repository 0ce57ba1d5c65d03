"""Whole groups to either split, and classes of equal size."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from srbench_images.splitting import balanced, divided

from srbench import DatasetError

layouts = st.lists(
    st.tuples(st.integers(0, 40).map("g{}".format), st.sampled_from([None, "a", "b", "c"])), min_size=2, max_size=200
)


@settings(max_examples=1000, deadline=None)
@given(layouts, st.floats(0.05, 0.9), st.integers(0, 5), st.booleans())
def test_no_group_is_ever_on_both_sides(
    layout: list[tuple[str, str | None]], share: float, seed: int, stratified: bool
) -> None:
    groups, labels = zip(*layout, strict=True)
    try:
        tested = divided(groups, labels, share, seed, stratified)
    except DatasetError:
        assert len(set(groups)) < 30 or share < 0.2 or share > 0.8
        return
    sides: dict[str, set[bool]] = {}
    for group, is_tested in zip(groups, tested, strict=True):
        sides.setdefault(group, set()).add(is_tested)
    assert all(len(side) == 1 for side in sides.values())
    assert len(set(tested)) == 2
    assert divided(groups, labels, share, seed, stratified) == tested


def test_each_class_has_its_share_where_images_stand_alone() -> None:
    labels = ["rare"] * 10 + ["common"] * 200
    tested = divided([str(place) for place in range(210)], labels, 0.2, 0, stratified=True)
    assert Counter(label for label, one in zip(labels, tested, strict=True) if one) == {"rare": 2, "common": 40}
    other = divided([str(place) for place in range(210)], labels, 0.2, 1, stratified=True)
    assert other != tested and sum(other) == 42


def test_a_further_group_moves_no_other() -> None:
    groups = [f"patient {place}" for place in range(100)]
    before = divided(groups, [None] * 100, 0.3, 0, stratified=True)
    after = divided(["newcomer", *groups], [None] * 101, 0.3, 0, stratified=True)[1:]
    assert sum(one != other for one, other in zip(before, after, strict=True)) <= 1


def test_one_group_cannot_be_divided() -> None:
    with pytest.raises(DatasetError, match="1 groups of 5 images cannot be divided"):
        divided(["g"] * 5, [None] * 5, 0.5, 0, stratified=True)


def test_so_many_of_each_class_as_the_rarest_has() -> None:
    labels = {f"i{place}": "ab"[place % 3 == 0] for place in range(90)}
    kept = balanced(labels, 0)
    assert Counter(labels[image] for image in kept) == {"a": 30, "b": 30}
    assert balanced(dict(reversed(labels.items())), 0) == kept != balanced(labels, 1)
