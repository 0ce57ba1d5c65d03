"""A user's folder becomes items with safe, unique, unchanging ids, or an error that names the file."""

from __future__ import annotations

import os
import re
import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from srbench_images.folder import Folder
from srbench_images.listing import safe_id

from srbench.contract.dataset import DatasetError, DatasetMissing
from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError
from srbench.pictures import ImageError, Values, write_image
from srbench.registry.parameters import ParameterError, resolve
from srbench.runner.planning.survey import Surveyor

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


def test_what_was_left_out_is_counted_and_named(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    assert Folder(tmp_path).remarks() == []
    for name in ("b.psd", "c.avif", "d.GIF", "e.gif", "f.a name", ".hidden.gif", "._a.tif", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"?")
    for name in ("one", "two", "__MACOSX", ".git"):
        (tmp_path / name).mkdir()
    dataset = Folder(tmp_path)
    dataset.prepare(tmp_path)
    assert dataset.remarks() == ["left out: 5 files (.avif, .gif, .psd)"]


def test_what_was_left_out_of_splits_is_told_too(tmp_path: Path) -> None:
    for split in ("train", "test"):
        put(tmp_path / split / f"{split}.png")
    (tmp_path / "test" / "a.psd").write_bytes(b"?")
    (tmp_path / "readme.txt").write_text("?")
    dataset = Folder(tmp_path)
    dataset.prepare(tmp_path)
    assert dataset.remarks() == ["left out: 2 files (.psd, .txt)"]


def test_a_link_to_a_picture_that_was_not_fetched_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "set" / "a.png")
    (tmp_path / "set" / "b.png").symlink_to(tmp_path / "annex" / "b.png")
    with pytest.raises(DatasetError, match=r"b\.png: is a symbolic link to .*annex/b\.png, which is not there"):
        Folder(tmp_path / "set").prepare(tmp_path)
    (tmp_path / "set" / "c.png").symlink_to("c.png")
    with pytest.raises(DatasetError, match=r"b\.png: .* which is not there; nor are the files of 1 more"):
        Folder(tmp_path / "set").prepare(tmp_path)
    (tmp_path / "set" / "c.png").unlink()
    (tmp_path / "annex").mkdir()
    put(tmp_path / "annex" / "b.png")
    assert [item.id for item in Folder(tmp_path / "set").test()] == ["a", "b"]


def test_a_group_is_what_an_expression_finds_in_the_name(tmp_path: Path) -> None:
    for name in ("P01_s1.png", "P01_s2.png", "P02_s1.png"):
        put(tmp_path / name)
    assert [item.group for item in Folder(tmp_path).test()] == [None] * 3
    assert [item.group for item in Folder(tmp_path, group=re.compile("^P[0-9]+")).test()] == ["P01", "P01", "P02"]
    assert [item.group for item in Folder(tmp_path, group=re.compile("^P([0-9]+)")).test()] == ["01", "01", "02"]
    put(tmp_path / "Q3.png")
    with pytest.raises(DatasetError, match=r"Q3\.png: `group: \^P\[0-9\]\+` finds nothing in its name"):
        Folder(tmp_path, group=re.compile("^P[0-9]+")).prepare(tmp_path)


def test_an_expression_that_is_none_is_an_error_of_the_matrix() -> None:
    with pytest.raises(ParameterError, match=r"group: .*P\[0-9.* is no regular expression: unterminated character set"):
        resolve(Folder, {"path": ".", "group": "P[0-9"})
    assert resolve(Folder, {"path": ".", "group": "^P"})["group"] == re.compile("^P")


def test_a_name_that_is_not_the_id_is_kept_and_can_be_printed(tmp_path: Path) -> None:
    put(tmp_path / "plain.png")
    put(tmp_path / "\u043f\u0430\u0446\u0438\u0435\u043d\u0442.png")
    put(tmp_path / os.fsdecode(b"M\xfcnchen.png"))
    put(tmp_path / "new\nline.png")
    items = Folder(tmp_path).test()
    assert all(SAFE.fullmatch(item.id) for item in items)
    names = {item.name for item in items}
    assert names == {None, "\u043f\u0430\u0446\u0438\u0435\u043d\u0442.png", "M\\udcfcnchen.png", "new\\nline.png"}
    assert all(name is None or name.isprintable() for name in names)
    for item in items:
        item.read_hr()


def test_a_picture_whose_name_is_no_text_is_named_in_messages_that_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"M\xfcnchen.png")).write_bytes(b"no picture")
    (item,) = Folder(tmp_path).test()
    with pytest.raises(ImageError) as caught:
        item.read_hr()
    assert "M\\udcfcnchen.png" in str(caught.value)
    assert str(caught.value).encode()
    with pytest.raises(DatasetError, match=r"M\\udcfcnchen\.png"):
        Surveyor().survey([item], Protocol("x2", 2))


