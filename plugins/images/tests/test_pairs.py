"""HR and LR find each other by name and size, or the message names the files."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
from astropy.io import fits
from srbench_images.pairs import Pairs

from srbench import Protocol
from srbench.contract.dataset import DatasetError, DatasetMissing
from srbench.pictures import ImageError, Values, write_image

Size = tuple[int, int]


def put(path: Path, size: Size) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, np.full((*size, 3), len(path.stem), np.uint8))


def pair(split: Path, hr: str, lr: str, scale: int = 4, size: Size = (24, 36)) -> None:
    put(split / "HR" / hr, size)
    put(split / "LR" / lr, (size[0] // scale, size[1] // scale))


@pytest.mark.parametrize("lr", ["bird", "birdx4", "birdX4", "bird_x4", "bird-X4", "bird.x4"])
def test_a_partner_has_the_same_name_or_the_name_with_the_scale(lr: str, tmp_path: Path) -> None:
    pair(tmp_path / "validation", "bird.png", f"{lr}.png")
    dataset = Pairs(tmp_path)
    dataset.prepare(tmp_path / "nowhere")
    (item,) = dataset.test()
    assert item.id == "bird"
    assert list(item.lr) == [("bicubic", 4)]
    low = item.read_lr("bicubic", 4)
    assert low is not None
    assert low.shape == (6, 9, 3)
    assert item.read_lr("bicubic", 2) is None
    assert dataset.train() == []


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_the_scale_is_found_from_the_sizes(scale: int, tmp_path: Path) -> None:
    for name in ("a", "b"):
        pair(tmp_path / "validation", f"{name}.png", f"{name}.png", scale, (5 * scale, 7 * scale))
        pair(tmp_path / "train", f"{name}2.png", f"{name}2x{scale}.png", scale, (9 * scale, 4 * scale))
    dataset = Pairs(tmp_path, degradation="scanner")
    assert [list(item.lr) for item in (*dataset.test(), *dataset.train())] == [[("scanner", scale)]] * 4
    assert [item.id for item in dataset.train()] == ["a2", "b2"]


def test_an_hr_name_that_ends_like_a_scale_keeps_its_own_partner(tmp_path: Path) -> None:
    for name in ("a", "ax4", "plate-x2"):
        pair(tmp_path / "validation", f"{name}.png", f"{name}.png")
    items = Pairs(tmp_path).test()
    assert [item.id for item in items] == ["a", "ax4", "plate-x2"]
    assert all(picture.stem == item.id for item in items for picture in item.lr.values() if isinstance(picture, Path))


def test_the_folder_test_comes_before_validation_which_is_then_left_out(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "a.png", "a.png")
    assert [item.id for item in Pairs(tmp_path).test()] == ["a"]
    pair(tmp_path / "test", "b.png", "b.png")
    dataset = Pairs(tmp_path)
    assert [item.id for item in dataset.test()] == ["b"]
    assert dataset.remarks() == ["left out: 1 folder"]


def test_without_either_there_is_only_a_training_split(tmp_path: Path) -> None:
    pair(tmp_path / "train", "a.png", "a.png")
    dataset = Pairs(tmp_path)
    dataset.prepare(tmp_path)
    assert dataset.test() == []
    assert [item.id for item in dataset.train()] == ["a"]
    assert dataset.remarks() == []


def fails(root: Path, *parts: str) -> None:
    """`prepare` and both splits fail with these parts in this order."""
    pattern = ".*".join(re.escape(part) for part in parts)
    for attempt in (lambda: Pairs(root).prepare(root), lambda: Pairs(root).test(), lambda: Pairs(root).train()):
        with pytest.raises((DatasetError, DatasetMissing), match=pattern):
            attempt()


def test_folders_that_are_missing(tmp_path: Path) -> None:
    fails(tmp_path / "no", "no: there is no such folder", "test/HR")
    put(tmp_path / "validation" / "HR" / "a.png", (8, 8))
    fails(tmp_path, "validation/LR: there is no such folder")
    (tmp_path / "validation" / "LR").mkdir()
    fails(tmp_path, "validation/LR: holds no picture")


def test_a_missing_partner_is_named(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "bird.png", "bird.png")
    put(tmp_path / "validation" / "HR" / "zebra.png", (8, 8))
    fails(tmp_path, "HR/zebra.png: has no LR in", "zebra or zebrax4")
    (tmp_path / "validation" / "HR" / "zebra.png").unlink()
    put(tmp_path / "validation" / "LR" / "quokka.png", (2, 2))
    fails(tmp_path, "LR/quokka.png: has no HR in")


def test_a_misnamed_partner_is_suggested(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "butterfly.png", "buterfly.png")
    fails(tmp_path, "HR/butterfly.png: has no LR", "nearest name there is 'buterfly.png'")


def test_two_partners_are_both_named(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "a.png", "ax2.png", 2)
    pair(tmp_path / "validation", "a.png", "ax4.png", 4)
    fails(tmp_path, "LR/ax4.png: ax2.png is the LR of a already")


@pytest.mark.parametrize("low", [(5, 9), (6, 18), (48, 72), (7, 9)])
def test_a_wrong_ratio_says_both_sizes(low: Size, tmp_path: Path) -> None:
    put(tmp_path / "validation" / "HR" / "a.png", (24, 36))
    put(tmp_path / "validation" / "LR" / "a.png", low)
    fails(tmp_path, "HR/a.png is 36 x 24", "LR/a.png is " + f"{low[1]} x {low[0]}")


def test_a_name_that_lies_about_the_scale(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "a.png", "ax4.png", 2)
    fails(tmp_path, "LR/ax4.png: is named x4", "18 x 12", "x2")


@pytest.mark.parametrize("split", ["validation", "train"])
def test_two_scales_say_both_sizes(split: str, tmp_path: Path) -> None:
    pair(tmp_path / "validation", "a.png", "a.png", 4)
    pair(tmp_path / split, "b.png", "b.png", 2)
    fails(tmp_path, "a.png is 36 x 24 and its LR 9 x 6 (x4)", "b.png is 36 x 24 and its LR 18 x 12 (x2)")


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "a.png", "a.png")
    (tmp_path / "validation" / "LR" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    with pytest.raises(ImageError, match=r"LR/a\.png"):
        Pairs(tmp_path).prepare(tmp_path)


def test_what_was_left_out_is_counted_and_named(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "bird.png", "birdx4.png")
    (tmp_path / "validation" / "LR" / "bird.raw").write_bytes(b"?")
    (tmp_path / "validation" / "notes.txt").write_text("?")
    dataset = Pairs(tmp_path)
    dataset.prepare(tmp_path)
    assert dataset.remarks() == ["left out of validation: 1 file (.txt)", "left out of validation/LR: 1 file (.raw)"]


def test_groups_and_coded_ids(tmp_path: Path) -> None:
    for name in ("mueller_1", "mueller_2", "schmidt_1"):
        pair(tmp_path / "validation", f"{name}.png", f"{name}x4.png")
    group = re.compile("^([a-z]+)_")
    assert [item.group for item in Pairs(tmp_path, group=group).test()] == ["mueller", "mueller", "schmidt"]
    items = Pairs(tmp_path, group=group, ids="coded").test()
    assert [item.id for item in items] == ["image-0001", "image-0002", "image-0003"]
    assert sorted(item.group or "" for item in items) == ["group-001", "group-001", "group-002"] or sorted(
        item.group or "" for item in items
    ) == ["group-001", "group-002", "group-002"]
    for item in items:
        low = item.read_lr("bicubic", 4)
        assert low is not None
        assert low.shape == (6, 9, 3)
        assert "mueller" not in repr(item.group)


def test_no_message_about_coded_pairs_holds_a_name(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "mueller.png", "muellerx4.png")
    put(tmp_path / "validation" / "HR" / "schmidt.png", (24, 36))
    with pytest.raises(DatasetError) as caught:
        Pairs(tmp_path, ids="coded").prepare(tmp_path)
    assert not re.search("mueller|schmidt", str(caught.value))
    with pytest.raises(DatasetError, match="schmidt"):
        Pairs(tmp_path).prepare(tmp_path)


def test_a_damaged_lr_of_a_coded_image_is_named_by_its_id(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "mueller.png", "muellerx4.png")
    (item,) = Pairs(tmp_path, ids="coded").test()
    low = tmp_path / "validation" / "LR" / "muellerx4.png"
    low.write_bytes(low.read_bytes()[:60])
    with pytest.raises(ImageError, match="the LR of image-0001") as caught:
        item.read_lr("bicubic", 4)
    assert "mueller" not in str(caught.value)


def table(root: Path, *lines: str) -> None:
    (root / "items.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_table_says_label_group_region_and_values(tmp_path: Path) -> None:
    for name in ("P1_a", "P2_b"):
        pair(tmp_path / "test", f"{name}.png", f"{name}.png")
    table(
        tmp_path,
        "note,id,split,label,group,region,low,high",
        '"by hand, ""so""",P1_a,test,"cat, black",one,3 4 24 36,0,200.5',
        ",P2_b,test,,,,,",
    )
    dataset = Pairs(tmp_path)
    first, second = dataset.test()
    assert (first.label, first.group, first.region) == ("cat, black", "one", (3, 4, 24, 36))
    assert first.values == Values(0, 200.5)
    assert (second.label, second.group, second.region, second.values) == (None, None, None, None)
    assert dataset.remarks() == []
    for told in Pairs(tmp_path, peak=255, group=re.compile("^P[0-9]")).test():
        assert (told.values, told.group) == (Values(0, 255), told.id[:2])


