"""What is tested must not have been trained on: groups, and regions of one picture."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import srbench
from srbench.contract.framing import Squares
from srbench.contract.protocol import Protocol
from srbench.contract.regions import Rectangle, overlapping, regions
from srbench.registry.configured import Use
from srbench.registry.registry import Plugin, Registry
from srbench.runner.planning.lookalikes import SAME_PIXELS, Resemblance
from srbench.runner.planning.splits import SplitContents, Splits, Unusable

X2 = Protocol("x2-rgb", 2, "rgb")
Part = tuple[str, Rectangle | None]


class Cut(srbench.Dataset):
    """Pictures of noise, each told what it was cut from."""

    def __init__(self, train: list[Part] | None = None, test: list[Part] | None = None) -> None:
        self.parts = {"train": train or [], "test": test or []}

    def _items(self, split: str) -> list[srbench.Item]:
        random = np.random.default_rng([len(split)])
        return [
            srbench.Item(str(place), random.integers(0, 256, (8, 8, 1), np.uint8), group=group, region=region)
            for place, (group, region) in enumerate(self.parts[split])
        ]

    def train(self) -> list[srbench.Item]:
        return self._items("train")

    def test(self) -> list[srbench.Item]:
        return self._items("test")


def use_of(train: list[Part], test: list[Part]) -> Use:
    module = ModuleType("cut")
    hook = srbench.hookimpl(lambda: [srbench.Entry("cut", Cut)])
    module.srbench_datasets = hook  # type: ignore[attr-defined]
    registry = Registry()
    registry.add(Plugin("cut", "srbench-cut", "1", "srbench.registry.builtin"), module)
    params: dict[str, Any] = {"train": train, "test": test}
    return Use("cut", registry.get("dataset", "cut"), params)


def check(train: list[Part], test: list[Part]) -> tuple[str, ...]:
    splits, use = Splits(), use_of(train, test)
    return splits.check_leak(use, splits.survey(use, "test", X2), use, X2)


def test_a_dataset_is_prepared_once_for_both_of_its_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = []
    monkeypatch.setattr(Cut, "prepare", lambda self, root: prepared.append(self))
    assert check([("a", None)], [("b", None)]) == ()
    assert len(prepared) == 1


def test_regions_that_lie_apart_may_be_trained_and_tested_on_and_the_picture_is_named() -> None:
    train: list[Part] = [("wall", (0, 0, 8, 8)), ("moon", (0, 0, 8, 8)), ("only trained", None)]
    test: list[Part] = [("wall", (8, 0, 8, 8)), ("moon", (0, 8, 8, 8)), ("only tested", None)]
    assert check(train, test) == ("moon", "wall")
    assert check(train[2:], test) == ()


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        ((0, 0, 8, 8), (7, 7, 8, 8), "a region that is tested overlaps one in the training split of cut"),
        ((0, 0, 8, 8), None, "it is tested, and is in the training split of cut"),
        (None, (0, 0, 8, 8), "it is tested, and is in the training split of cut"),
        (None, None, "it is tested, and is in the training split of cut"),
    ],
)
def test_a_group_in_both_splits_is_refused_unless_all_its_regions_are_known_and_apart(
    train: Rectangle | None, test: Rectangle | None, words: str
) -> None:
    apart: list[Part] = [("wall", (100, 100, 8, 8))]
    with pytest.raises(Unusable, match=f"group 'wall': {words}") as refused:
        check([*apart, ("wall", train)], [("wall", (200, 200, 8, 8)), ("wall", test)])
    assert refused.value.verdict[0] == "failed"


def test_images_that_show_the_same_are_noted_with_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    splits, use = Splits(), use_of([("wall", (0, 0, 8, 8))], [("moon", (0, 8, 8, 8))])
    (learned,), (tested,) = splits.items(use, "train"), splits.items(use, "test")
    splits._read[id(use), "train"] = [replace(learned, hr=tested.hr)]
    with pytest.raises(Unusable, match="1 of 1 test images are in the training split of cut: "):
        splits.check_leak(use, splits.survey(use, "test", X2), use, X2)
    assert list(splits.alike) == [Resemblance("cut", "test", tested.id, "cut", "train", learned.id, SAME_PIXELS)]


def test_where_a_region_lies_is_part_of_what_a_split_is() -> None:
    def prints(region: Rectangle | None) -> tuple[str, str]:
        splits, use = Splits(), use_of([], [("wall", region)])
        return splits.survey(use, "test", X2).fingerprint, splits.fingerprint(use, "test")

    one, other, unknown = prints((0, 0, 8, 8)), prints((0, 1, 8, 8)), prints(None)
    for kind in range(2):
        assert len({one[kind], other[kind], unknown[kind]}) == 3


_rectangles = st.sets(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=4
)


@given(_rectangles, _rectangles)
def test_regions_overlap_where_a_pixel_is_in_both(test: set[Rectangle], train: set[Rectangle]) -> None:
    def pixels(rectangles: set[Rectangle]) -> set[tuple[int, int]]:
        return {(y, x) for top, left, h, w in rectangles for y in range(top, top + h) for x in range(left, left + w)}

    found = overlapping({"g": frozenset(test)}, {"g": frozenset(train), "other": None})
    assert found == (["g"] if pixels(test) & pixels(train) else [])


@given(_rectangles, st.sampled_from(["tiles", "shrunk"]))
def test_squares_of_regions_that_lie_apart_lie_apart(rectangles: set[Rectangle], framing: Any) -> None:
    """Each square's pixels are those of the picture at its region, or, where it is shrunk, were made from them."""
    picture = np.arange(15 * 15, dtype=np.uint16).reshape(15, 15, 1)

    class Regions(srbench.Dataset):
        def test(self) -> list[srbench.Item]:
            return [
                srbench.Item(str(n), picture[y : y + h, x : x + w].copy(), group="wall", region=(y, x, h, w))
                for n, (y, x, h, w) in enumerate(sorted(rectangles))
            ]

    size = min(min(h, w) for _, _, h, w in rectangles)
    for item in Squares(Regions(), size, framing).test():
        assert item.region is not None
        top, left, height, width = item.region
        there = picture[top : top + height, left : left + width]
        seen = item.read_hr()[0]
        assert height == width
        if height == size:
            np.testing.assert_array_equal(seen, there)
        else:
            assert there.min() <= np.median(seen) <= there.max()


