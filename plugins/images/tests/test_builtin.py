"""The three built-in sets: nothing of a test image can have been seen in training."""

from __future__ import annotations

import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image as Pillow
from srbench_images import builtin, photographs
from srbench_images.builtin import GUARD, Astronomy, Microscopy, Textures
from srbench_images.photographs import SHA256, Region, cut, locate

from srbench.dataset import DatasetError, DatasetMissing, Item
from srbench.squares import Squares

SETS: list[type[builtin._BuiltIn]] = [Astronomy, Microscopy, Textures]


def gap(one: Region, other: Region) -> int:
    """Pixels between two rectangles of one photograph, along the axis that separates them most; negative: overlap."""
    vertical = max(other.top - (one.top + one.height), one.top - (other.top + other.height))
    horizontal = max(other.left - (one.left + one.width), one.left - (other.left + other.width))
    return max(vertical, horizontal)


@pytest.mark.parametrize("kind", SETS)
def test_regions_lie_in_their_photographs_and_far_from_the_other_split(kind: type[builtin._BuiltIn]) -> None:
    for region in (*kind.training, *kind.testing):
        width, height = Pillow.open(locate(region.photograph)).size
        assert region.top >= 0
        assert region.left >= 0
        assert region.top + region.height <= height
        assert region.left + region.width <= width
    for trained in kind.training:
        for tested in kind.testing:
            if trained.photograph == tested.photograph:
                assert gap(trained, tested) >= GUARD >= 32
    for split in (kind.training, kind.testing):
        for number, one in enumerate(split):
            assert all(gap(one, other) >= 0 for other in split[:number] if other.photograph == one.photograph)


@pytest.mark.parametrize("kind", SETS)
def test_no_patch_of_a_test_image_occurs_in_a_training_image(kind: type[builtin._BuiltIn]) -> None:
    """Every 6x6 window of every training image, against a grid of patches with structure in the test images."""
    side = 6
    dataset = kind()
    wanted: set[bytes] = set()
    for item in dataset.test():
        grey = item.read_hr()[0].astype(np.uint16).sum(axis=-1, dtype=np.uint16)
        blocks = sliding_window_view(grey, (side, side))[::side, ::side].reshape(-1, side * side)
        wanted |= {block.tobytes() for block in blocks if block.std() > 2}
    assert len(wanted) > 1000
    first_rows = np.unique(
        np.frombuffer(b"".join(block[: 2 * side] for block in wanted), np.uint16).reshape(-1, side), axis=0
    )
    keys = np.sort(_key(first_rows))
    for item in dataset.train():
        grey = item.read_hr()[0].astype(np.uint16).sum(axis=-1, dtype=np.uint16)
        windows = sliding_window_view(grey, (side, side))
        likely = _key(windows[:, :, 0, :])
        place = np.minimum(np.searchsorted(keys, likely), len(keys) - 1)
        for row, column in np.argwhere(keys[place] == likely):
            assert windows[row, column].tobytes() not in wanted, (item.id, row, column)


def _key(rows: np.ndarray) -> np.ndarray:
    """One number for six values of at most 765: exact, 10 bits each."""
    return sum((rows[..., place].astype(np.int64) << (10 * place) for place in range(6)), np.int64(0))


def test_the_search_for_shared_patches_would_find_one(monkeypatch: pytest.MonkeyPatch) -> None:
    leak = Region("brick.png", 300, 16, 204, 480)
    monkeypatch.setattr(Textures, "training", (*Textures.training[1:], leak))
    with pytest.raises(AssertionError):
        test_no_patch_of_a_test_image_occurs_in_a_training_image(Textures)
    with pytest.raises(AssertionError):
        test_regions_lie_in_their_photographs_and_far_from_the_other_split(Textures)


@pytest.mark.parametrize("kind", SETS)
def test_items_are_the_pixels_of_the_photograph(kind: type[builtin._BuiltIn], tmp_path: Path) -> None:
    dataset = kind()
    dataset.prepare(tmp_path)
    for items, regions in ((dataset.train(), kind.training), (dataset.test(), kind.testing)):
        assert len({item.id for item in items}) == len(items) == len(regions)
        for item, region in zip(items, regions, strict=True):
            assert re.fullmatch(r"[a-z0-9_-]+", item.id)
            whole = np.asarray(Pillow.open(locate(region.photograph)))
            whole = whole.reshape(*whole.shape[:2], -1)
            expected = whole[region.top : region.top + region.height, region.left : region.left + region.width]
            found, peak = item.read_hr()
            assert peak == 255
            np.testing.assert_array_equal(found, expected)
    assert [item.id for item in dataset.test()] == [item.id for item in kind().test()]