def test_a_table_of_few_columns_will_do(tmp_path: Path) -> None:
    pair(tmp_path / "validation", "a.png", "a.png")
    table(tmp_path, "\ufeffid,split,label", "a,validation,cat")  # as spreadsheets write UTF-8
    (item,) = Pairs(tmp_path).test()
    assert (item.label, item.group, item.values) == ("cat", None, None)


def test_further_columns_of_the_table_divide_images_into_subgroups(tmp_path: Path) -> None:
    for name in "abc":
        pair(tmp_path / "test", f"{name}.png", f"{name}.png")
    table(tmp_path, "id,split,site,who", "a,test,Lyon,M. A.", "b,test,Graz,F. B.", "c,test,,")
    assert [dict(item.attributes) for item in Pairs(tmp_path, subgroups=["site"]).test()] == [
        {"site": "Lyon"},
        {"site": "Graz"},
        {},
    ]
    assert all(item.attributes == {} for item in Pairs(tmp_path).test())
    for asked in ("sitte", "hr"):
        with pytest.raises(DatasetError, match=f"`subgroups`: items.csv says '{asked}' of no picture"):
            Pairs(tmp_path, subgroups=[asked], ids="coded").test()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["id,label", "a,cat"], ["items.csv: the first line should name the columns, split too"]),
        ([""], ["items.csv: the first line should name the columns, id and split too"]),
        (["id,split", "a,test", "a,test"], ["items.csv:3: 'a' of 'test' is there twice"]),
        (["id,split,region", "a,test,1 2 3"], ["items.csv:2: a region is top, left, height and width", "'1 2 3'"]),
        (["id,split,low,high", "a,test,0,"], ["items.csv:2: black and white", "both or not at all"]),
        (["id,split,low,high", "a,test,9,1"], ["items.csv:2: values run from low (black) up to high (white)"]),
        (["id,split,low,high", "a,test,0,white"], ["items.csv:2:", "'white'"]),
        (["id,split"], ["items.csv: has no row with the split 'test' and the id 'a'"]),
        (["id,split", "a,test", "b"], ["items.csv: has 'b' of the split '', but there is no such picture"]),
        (["id,split", "a,test", "b,test"], ["items.csv: has 'b' of the split 'test', but there is no such picture"]),
    ],
)
def test_a_table_that_is_wrong_says_where(lines: list[str], words: list[str], tmp_path: Path) -> None:
    pair(tmp_path / "test", "a.png", "a.png")
    table(tmp_path, *lines)
    fails(tmp_path, *words)