PATIENTS = ("mueller_1", "mueller_2", "schmidt_1")
SURNAME = re.compile("^[a-z]+")


def patients(folder: Path, *splits: str) -> None:
    for split in splits:
        for value, name in enumerate(PATIENTS):
            put(folder / split / f"{name}.png", value + 10 * len(split))


def test_coded_ids_and_groups_tell_nothing_of_names(tmp_path: Path) -> None:
    patients(tmp_path, "train", "test")
    dataset = Folder(tmp_path, ids="coded", group=SURNAME)
    dataset.prepare(tmp_path)
    train, test = dataset.train(), dataset.test()
    for items in (train, test):
        assert [item.id for item in items] == ["image-0001", "image-0002", "image-0003"]
        assert {item.name for item in items} == {f"{name}.png" for name in PATIENTS}
        groups = {item.name: item.group for item in items}
        assert groups["mueller_1.png"] == groups["mueller_2.png"] != groups["schmidt_1.png"]
    # One patient has one group in both splits, so that a leak is still found.
    assert {item.name: item.group for item in train} == {item.name: item.group for item in test}
    assert {item.group for item in test} == {"group-001", "group-002"}
    assert "mueller" not in repr([replace(item, name=None, hr=Path("picture")) for item in test])


def test_the_order_of_coded_ids_is_that_of_the_content_and_not_of_the_names(tmp_path: Path) -> None:
    for folder, names in (("one", "abcd"), ("two", "dcba")):
        for value, name in enumerate(names):
            put(tmp_path / folder / f"{name}.png", value)

    def pixels(folder: str) -> list[int]:
        return [int(item.read_hr()[0][0, 0, 0]) for item in Folder(tmp_path / folder, ids="coded").test()]

    assert pixels("one") == pixels("two")


@pytest.mark.parametrize("trouble", ["twice", "link", "loose", "group", "damaged", "missing"])
def test_no_message_about_coded_images_holds_a_name(tmp_path: Path, trouble: str) -> None:
    folder = tmp_path / "mueller"
    patients(folder, "test")
    if trouble == "twice":
        put(folder / "test" / "mueller_3.png").rename(folder / "test" / "mueller_1.tif")
    elif trouble == "link":
        (folder / "test" / "mueller_4.png").symlink_to(folder / "mueller_4")
    elif trouble == "loose":
        put(folder / "mueller_5.png")
    elif trouble == "damaged":
        (folder / "test" / "mueller_1.png").write_bytes((folder / "test" / "mueller_1.png").read_bytes()[:60])
    elif trouble == "missing":
        folder = tmp_path / "mueller" / "gone"
    dataset = Folder(folder, ids="coded", group=re.compile("^schmidt") if trouble == "group" else None)
    with pytest.raises(SrbenchError) as caught:
        Surveyor().survey(dataset.test(), Protocol("x2", 2))
    shown = "".join(traceback.format_exception(caught.value))
    messages = [line for line in shown.splitlines() if "Error: " in line or "Missing: " in line]
    assert messages
    assert not any("mueller" in message for message in messages)
    if trouble in ("group", "damaged"):
        assert re.search(r"image-000\d", str(caught.value))


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


def test_a_folder_that_is_not_there_or_holds_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(DatasetMissing, match=f"{tmp_path / 'no'}: there is no such folder"):
        Folder(tmp_path / "no").prepare(tmp_path)
    with pytest.raises(DatasetError, match=r"holds no picture.*\.png"):
        Folder(tmp_path).prepare(tmp_path)
    file = put(tmp_path / "a.png")
    with pytest.raises(DatasetError, match=r"a\.png: cannot be unpacked: it is neither a zip nor a tar archive"):
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
    assert item.read_hr()[1] == Values(0, 4095)


def test_pictures_may_be_lr_of_which_nobody_has_hr(tmp_path: Path) -> None:
    for name in ("train/a.png", "test/b.png"):
        put(tmp_path / name)
    dataset = Folder(tmp_path, lr_alone=True, grey=True)
    whole = Folder(tmp_path, grey=True)
    for items, others in ((dataset.train(), whole.train()), (dataset.test(), whole.test())):
        (item,), (other,) = items, others
        assert (item.id, item.hr) == (other.id, None)
        assert np.array_equal(item.read_own()[0], other.read_hr()[0])
    (coded,) = Folder(tmp_path, lr_alone=True, ids="coded").test()
    assert coded.hr is None and coded.read_own()[0].ndim == 3
    with pytest.raises(DatasetError, match="`masks` are of HR"):
        Folder(tmp_path, lr_alone=True, masks="{stem}.png")