def test_tiles_of_a_picture_without_group_say_where_they_lie_and_those_of_an_unknown_part_do_not() -> None:
    class One(srbench.Dataset):
        def __init__(self, group: str | None) -> None:
            self.group = group

        def test(self) -> list[srbench.Item]:
            return [srbench.Item("a", np.zeros((5, 9, 1), np.uint8), group=self.group)]

    items = list(Squares(One(None), 4, "tiles").test())
    assert regions(items) == {"test a": frozenset({(0, 0, 4, 4), (0, 4, 4, 4)})}
    assert regions(Squares(One("patient"), 4, "tiles").test()) == {"patient": None}


def test_contents_count_images_without_a_group_as_their_own_and_no_label_as_none() -> None:
    hr = np.zeros((4, 4, 1), np.uint8)
    marks = [("a", "mole", "P1"), ("b", "mole", "P1"), ("c", "nevus", None), ("P1", None, None)]
    items = [srbench.Item(name, lambda: hr, label=label, group=group) for name, label, group in marks]
    contents = SplitContents.of("skin", "test", items)
    assert (contents.images, contents.groups, contents.labels) == (4, 3, {"mole": 2, "nevus": 1})


def test_contents_count_lr_that_comes_with_images_and_images_that_are_lr_alone() -> None:
    hr = np.zeros((8, 8, 1), np.uint8)
    low = {("bicubic", 4): lambda: hr[::4, ::4], ("area", Fraction(10, 7)): lambda: hr}
    items = [srbench.Item("a", lambda: hr, lr=low), srbench.Item("b", lambda: hr, lr=dict([*low.items()][:1]))]
    contents = SplitContents.of("d", "test", [*items, srbench.Item("c", None, lone_lr=lambda: hr)])
    assert contents.lr == {"area, x10/7": 1, "bicubic, x4": 2} and contents.lone == 1


def test_contents_know_the_pictures_once_a_protocol_has_met_them() -> None:
    splits, use = Splits(), use_of([], [("a", None), ("b", None)])
    splits.items(use, "test")
    assert splits.contents["cut", "test"].shapes == ()
    splits.survey(use, "test", X2)
    assert (splits.contents["cut", "test"].shapes, splits.contents["cut", "test"].depths) == (((8, 8, 1),), ("uint8",))


def test_sizes_that_protocols_show_are_put_together_by_area() -> None:
    contents = SplitContents("d", "test", 2, 2, {}, shapes=((2, 90, 1),), depths=("uint8",))
    survey = Mock(shapes=((10, 10, 3), (16, 16, 1)), depths=("float32", "uint8"))
    met = contents.met(survey)
    assert met.shapes == ((10, 10, 3), (2, 90, 1), (16, 16, 1)) and met.depths == ("float32", "uint8")
