"""What a folder's pictures belong to: classes, groups, splits, masks, and what their values mean."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from srbench_images.folder import Folder

import srbench
from srbench.contract.dataset import DatasetError
from srbench.pictures import Values, write_image
from srbench.registry import formats
from srbench.registry.parameters import resolve
from srbench.registry.registry import Plugin, Registry

RNG = np.random.default_rng(3)


def put(path: Path, dtype: type = np.uint8, high: int = 256, side: int = 12) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, RNG.integers(0, high, (side, side, 1)).astype(dtype))


@pytest.fixture
def lesions(tmp_path: Path) -> Path:
    """HAM10000 in small: pictures in two folders, masks in a third, a table beside them."""
    lines = ["lesion_id,image_id,dx"]
    for place in range(40):
        put(tmp_path / f"HAM/part_{place % 2 + 1}/ISIC_{place:03d}.png")
        put(tmp_path / f"HAM/masks/ISIC_{place:03d}_segmentation.png", high=1)
        lines.append(f"HAM_{place // 2},ISIC_{place:03d},{'mel' if place // 2 % 4 == 0 else 'nv'}")
    (tmp_path / "HAM/metadata.csv").write_text("\n".join(lines))
    return tmp_path / "HAM"


COLUMNS = {"file": "image_id", "label": "dx", "group": "lesion_id"}


def test_a_table_gives_classes_and_groups_and_no_lesion_is_on_both_sides(lesions: Path) -> None:
    dataset = Folder(
        lesions,
        table=lesions / "metadata.csv",
        columns=COLUMNS,
        masks="masks/{stem}_segmentation.png",
        split="groups",
        share=0.25,
    )
    train, test = dataset.train(), dataset.test()
    assert (len(train), len(test)) == (30, 10)
    assert not {item.group for item in train} & {item.group for item in test}
    assert Counter(item.label for item in test).keys() == {"mel", "nv"}
    assert all(item.mask is not None for item in [*train, *test])
    assert dataset.remarks() == []
    balanced = Folder(
        lesions, table=lesions / "metadata.csv", columns=COLUMNS, split="groups", balance=True, files="part_*/*.png"
    )
    counts = Counter(item.label for item in balanced.train())
    assert counts["mel"] == counts["nv"] > 0


def test_a_picture_that_no_row_is_about_and_a_mask_that_is_not_there_are_named(lesions: Path) -> None:
    (lesions / "masks/ISIC_003_segmentation.png").unlink()
    dataset = Folder(lesions, masks="masks/{stem}_segmentation.png")
    with pytest.raises(DatasetError, match=r"ISIC_003\.png: its mask .*ISIC_003_segmentation\.png is not there"):
        dataset.test()
    put(lesions / "part_1/ISIC_999.png")
    with pytest.raises(DatasetError, match=r"ISIC_999\.png: is not in .*metadata\.csv"):
        Folder(lesions, files="part_*/*", table=lesions / "metadata.csv", columns=COLUMNS).test()


def test_masks_may_lie_beside_the_folder_or_be_named_by_the_table(lesions: Path) -> None:
    inside = Folder(lesions, masks="masks/{stem}_segmentation.png", files="part_*/*").test()
    masks = (lesions / "masks").rename(lesions.parent / "masks")
    for place in ("../masks", str(masks)):
        items = Folder(lesions, masks=f"{place}/{{stem}}_segmentation.png").test()
        assert [item.id for item in items] == [item.id for item in inside]
        assert [str(item.mask) for item in items] == [
            str(lesions / place / f"{item.id.split('-')[-1]}_segmentation.png") for item in items
        ]
    put(lesions / "one.png", high=1)
    rows = [f"ISIC_{place:03d},one.png" for place in range(40)]
    (lesions / "masks.csv").write_text("\n".join(["image,mask", *rows]))
    told = Folder(lesions, table=lesions / "masks.csv", columns={"file": "image", "mask": "mask"}).test()
    assert [(item.id, str(item.mask)) for item in told] == [(item.id, str(lesions / "one.png")) for item in inside]


@pytest.mark.parametrize(
    "wrong", [{"files": "/data/*"}, {"files": "../*"}, {"files": ""}, {"masks": "{id}.png"}, {"masks": "{}/{stem"}]
)
def test_patterns_that_cannot_be_meant_are_refused_in_words(tmp_path: Path, wrong: dict[str, str]) -> None:
    put(tmp_path / "a.png")
    ((name, pattern),) = wrong.items()
    with pytest.raises(DatasetError, match=f"^`{name}: {re.escape(pattern)}` is no "):
        Folder(tmp_path, **wrong)


@pytest.mark.parametrize(
    ("preset", "head", "line", "label", "group"),
    [
        ("ham10000", "lesion_id,image_id,dx,dx_type", "L{0},p{0},nv,histo", "nv", "L0"),
        ("isic-2018", "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC", "p{0},0,1,0,0,0,0,0", "NV", None),
        ("isic-2020", "image_name,patient_id,benign_malignant,target", "p{0},L{0},benign,0", "benign", "L0"),
        ("pad-ufes-20", "patient_id,lesion_id,diagnostic,img_id", "L{0},1,BCC,p{0}.png", "BCC", "L0"),
    ],
)
def test_presets_name_the_columns_of_archives(
    tmp_path: Path, preset: str, head: str, line: str, label: str, group: str | None
) -> None:
    for place in range(10):
        put(tmp_path / "set" / f"p{place}.png")
    (tmp_path / "t.csv").write_text("\n".join([head, *(line.format(place) for place in range(10))]))
    params = resolve(Folder, {"preset": preset, "path": "set", "table": "t.csv"}, tmp_path)
    dataset = Folder(**params)
    items = {item.id: item for item in [*dataset.train(), *dataset.test()]}
    assert len(items) == 10 and len(dataset.test()) == 2
    assert (items["p0"].label, items["p0"].group) == (label, group)


def test_folders_are_classes_below_splits_as_kaggle_ships_them(tmp_path: Path) -> None:
    for split in ("Training", "Testing"):
        for kind in ("glioma", "notumor"):
            put(tmp_path / split / kind / "1.png")
    (tmp_path / "readme.md").write_text("?")
    dataset = Folder(tmp_path, classes="folders")
    assert [(item.id, item.label) for item in dataset.test()] == [("glioma-1", "glioma"), ("notumor-1", "notumor")]
    assert [item.id for item in dataset.train()] == ["glioma-1", "notumor-1"]
    assert dataset.remarks() == ["left out: 1 file (.md)"]


def test_the_preset_for_pictures_of_the_sky_takes_folders_for_classes(tmp_path: Path) -> None:
    for kind in ("galaxy", "nebula"):
        for place in range(10):
            put(tmp_path / "SpaceNet" / kind / f"{place}.png")
    dataset = Folder(**resolve(Folder, {"preset": "kaggle-astronomy", "path": "SpaceNet"}, tmp_path))
    assert (len(dataset.train()), len(dataset.test())) == (16, 4)
    assert {item.label for item in [*dataset.train(), *dataset.test()]} == {"galaxy", "nebula"}


def test_the_first_folder_may_name_the_patient(tmp_path: Path) -> None:
    for patient in range(10):
        for slice_ in range(3):
            put(tmp_path / f"Müller {patient}" / f"s{slice_}.png")
    dataset = Folder(tmp_path, groups="folders", split="groups", ids="coded", share=0.3)
    train, test = dataset.train(), dataset.test()
    assert (len({item.group for item in train}), len({item.group for item in test})) == (7, 3)
    assert not {item.group for item in train} & {item.group for item in test}
    assert all("ller" not in f"{item.id}{item.group}{item.hr}" for item in [*train, *test])


def test_a_table_may_name_the_split(tmp_path: Path) -> None:
    for name in "abcd":
        put(tmp_path / f"{name}.png")
    (tmp_path / "t.csv").write_text("f,set\na,train\nb,test\nc,Training\nd,holdout\n")
    dataset = Folder(tmp_path, table=tmp_path / "t.csv", columns={"file": "f", "split": "set"}, split="table")
    assert [item.id for item in dataset.train()] == ["a", "c"]
    assert [item.id for item in dataset.test()] == ["b"]
    assert dataset.remarks() == ["left out: 1 of the split 'holdout'"]


def test_a_range_is_black_and_white_and_cuts_off_what_is_beyond(tmp_path: Path) -> None:
    put(tmp_path / "a.png", np.uint16, 65536)
    (item,) = Folder(tmp_path, range=(1000, 5000), window=(2000, 3000)).test()
    image, values = item.read_hr()
    assert values == Values(1000, 5000, window=(2000, 3000))
    assert (image.min(), image.max()) == (1000, 5000)
    (whole,) = Folder(tmp_path, peak=65535).test()
    assert whole.hr == tmp_path / "a.png"


def test_each_image_may_have_its_own_black_and_white(tmp_path: Path) -> None:
    for name, high in (("a", 100), ("b", 200)):
        put(tmp_path / f"{name}.png", high=high)
    for item in Folder(tmp_path, normalise="image").test():
        image, values = item.read_hr()
        assert (values.low, values.high) == (image.min(), image.max())
    for item in Folder(tmp_path, normalise="percentile").test():
        raw = item.values
        image, _ = item.read_hr()
        assert raw is not None and image.min() >= raw.low - 1 and image.max() <= raw.high + 1


def test_a_curve_bends_at_the_background(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).normal(50, 4, (40, 40, 1)).astype(np.float32)
    pixels[5, 5] = 4000
    write_image(tmp_path / "sky.tiff", pixels)
    (item,) = Folder(tmp_path, range=(0, 4000), curve="asinh").test()
    assert item.values is not None and item.values.curve == "asinh"
    assert item.values.pivot == pytest.approx(50, abs=0.5) and item.values.knee == pytest.approx(12, rel=0.1)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"peak": 4095.0, "range": (0, 1)}, "`peak` is the short form"),
        ({"normalise": "image", "range": (0, 1)}, "leave `range` and `peak` out"),
        ({"columns": {"file": "f"}}, "`table` and `columns` belong together"),
        ({"window": (0, 1)}, "`curve` and `window` need a `range`"),
        ({"split": "groups"}, "belongs to no group"),
        ({"split": "table"}, "`split: table` needs a table"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, params, words: str) -> None:
    for name in "ab":
        put(tmp_path / f"{name}.png")
    with pytest.raises(DatasetError, match=words):
        Folder(tmp_path, **params).prepare(tmp_path)


class Toy(srbench.Format):
    """Squares of 16 floats, as text; of a patient, and not to be read where the text ends early."""

    suffixes = (".toy",)

    def frames(self, path):
        return [srbench.Frame(path, group=path.stem[0], values=Values(0, 1000))]

    def read(self, frame):
        numbers = [float(word) for word in frame.path.read_text().split()]
        if len(numbers) < 256:
            raise srbench.ImageError(f"{frame.path}: ends early")
        return np.array(numbers, np.float32).reshape(16, 16, 1)


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    module = ModuleType("toy")
    module.srbench_formats = srbench.hookimpl(lambda: [srbench.Entry("toy", Toy)])  # type: ignore[attr-defined]
    module.srbench_formats.__name__ = "srbench_formats"
    made = Registry()
    made.add(Plugin("toy", "srbench-toy", "1", "toy"), module)
    monkeypatch.setattr(formats, "registry", lambda: made)
    for name in ("Mueller", "Schmidt", "Weber"):
        path = tmp_path / name / f"{name}.toy"
        path.parent.mkdir()
        path.write_text(" ".join(map(str, RNG.integers(100, 900, 256))))
    return tmp_path


def test_a_picture_that_cannot_be_read_is_left_out_and_counted_once(toys: Path) -> None:
    (toys / "Weber" / "x.toy").write_text("1 2 3")
    dataset = Folder(toys, curve="asinh")
    assert len(dataset.test()) == 3
    assert dataset.remarks() == ["left out: 1 file: ends early"]
    named = Folder(toys, curve="asinh", groups="folders", ids="names")
    assert named.remarks() == ["left out: 1 file (x.toy): ends early"]


@pytest.mark.parametrize("groups", [None, "header", "folders", "none"])
def test_where_headers_name_patients_names_are_kept_unless_asked_for(toys: Path, groups) -> None:
    dataset = Folder(toys, groups=groups)
    assert all("image-" in item.id for item in dataset.test()) and dataset.coded
    asked = Folder(toys, groups=groups, ids="names")
    if groups in ("folders", "none"):
        assert asked.test()[0].id == "Mueller-Mueller" and not asked.coded
    else:
        with pytest.raises(DatasetError, match="headers name patients"):
            asked.test()


def test_a_folder_beside_the_splits_is_named_only_where_names_may_be(tmp_path: Path) -> None:
    for folder in ("train", "test", "Mueller"):
        put(tmp_path / folder / f"{folder}.png")
    assert Folder(tmp_path).remarks() == ["left out: 1 of the split 'Mueller'"]
    assert Folder(tmp_path, ids="coded").remarks() == ["left out: 1 of the split 'neither train nor test'"]


def test_floats_of_any_range_are_resized_within_their_own(toys: Path) -> None:
    for item in Folder(toys, normalise="image", resize=8).test():
        image, values = item.read_hr()
        assert image.shape == (8, 8, 1) and 100 <= image.min() < image.max() <= 900 and image.max() > 300
        assert (values.low, values.high) == (image.min(), image.max())


def test_columns_of_the_table_divide_images_into_subgroups(lesions: Path) -> None:
    rows = (lesions / "metadata.csv").read_text().splitlines()
    sites = ["site,age", *(f"{('Lyon', 'Graz', '')[place % 3]},{30 + place}" for place in range(40))]
    (lesions / "metadata.csv").write_text("\n".join(f"{row},{more}" for row, more in zip(rows, sites, strict=True)))

    def made(*subgroups: str, **others: object) -> Folder:
        return Folder(
            lesions,
            files="part_*/*.png",
            table=lesions / "metadata.csv",
            columns={"file": "image_id"},
            subgroups=[*subgroups],
            **others,
        )

    found = {item.id: dict(item.attributes) for item in made("site", "age").test()}
    assert found["part_1-ISIC_000"] == {"site": "Lyon", "age": "30"}
    assert found["part_1-ISIC_002"] == {"age": "32"}  # an empty cell is nothing known
    assert all(item.attributes == {} for item in made().test())  # no column that nobody names
    coded = made("site", ids="coded").test()
    assert Counter(item.attributes.get("site") for item in coded) == {"Lyon": 14, "Graz": 13, None: 13}
    with pytest.raises(DatasetError, match=r"`subgroups`: of no picture is 'sitte' known.*Did you mean 'site'"):
        made("sitte", ids="coded").test()
