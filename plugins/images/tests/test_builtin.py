"""The built-in sets: nothing of a test image can have been seen in training."""

from __future__ import annotations

import importlib.util
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image as Pillow
from srbench_images import builtin, photographs
from srbench_images.builtin import GUARD, Astronomy, Microscopy, Photographs, Textures
from srbench_images.photographs import PHOTOGRAPHS, Region, cut, locate

from srbench.contract.dataset import DatasetError, DatasetMissing, Item
from srbench.contract.framing import Squares
from srbench.contract.protocol import Protocol
from srbench.pictures import Values
from srbench.registry.configured import Use
from srbench.registry.registry import registry
from srbench.runner.planning.splits import Splits
from srbench.tasks import generation

DIVIDED: list[type[builtin._BuiltIn]] = [Astronomy, Microscopy, Textures]
"""Those that train and test on regions of the same photographs."""
SETS = [*DIVIDED, Photographs]


TILES = next(protocol for protocol in generation.protocols() if protocol.name == "32px-tiles")


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
            found, values = item.read_hr()
            assert values == Values(0, 255)
            np.testing.assert_array_equal(found, expected)
    assert [item.id for item in dataset.test()] == [item.id for item in kind().test()]


def test_there_are_enough_test_images_of_a_good_size() -> None:
    counts = {kind.__name__: len(kind.testing) for kind in DIVIDED}
    assert min(counts.values()) >= 8
    assert sum(counts.values()) == 41
    for kind in DIVIDED:
        for region in kind.testing:
            assert region.height == region.width
            assert 96 <= region.height <= 192
            assert region.height % 12 == 0


def test_an_image_s_group_is_its_photograph_and_its_region_the_pixels_there() -> None:
    for kind in SETS:
        for item, region in zip([*kind().train(), *kind().test()], [*kind.training, *kind.testing], strict=True):
            assert item.group == Path(region.photograph).stem
            assert item.region is not None
            top, left, height, width = item.region
            whole = np.asarray(Pillow.open(locate(region.photograph)))
            whole = whole.reshape(*whole.shape[:2], -1)
            np.testing.assert_array_equal(item.read_hr()[0], whole[top : top + height, left : left + width])


@pytest.mark.parametrize(
    ("tested", "trained", "seen"),
    [
        ("astronomy", "astronomy", ("hubble_deep_field", "moon")),
        ("microscopy", "microscopy", ("cell", "ihc", "retina")),
        ("textures", "textures", ("brick", "grass", "gravel")),
        ("textures", "photographs", ()),
        ("photographs", "photographs", ()),
        ("photographs", "textures", ()),
    ],
)
def test_a_plan_lets_the_sets_train_and_says_which_photographs_were_seen_elsewhere(
    tested: str, trained: str, seen: tuple[str, ...]
) -> None:
    splits = Splits()
    for protocol in (Protocol("x4-y", 4, "y", border=4), TILES):
        under = protocol if protocol.task == "generation" else None
        test, train = (Use(name, registry().get("dataset", name), {}, under=under) for name in (tested, trained))
        assert splits.check_leak(test, splits.survey(test, "test", protocol), train, protocol) == seen


def test_no_photograph_of_photographs_is_tested_twice_or_in_another_set() -> None:
    tested = [region.photograph for region in Photographs.testing]
    assert len(set(tested)) == len(tested) >= 12
    for kind in SETS:
        trained = {region.photograph for region in kind.training}
        assert not trained & set(tested)
        assert kind is Photographs or not set(tested) & {region.photograph for region in kind.testing}


@pytest.mark.parametrize("region", Photographs.testing, ids=lambda region: region.photograph)
def test_photographs_are_tested_on_their_middle_as_it_is(region: Region) -> None:
    width, height = Pillow.open(locate(region.photograph)).size
    for start, side, whole in ((region.top, region.height, height), (region.left, region.width, width)):
        assert side % 12 == 0
        assert min(whole, 384) - 12 < side <= 384
        assert abs(start - (whole - side - start)) <= 1


def test_nobody_s_photograph_is_shown_without_a_word_of_where_it_is_from() -> None:
    page = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text()
    for region in Photographs.testing:
        terms = PHOTOGRAPHS[region.photograph].terms
        for licence in re.findall(r"CC0|CC BY 2\.0|public domain|no known copyright|BSD-3-Clause", terms):
            (line,) = [line for line in page.splitlines() if line.startswith(f"| `{Path(region.photograph).stem}` |")]
            assert licence in line


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
    for name in PHOTOGRAPHS:
        (tmp_path / "skimage" / "data" / name).write_bytes(b"other")
    with pytest.raises(DatasetError, match=r"brick\.png: this version of scikit-image carries another picture"):
        Textures().prepare(tmp_path)


@pytest.mark.parametrize(("package", "distribution"), [("sklearn", "scikit-learn"), ("matplotlib", "matplotlib")])
def test_a_wheel_that_is_not_installed_is_named_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str, distribution: str
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))
    with pytest.raises(DatasetMissing, match=rf"comes with {distribution}, which .* pip install {distribution}$"):
        Photographs().prepare(tmp_path)
    Textures().prepare(tmp_path)