def test_there_are_enough_test_images_of_a_good_size() -> None:
    counts = {kind.__name__: len(kind.testing) for kind in SETS}
    assert min(counts.values()) >= 8
    assert sum(counts.values()) == 41
    for kind in SETS:
        for region in kind.testing:
            assert region.height == region.width
            assert 96 <= region.height <= 192
            assert region.height % 12 == 0


def test_groups_keep_a_photograph_s_parts_apart() -> None:
    for kind in SETS:
        train, test = ({item.group for item in split} for split in (kind().train(), kind().test()))
        assert not train & test
        assert all(group is not None for group in train | test)


def test_textures_are_labelled() -> None:
    for split, count in ((Textures().train(), 12), (Textures().test(), 4)):
        labels = [item.label for item in split]
        assert {label: labels.count(label) for label in labels} == {"brick": count, "grass": count, "gravel": count}
        assert all(item.id.startswith(f"{item.label}-") for item in split)


def _between_classes(grey: np.ndarray, threshold: int) -> float:
    """Otsu's criterion: the variance between what is at most the threshold and what is above."""
    dark, bright = grey[grey <= threshold], grey[grey > threshold]
    return len(dark) * len(bright) * float(bright.mean() - dark.mean()) ** 2


def test_the_masks_of_textures_are_what_is_dark_by_otsus_criterion() -> None:
    for item in (*Textures().train()[::7], *Textures().test()[::5]):
        grey, mask = item.read_hr()[0].astype(np.float64), item.read_mask()
        assert mask is not None
        assert mask.shape == grey.shape
        assert set(np.unique(mask)) == {0, 1}
        darkest, brightest = int(grey.min()), int(grey.max())
        best = max(_between_classes(grey, threshold) for threshold in range(darkest, brightest))
        assert grey[mask == 1].max() < grey[mask == 0].min()
        assert _between_classes(grey, int(grey[mask == 1].max())) == pytest.approx(best)
    assert all(item.mask is None for kind in (Astronomy, Microscopy) for item in kind().test())


def test_a_tile_has_its_part_of_the_mask() -> None:
    whole = Textures().test()[0].read_mask()
    tiles = {item.id: item for item in Squares(Textures(), 32, "tiles").test()}
    part = tiles[f"{Textures().test()[0].id}-1-2"].read_mask()
    assert whole is not None
    np.testing.assert_array_equal(part, whole[32:64, 64:96])


def test_nothing_is_decoded_until_read_and_each_photograph_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    read = photographs.read_image

    def counting(path: Path) -> np.ndarray:
        decoded.append(path.name)
        return read(path)

    monkeypatch.setattr(photographs, "read_image", counting)
    photographs._pixels.cache_clear()
    items = Textures().test()
    assert decoded == []
    for item in items:
        item.read_hr()
        item.read_mask()
    assert decoded == ["brick.png", "grass.png", "gravel.png"]


def test_a_reader_may_change_its_pixels() -> None:
    region = Textures.testing[0]
    first = cut(region)
    first[:] = 0
    assert cut(region).any()


def test_items_travel_between_processes() -> None:
    item: Item = pickle.loads(pickle.dumps(Textures().test()[0]))
    original = Textures().test()[0]
    np.testing.assert_array_equal(item.read_hr()[0], original.read_hr()[0])
    np.testing.assert_array_equal(item.read_mask(), original.read_mask())


def test_a_photograph_that_is_gone_or_changed_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "skimage" / "data").mkdir(parents=True)
    (tmp_path / "skimage" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "skimage"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(DatasetMissing, match=r"brick\.png: this version of scikit-image does not carry it"):
        Textures().prepare(tmp_path)
    for name in SHA256:
        (tmp_path / "skimage" / "data" / name).write_bytes(b"other")
    with pytest.raises(DatasetError, match=r"brick\.png: this version of scikit-image carries another picture"):
        Textures().prepare(tmp_path)