def test_a_table_that_is_no_text_is_named(tmp_path: Path) -> None:
    pair(tmp_path / "test", "a.png", "a.png")
    (tmp_path / "items.csv").write_bytes(b"id,split\n\xff\xfe,test\n")
    fails(tmp_path, "items.csv: cannot be read")


def test_masks_have_the_names_of_hr(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pair(tmp_path / "test", f"{name}.png", f"{name}x4.png")
    mask = tmp_path / "test" / "mask" / "a.png"
    mask.parent.mkdir()
    write_image(mask, np.ones((24, 36, 1), np.uint8))
    dataset = Pairs(tmp_path)
    first, second = dataset.test()
    found = first.read_mask()
    assert found is not None
    assert (found.shape, second.read_mask()) == ((24, 36, 1), None)
    assert dataset.remarks() == []
    mask.rename(mask.with_name("c.png"))
    fails(tmp_path, "mask/c.png: has no HR in")


def test_the_mask_of_a_coded_image_tells_no_name(tmp_path: Path) -> None:
    pair(tmp_path / "test", "mueller.png", "mueller.png")
    mask = tmp_path / "test" / "mask" / "mueller.png"
    mask.parent.mkdir()
    write_image(mask, np.ones((24, 36, 1), np.uint8))
    (item,) = Pairs(tmp_path, ids="coded").test()
    assert item.read_mask() is not None
    mask.write_bytes(mask.read_bytes()[:60])
    with pytest.raises(ImageError, match="the mask of image-0001") as caught:
        item.read_mask()
    assert "mueller" not in str(caught.value)


def test_a_folder_that_was_not_prepared_to_its_end_is_refused(tmp_path: Path) -> None:
    pair(tmp_path / "test", "a.png", "a.png")
    (tmp_path / "UNFINISHED").touch()
    fails(tmp_path, "was not prepared to its end; run `srbench prepare` again")


def test_a_fraction_is_found_where_it_leaves_no_rest(tmp_path: Path) -> None:
    put(tmp_path / "test" / "HR" / "a.png", (40, 60))
    put(tmp_path / "test" / "LR" / "a.png", (28, 42))
    (item,) = Pairs(tmp_path).test()
    assert list(item.lr) == [("bicubic", Fraction(10, 7))]
    protocol = Protocol("p", Fraction(10, 7))
    assert protocol.shipped_lr(item) is not None


@pytest.mark.parametrize("scale", ["10/7", "20/14"])
def test_measured_pairs_of_a_declared_scale_may_have_rounded_sides(scale: str, tmp_path: Path) -> None:
    put(tmp_path / "test" / "HR" / "a.png", (57, 69))  # 4 x 4.9 mm at 70 micrometres, and at 100
    put(tmp_path / "test" / "LR" / "a.png", (39, 48))
    with pytest.raises(DatasetError, match="say the `scale`, such as 10/7"):
        Pairs(tmp_path).test()
    (item,) = Pairs(tmp_path, scale=scale).test()
    protocol = Protocol("p", Fraction(10, 7))
    hr, values = item.read_hr()
    assert protocol.lr(hr, values, item.id, protocol.shipped_lr(item)).shape == (35, 42, 3)
    put(tmp_path / "test" / "LR" / "a.png", (40, 48))
    with pytest.raises(DatasetError, match=r"a.png is 69 x 57 and its LR 48 x 40, which is no x10/7"):
        Pairs(tmp_path, scale="10/7").test()


def stacked(path: Path, side: int, pages: int = 3, dtype: str = "uint16") -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = np.random.default_rng(side).integers(0, 200, (pages, side, side)).astype(dtype)
    told = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(path, numbers, ome=True, metadata=told, photometric="minisblack")
    return numbers


def test_pages_of_two_stacks_are_pairs(tmp_path: Path) -> None:
    high, low = (stacked(tmp_path / "test" / name / "cell.tif", side) for name, side in (("HR", 12), ("LR", 6)))
    mask = stacked(tmp_path / "test" / "mask" / "cell.tif", 12, dtype="uint8")
    pair(tmp_path / "test", "alone.png", "alonex2.png", 2, (12, 12))
    alone, *items = Pairs(tmp_path).test()
    assert (alone.id, alone.group, alone.spacing) == ("alone", None, None)
    for number, item in enumerate(items):
        assert (item.id, item.group) == (f"cell-c{number}", "cell.tif")
        assert (item.spacing, item.spacing_unit) == ((0.5, 0.5), "um")
        np.testing.assert_array_equal(item.read_hr()[0][..., 0], high[number])
        lr, seen = item.read_lr("bicubic", 2), item.read_mask()
        assert lr is not None and seen is not None
        np.testing.assert_array_equal(lr[..., 0], low[number])
        np.testing.assert_array_equal(seen[..., 0], mask[number])
    (chosen,) = [item.id for item in Pairs(tmp_path, format={"tiff": {"channel": 1}}).test() if item.id != "alone"]
    assert chosen == "cell-c1"


def test_pairs_of_fits_have_their_spacing_and_keep_what_was_not_measured(tmp_path: Path) -> None:
    for name, side, step in (("HR", 12, 1.0), ("LR", 6, 2.0)):
        numbers = np.arange(side * side, dtype=np.float32).reshape(side, side)
        numbers[0, :3] = np.nan
        header = fits.Header(
            {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -step / 3600, "CDELT2": step / 3600}
        )
        (tmp_path / "test" / name).mkdir(parents=True)
        fits.PrimaryHDU(numbers, header).writeto(tmp_path / "test" / name / "m31.fits")
    (item,) = Pairs(tmp_path, peak=200).test()
    assert (item.id, item.spacing_unit) == ("m31", "arcsec") and item.spacing == pytest.approx((1, 1))
    hr, values, known = item.read_measured()
    assert (hr.shape, values.low, values.high) == ((12, 12, 1), 0, 200)
    assert known is not None and not known[0, :3].any() and (~known).sum() == 3
    lr = item.read_lr("bicubic", 2)
    assert lr is not None and lr.shape == (6, 6, 1)
    assert lr[0, :3].ravel() == pytest.approx(np.median(np.arange(3, 36)))  # what methods are given in gaps


def test_facts_of_pages_stand_in_the_table_under_their_names(tmp_path: Path) -> None:
    for name, side in (("HR", 12), ("LR", 6)):
        stacked(tmp_path / "test" / name / "a b.tif", side, pages=2)
    (tmp_path / "items.csv").write_text("id,split,label,group\na b-c0,test,x,P1\na b-c1,test,y,\n")
    assert [(item.label, item.group) for item in Pairs(tmp_path).test()] == [("x", "P1"), ("y", "a b.tif")]
    assert {item.id for item in Pairs(tmp_path, ids="coded").test()} == {"image-0001", "image-0002"}


def test_stacks_of_different_pages_are_told(tmp_path: Path) -> None:
    stacked(tmp_path / "test/HR/cell.tif", 12, pages=3)
    stacked(tmp_path / "test/LR/cell.tif", 6, pages=2)
    with pytest.raises(DatasetError, match=r"HR/cell\.tif has the pages c0, c1, c2, but .*LR/cell\.tif has c0, c1"):
        Pairs(tmp_path).prepare(tmp_path)


def test_a_test_folder_of_lr_alone_has_no_hr_and_is_tested_at_any_scale(tmp_path: Path) -> None:
    pair(tmp_path / "train", "bird.png", "birdx4.png")
    put(tmp_path / "test" / "LR" / "field.png", (7, 9))
    put(tmp_path / "test" / "LR" / "wall_x4.png", (5, 6))
    dataset = Pairs(tmp_path)
    dataset.prepare(tmp_path)
    items = {item.id: item for item in dataset.test()}
    assert [(item.hr, item.lr) for item in items.values()] == [(None, {})] * 2
    assert items["field"].read_own()[0].shape == (7, 9, 3) and set(items) == {"field", "wall_x4"}
    assert [item.id for item in dataset.train()] == ["bird"] and dataset.train()[0].lone_lr is None


def test_lr_alone_can_be_coded_and_has_a_row_in_the_table(tmp_path: Path) -> None:
    put(tmp_path / "test" / "LR" / "mueller.png", (7, 9))
    (item,) = Pairs(tmp_path, ids="coded").test()
    assert (item.id, item.name) == ("image-0001", "mueller.png")
    assert "mueller" not in str(item.own) and item.read_own()[0].shape == (7, 9, 3)
    (tmp_path / "items.csv").write_text("id,split,label\nschmidt,test,x\n")
    with pytest.raises(DatasetError, match="no row with the split 'test' and the id 'mueller'"):
        Pairs(tmp_path).test()
