"""Images as squares: what is in them, what they are called, and where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from srbench.contract.dataset import Dataset, DatasetError, Item
from srbench.contract.framing import Squares
from srbench.contract.regions import overlapping, regions
from srbench.pictures import ImageError, Values


@dataclass
class Given(Dataset):
    items: Sequence[Item]
    prepared: list[Path] = field(default_factory=list)

    def prepare(self, root: Path) -> None:
        self.prepared.append(root)

    def test(self) -> Iterable[Item]:
        return self.items

    def train(self) -> Iterable[Item]:
        return self.items

    def remarks(self) -> Sequence[str]:
        return ["one was left out"]


def picture(height: int, width: int, channels: int = 1) -> np.ndarray:
    return np.arange(height * width * channels, dtype=np.uint16).reshape(height, width, channels)


def tiles(*items: Item, size: int = 4) -> list[Item]:
    return list(Squares(Given(items), size, "tiles").test())


def shrunk(*items: Item, size: int = 4) -> list[Item]:
    return list(Squares(Given(items), size, "shrunk").test())


def test_tiles_are_the_image_cut_up_and_what_does_not_fill_one_is_left_out() -> None:
    whole = picture(9, 14, 3)
    made = {one.id: one.read_hr()[0] for one in tiles(Item("a", whole))}
    assert list(made) == ["a-0-0", "a-0-1", "a-0-2", "a-1-0", "a-1-1", "a-1-2"]
    rows = [np.concatenate([made[f"a-{row}-{column}"] for column in range(3)], axis=1) for row in range(2)]
    np.testing.assert_array_equal(np.concatenate(rows), whole[:8, :12])


def test_tiles_of_an_image_are_one_group_and_splits_never_share_one() -> None:
    squares = Squares(Given([Item("a", picture(8, 8))]), 4, "tiles")
    groups = [{one.group for one in split} for split in (squares.train(), squares.test())]
    assert [len(found) for found in groups] == [1, 1]
    assert not groups[0] & groups[1]


def test_tiles_of_a_group_stay_in_it_and_know_where_they_lie_if_the_image_does() -> None:
    known, unknown = (
        Item("a", picture(8, 8), group="slide", region=(100, 200, 8, 8)),
        Item("b", picture(4, 4), group="x"),
    )
    found = tiles(known, unknown)
    assert [one.region for one in found] == [
        (100, 200, 4, 4),
        (100, 204, 4, 4),
        (104, 200, 4, 4),
        (104, 204, 4, 4),
        None,
    ]
    assert [one.group for one in found] == ["slide"] * 4 + ["x"]
    # No two tiles of one image have a pixel in common.
    assert overlapping(regions(found[:1]), regions(found[1:4])) == []
    (alone,) = tiles(Item("c", picture(4, 4)))
    assert alone.region == (0, 0, 4, 4)


def test_a_shrunk_square_is_the_middle_and_says_where_that_is() -> None:
    whole = np.zeros((4, 10, 1), np.uint8)
    whole[:, 3:7] = 200
    (one,) = shrunk(Item("a", whole, group="g", region=(50, 60, 4, 10), label="x", values=Values(0, 250)))
    image, values = one.read_hr()
    assert (image == 200).all() and image.shape == (4, 4, 1) and values == Values(0, 250)
    assert (one.id, one.label, one.group, one.region) == ("a", "x", "g", (50, 63, 4, 4))
    assert shrunk(Item("a", whole))[0].region is None


def test_shrinking_keeps_depth_constant_colour_and_the_declared_range() -> None:
    for value, dtype in ((77, np.uint8), (4095, np.uint16), (0.25, np.float32)):
        (one,) = shrunk(
            Item("a", np.full((16, 8, 3), value, dtype), values=Values(0, 4095) if dtype == np.uint16 else None)
        )
        image, _ = one.read_hr()
        assert image.dtype == dtype and image.shape == (4, 4, 3) and (image == dtype(value)).all()
    steps = np.full((32, 32, 1), 1000, np.uint16)
    steps[:, 16:] = 4095
    # Bicubic would overshoot black and white.
    image, values = shrunk(Item("a", steps, values=Values(1000, 4095)), size=8)[0].read_hr()
    assert (image.min(), image.max()) == (1000, 4095) and values == Values(1000, 4095)


def test_masks_follow_their_image_and_hold_no_class_that_was_not_there() -> None:
    mask = np.zeros((6, 12, 1), np.uint8)
    mask[:, 6:] = 9
    item = Item("a", picture(6, 12), mask=mask)
    (one,) = shrunk(item, size=2)
    found = one.read_mask()
    assert found is not None and found[..., 0].tolist() == [[0, 9], [0, 9]]
    cut = [one.read_mask() for one in tiles(item, size=6)]
    assert [None if part is None else np.unique(part).tolist() for part in cut] == [[0], [9]]
    assert tiles(Item("b", picture(6, 6)))[0].read_mask() is None


def test_lr_that_came_with_the_images_is_left_out() -> None:
    item = Item("a", picture(8, 8), lr={("bicubic", 1): picture(8, 8)})
    assert [one.read_lr("bicubic", 1) for one in (*tiles(item), *shrunk(item))] == [None] * 5


def test_an_image_smaller_than_a_square_is_refused_by_name() -> None:
    small = Item("tiny", picture(3, 90))
    with pytest.raises(ImageError, match="'tiny' is 90 x 3 pixels, smaller than the squares of 4"):
        tiles(small)
    (one,) = shrunk(small)
    with pytest.raises(ImageError, match="'tiny' is 90 x 3 pixels, smaller than the squares of 4"):
        one.read_hr()


def test_preparing_and_remarks_are_the_other_dataset_s(tmp_path: Path) -> None:
    inside = Given([])
    squares = Squares(inside, 4, "tiles")
    squares.prepare(tmp_path)
    assert inside.prepared == [tmp_path]
    assert squares.remarks() == ["one was left out"]
    assert list(squares.train()) == []


def test_lr_alone_makes_no_squares() -> None:
    lone = Given([Item("a", None, lone_lr=picture(8, 8))])
    with pytest.raises(DatasetError, match="image 'a' has no HR, only LR"):
        for item in Squares(lone, 4, "shrunk").test():
            item.read_hr()
    with pytest.raises(DatasetError, match="image 'a' has no HR, only LR"):
        list(Squares(lone, 4, "tiles").test())
