"""Named sets are found under the data root; what is absent is said with the place where it belongs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from srbench_images import named
from srbench_images.named import T91, Bsd100, Div2k, Manga109, Set5, Set14, Urban100

from srbench.contract.dataset import Dataset, DatasetError, DatasetMissing
from srbench.pictures import Values, write_image

SETS: list[type[named._Named]] = [Set5, Set14, Bsd100, Urban100, Manga109, Div2k, T91]


def put(path: Path, side: int = 24) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, np.full((side, side, 3), 9, np.uint8))


def test_set5_comes_with_its_lr(data_root: Path) -> None:
    dataset = Set5()
    dataset.prepare(data_root)
    items = dataset.test()
    assert [item.id for item in items] == ["baby", "bird", "butterfly", "head", "woman"]
    assert list(dataset.train()) == []
    for item in items:
        hr, values = item.read_hr()
        assert values == Values(0, 255)
        assert sorted(item.lr) == [("bicubic", 2), ("bicubic", 3), ("bicubic", 4)]
        for scale in (2, 3, 4):
            lr = item.read_lr("bicubic", scale)
            assert lr is not None
            assert lr.shape == (hr.shape[0] // scale, hr.shape[1] // scale, 3)


def test_t91_is_trained_on_and_not_tested_on(data_root: Path) -> None:
    dataset = T91()
    dataset.prepare(data_root)
    assert len(dataset.train()) == 91
    assert all(item.read_hr()[0].shape[-1] == 3 for item in dataset.train())
    assert dataset.test() == []


@pytest.mark.parametrize("kind", SETS)
def test_hr_and_lr_folders(kind: type[named._Named], tmp_path: Path) -> None:
    for name in ("0001", "0900"):
        put(tmp_path / kind.folder / "HR" / f"{name}.png")
        put(tmp_path / kind.folder / "LR_bicubic" / "X8" / f"{name}x8.png", 3)
    dataset = kind()
    dataset.prepare(tmp_path)
    last = [*dataset.train(), *dataset.test()][-1]
    assert last.id == "0900"
    lr = last.read_lr("bicubic", 8)
    assert lr is not None
    assert lr.shape == (3, 3, 3)


@pytest.mark.parametrize("kind", SETS)
def test_a_flat_folder_is_hr_alone(kind: type[named._Named], tmp_path: Path) -> None:
    put(tmp_path / kind.folder / "0850.png")
    dataset = kind()
    dataset.prepare(tmp_path)
    (item,) = [*dataset.train(), *dataset.test()]
    assert item.id == "0850"
    assert not item.lr


@pytest.mark.parametrize("kind", SETS)
def test_an_absent_set_says_where_it_belongs(kind: type[named._Named], tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match=f"no folder {tmp_path / kind.folder}.*{tmp_path / kind.folder / 'HR'}"):
        kind().prepare(tmp_path)
    with pytest.raises(DatasetMissing, match="no folder"):
        kind().prepare(tmp_path / "no" / "root")
    (tmp_path / kind.folder).mkdir()
    with pytest.raises(DatasetMissing, match="neither a folder HR nor pictures"):
        kind().prepare(tmp_path)


def test_a_folder_in_other_case_is_pointed_out(tmp_path: Path) -> None:
    put(tmp_path / "Set14" / "HR" / "a.png")
    with pytest.raises(DatasetMissing, match=f"Rename {tmp_path / 'Set14'} to set14"):
        Set14().prepare(tmp_path)


def test_an_lr_that_is_missing_is_named(tmp_path: Path) -> None:
    put(tmp_path / "set5" / "HR" / "a.png")
    put(tmp_path / "set5" / "HR" / "b.png")
    put(tmp_path / "set5" / "LR_bicubic" / "X2" / "ax2.png", 12)
    with pytest.raises(DatasetError, match=r"X2: bx2\.png is missing"):
        Set5().prepare(tmp_path)


def test_div2k_is_split_by_number(tmp_path: Path) -> None:
    names = ["0001", "0800", "0801", "0900", "photo"]
    for name in names:
        put(tmp_path / "div2k" / "HR" / f"{name}.png")
    dataset: Dataset = Div2k()
    dataset.prepare(tmp_path)
    assert [item.id for item in dataset.train()] == ["0001", "0800"]
    assert [item.id for item in dataset.test()] == ["0801", "0900", "photo"]


def test_unprepared_sets_say_so() -> None:
    with pytest.raises(DatasetMissing, match="prepare"):
        Set5().test()


def test_what_was_left_out_is_counted_and_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(tmp_path / "set5" / f"{name}.png")
    (tmp_path / "set5" / "c.gif").write_bytes(b"?")
    dataset = Set5()
    dataset.prepare(tmp_path)
    assert dataset.remarks() == ["left out: 1 file (.gif)"]


@pytest.mark.parametrize("kind", SETS)
def test_an_absent_set_says_how_to_get_it(kind: type[named._Named], tmp_path: Path) -> None:
    asked_for = {"manga109": "http://www.manga109.org", "t91": "Yang et al."}
    with pytest.raises(DatasetMissing) as caught:
        kind().prepare(tmp_path)
    assert asked_for.get(kind.folder, f"`srbench fetch {kind.folder}` gets it") in str(caught.value)
    assert [one.name for one in kind.published] == ([] if kind.folder in asked_for else [kind.folder])


@pytest.mark.parametrize("kind", [kind for kind in SETS if kind.published])
def test_what_is_unpacked_of_a_set_is_what_is_found(kind: type[named._Named], tmp_path: Path) -> None:
    (published,) = kind.published
    for archive in published.archives:
        for members in archive.members:
            scale = members.folder.partition("/X")[2]
            offset = 800 if "valid" in archive.file else 0
            for number in range(offset + 1, offset + members.count + 1):
                path = tmp_path / published.folder / members.folder / f"{number:04d}{f'x{scale}' if scale else ''}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"")
    dataset = kind()
    dataset.prepare(tmp_path)
    counts = {"set5": (0, 5), "set14": (0, 14), "bsd100": (0, 100), "urban100": (0, 100), "div2k": (800, 100)}
    assert (len(list(dataset.train())), len(list(dataset.test()))) == counts[kind.folder]
    scales = () if kind is Div2k else (2, 3, 4)
    assert {tuple(item.lr) for item in dataset.test()} == {tuple(("bicubic", scale) for scale in scales)}
