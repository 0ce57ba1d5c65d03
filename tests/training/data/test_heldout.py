"""What is held out of a training: how much of it, whole groups, and where it is looked at."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.pictures import DEPTHS
from srbench.training.data.heldout import FEWEST, MOST, HeldOut, chosen, in_turn
from srbench.training.data.pairs import Pair


def pair(hr: np.ndarray, name: str = "a", label: str | None = None, scale: int = 2) -> Pair:
    lr = np.ascontiguousarray(hr[::scale, ::scale])
    return Pair(name, None, label, 1.0, lr, hr, DEPTHS["uint8"])


@pytest.mark.parametrize(
    ("images", "held"), [(0, 0), (1, 0), (FEWEST - 1, 0), (FEWEST, 1), (20, 2), (36, 4), (100, MOST), (5000, MOST)]
)
def test_about_a_tenth_is_held_out_of_images_without_groups(images: int, held: int) -> None:
    found = chosen({f"i{place}": None for place in range(images)})
    assert len(found) == len(set(found)) == held


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=3), st.none() | st.sampled_from("abcdefgh"), max_size=60))
def test_groups_are_held_out_whole_but_no_more_than_a_quarter_of_all(groups: dict[str, str | None]) -> None:
    held = chosen(groups)
    assert set(held) <= set(groups)
    assert len(held) <= max(MOST, len(groups) // 4)
    for group in {groups[name] for name in held} - {None}:
        members = [name for name in groups if groups[name] == group]
        assert set(members) <= set(held)
        assert len(members) <= max(1, len(groups) // 4)
    assert held == chosen(dict(reversed(groups.items())))  # whatever order they come in


def test_a_group_that_holds_everything_is_not_held_out() -> None:
    assert chosen({f"i{place}": "one" for place in range(50)}) == []
    assert chosen({**{f"i{place}": "one" for place in range(50)}, "alone": None}) == ["alone"]


def test_lists_take_turns_however_long_they_are() -> None:
    assert in_turn([["a", "b", "c"], [], ["d"], ["e", "f"]]) == ["a", "d", "e", "b", "f", "c"]
    assert in_turn([]) == []


def test_the_middle_is_cut_to_multiples_with_hr_at_the_same_place() -> None:
    hr = np.arange(28 * 40, dtype=np.float32).reshape(28, 40, 1)
    ((lr, full, place),) = HeldOut([pair(hr)], 1, 2).centres(10, 4)
    np.testing.assert_allclose(lr[0, 0] * 255, hr[::2, ::2, 0][3:11, 6:14], rtol=1e-5)
    np.testing.assert_allclose(full[0, 0] * 255, hr[6:22, 12:28, 0], rtol=1e-5)
    assert place == -1


def test_an_image_smaller_than_a_patch_is_continued_by_its_mirror_image() -> None:
    hr = np.arange(4, dtype=np.float32).reshape(1, 4, 1).repeat(2, 0)
    ((lr, _, _),) = HeldOut([pair(hr)], 1, 2).centres(8, 4)
    assert lr.shape == (1, 1, 4, 4)
    assert set(np.unique(lr * 255).round().astype(int)) == {0, 2}


def test_at_most_ten_are_looked_at_and_only_those_of_a_class_where_one_is_asked_for() -> None:
    hr = np.zeros((8, 8, 1), np.uint8)
    held = HeldOut([pair(hr, f"i{place}", "ab"[place % 2]) for place in range(23)], 1, 2, ("a", "b"))
    assert (held.count(), held.count("a"), held.count("c")) == (MOST, MOST, 0)
    assert len(held.ids) == 23
    assert {int(place[0]) for _, _, place in held.centres(4, 4, "b")} == {1}
    assert list(held.centres(4, 4, "c")) == []


def test_the_most_detailed_place_is_where_hr_changes_most() -> None:
    hr = np.full((64, 64, 1), 100, np.uint8)
    hr[40:48, 8:16] = np.indices((8, 8)).sum(0)[..., None] % 2 * 255
    lr, full = HeldOut([pair(hr)], 1, 2).most_detailed(side=16)
    assert (lr.shape, full.shape) == ((1, 1, 8, 8), (1, 1, 16, 16))
    assert (full == 1).sum() == 32  # all of the checkerboard is in it
    lr, _ = HeldOut([pair(hr[:10, :12])], 1, 2).most_detailed(side=1000)
    assert lr.shape == (1, 1, 4, 4)  # the largest power of two that LR has


def fractional_pair() -> Pair:
    """LR 28 x 42, HR 40 x 60; each HR pixel has the number of its place, each LR pixel that of the HR pixel below."""
    hr = np.arange(2400, dtype=np.float32).reshape(40, 60, 1)
    rows, columns = (np.arange(side) * 10 // 7 for side in (28, 42))
    return Pair("a", None, None, 1.0, hr[np.ix_(rows, columns)], hr, DEPTHS["uint8"])


def test_at_a_fraction_the_middle_begins_where_pixels_of_both_begin() -> None:
    ((lr, full, _),) = HeldOut([fractional_pair()], 1, Fraction(10, 7)).centres(14, 7)
    assert (lr.shape, full.shape) == ((1, 1, 14, 14), (1, 1, 20, 20))
    assert lr[0, 0, 0, 0] == full[0, 0, 0, 0]
    assert lr[0, 0, 7, 7] == full[0, 0, 10, 10]


def test_at_a_fraction_the_most_detailed_place_is_found_too() -> None:
    calm = fractional_pair()
    hr = np.full_like(calm.hr, 100)
    hr[30:38, 41:49] = np.indices((8, 8)).sum(0)[..., None] % 2 * 255
    pair = Pair("a", None, None, 1.0, calm.lr, hr, DEPTHS["uint8"])
    lr, full = HeldOut([pair], 1, Fraction(10, 7)).most_detailed(side=15)
    assert (lr.shape, full.shape) == ((1, 1, 7, 7), (1, 1, 10, 10))
    assert (full == 1).sum() == 32
    np.testing.assert_array_equal(lr[0, 0] * 255, calm.lr[21:28, 28:35, 0])
