"""A user's folder becomes items with safe, unique, unchanging ids, or an error that names the file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from srbench_images.folder import Folder
from srbench_images.listing import safe_id

from srbench.dataset import DatasetError, DatasetMissing
from srbench.image import ImageError, write_image

SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def put(path: Path, value: int = 7) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path.with_suffix(".png"), np.full((8, 8, 1), value, np.uint8))
    return path.with_suffix(".png").rename(path)


def test_every_picture_is_a_test_item_and_the_rest_is_passed_over(tmp_path: Path) -> None:
    for name in ("b.png", "a.PNG", "c.JpG", "d.tiff", ".hidden.png"):
        put(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "Thumbs.db").write_bytes(b"\0")
    (tmp_path / "sub.png").mkdir()
    dataset = Folder(tmp_path)
    dataset.prepare(tmp_path / "nowhere")
    assert [item.id for item in dataset.test()] == ["a", "b", "c", "d"]
    assert dataset.train() == []
    assert dataset.test()[0].read_hr()[0].tolist() == np.full((8, 8, 1), 7).tolist()


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"broken")
    dataset = Folder(tmp_path)
    dataset.prepare(tmp_path)
    (item,) = dataset.test()
    with pytest.raises(ImageError, match=r"broken\.png"):
        item.read_hr()


def test_train_and_test_folders_are_the_splits(tmp_path: Path) -> None:
    put(tmp_path / "train" / "x.png")
    put(tmp_path / "test" / "y.png")
    dataset = Folder(tmp_path)
    assert [item.id for item in dataset.train()] == ["x"]
    assert [item.id for item in dataset.test()] == ["y"]


def test_a_test_folder_alone_has_nothing_to_train_on(tmp_path: Path) -> None:
    put(tmp_path / "test" / "y.png")
    assert Folder(tmp_path).train() == []
    assert [item.id for item in Folder(tmp_path).test()] == ["y"]


def test_splits_that_cannot_be_meant_are_errors(tmp_path: Path) -> None:
    put(tmp_path / "train" / "x.png")
    with pytest.raises(DatasetError, match="has the folder train but no folder test"):
        Folder(tmp_path).prepare(tmp_path)
    put(tmp_path / "test" / "y.png")
    put(tmp_path / "loose.png")
    with pytest.raises(DatasetError, match=r"loose\.png lies beside test"):
        Folder(tmp_path).prepare(tmp_path)


def test_a_folder_that_is_not_there_or_holds_no_picture(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match=f"{tmp_path / 'no'}: there is no such folder"):
        Folder(tmp_path / "no").prepare(tmp_path)
    with pytest.raises(DatasetError, match=r"holds no picture.*\.png"):
        Folder(tmp_path).prepare(tmp_path)
    file = put(tmp_path / "a.png")
    with pytest.raises(DatasetError, match="is a file; give the folder"):
        Folder(file).prepare(tmp_path)


@pytest.mark.parametrize(("first", "second"), [("a.jpg", "a.png"), ("A.png", "a.png"), ("x.TIF", "x.tif")])
def test_two_files_with_one_id_are_both_named(first: str, second: str, tmp_path: Path) -> None:
    put(tmp_path / first)
    put(tmp_path / second)
    with pytest.raises(DatasetError, match=f"{re.escape(first)} and {re.escape(second)} would both have the id"):
        Folder(tmp_path).prepare(tmp_path)


def test_spaces_accents_and_other_scripts(tmp_path: Path) -> None:
    names = [
        "Übung 1.png",
        "Ubung_1.png",
        "Ubung 1.png",
        "日本.png",
        "<b>x.png",
        "-rf.png",
        "it's; rm.png",
        "good-1.x.png",
    ]
    for value, name in enumerate(names):
        put(tmp_path / name, value)
    items = Folder(tmp_path).test()
    assert len({item.id for item in items}) == len(names)
    assert all(SAFE.fullmatch(item.id) for item in items)
    assert {"Ubung_1", "good-1.x"} <= {item.id for item in items}
    assert [item.id for item in items] == [item.id for item in Folder(tmp_path).test()]
    assert sorted(int(item.read_hr()[0][0, 0, 0]) for item in items) == list(range(len(names)))


def test_a_name_is_the_same_however_its_accents_are_spelled() -> None:
    assert safe_id("caf\u00e9") == safe_id("cafe\u0301")


@given(st.text(min_size=1, max_size=150).filter(lambda text: "/" not in text and "\0" not in text))
def test_every_id_is_a_safe_file_name(stem: str) -> None:
    name = safe_id(stem)
    assert SAFE.fullmatch(name)
    assert len(name) <= 100
    assert safe_id(name) == name


def test_a_declared_white_reaches_the_items(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", np.full((8, 8, 1), 4095, np.uint16))
    (item,) = Folder(tmp_path, peak=4095).test()
    assert item.read_hr()[1] == 4095
