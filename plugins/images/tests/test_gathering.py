"""Pictures in archives, as Kaggle and ISIC ship them: the same dataset as the folder that they were packed from."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from srbench_images.folder import Folder
from srbench_images.pairs import Pairs

import srbench
from srbench.contract.dataset import DatasetError, DatasetMissing
from srbench.matrix import read_matrix
from srbench.pictures import write_image

RNG = np.random.default_rng(4)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def put(path: Path, side: int = 12) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, RNG.integers(0, 256, (side, side, 1)).astype(np.uint8))
    return path


def packed(path: Path, folder: Path, below: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for one in sorted(folder.rglob("*")):
            archive.write(one, Path(below) / one.relative_to(folder))
    return path


def facts(dataset: srbench.Dataset) -> list[tuple[object, ...]]:
    return [
        (split, item.id, item.label, item.group, item.read_hr()[0].tobytes(), item.mask is None)
        for split, items in (("train", dataset.train()), ("test", dataset.test()))
        for item in items
    ]


def test_an_archive_is_the_folder_that_was_packed(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for kind in ("cat", "dog"):
            put(tmp_path / "pets" / split / kind / "a.png")
    (tmp_path / "pets" / "__MACOSX").mkdir()
    (tmp_path / "pets" / "__MACOSX" / "._a.png").write_bytes(b"of a Mac")
    archive = packed(tmp_path / "pets.zip", tmp_path / "pets", below="pets-1.0")
    found = Folder(archive, classes="folders")
    assert facts(found) == facts(Folder(tmp_path / "pets", classes="folders"))
    assert found.remarks() == []


def test_archives_beside_their_table_are_taken_in(tmp_path: Path) -> None:
    """HAM10000 as it is downloaded: two parts, the masks, and a table."""
    lines = ["lesion_id,image_id,dx"]
    for place in range(6):
        put(tmp_path / f"whole/part_{place % 2}/ISIC_{place}.png")
        put(tmp_path / f"whole/masks/ISIC_{place}_segmentation.png")
        lines.append(f"HAM_{place // 2},ISIC_{place},{'mel' if place < 2 else 'nv'}")
    for name in ("part_0", "part_1", "masks"):
        packed(tmp_path / f"download/{name}.zip", tmp_path / "whole" / name, below=name if name == "masks" else "")
    (tmp_path / "download/table.csv").write_text("\n".join(lines))
    told = {
        "table": tmp_path / "download/table.csv",
        "columns": {"file": "image_id", "label": "dx", "group": "lesion_id"},
        "masks": "masks/{stem}_segmentation.png",
        "files": "part_*/*.png",
    }
    found = facts(Folder(tmp_path / "download", **told))
    assert found == facts(Folder(tmp_path / "whole", **told))
    assert len(found) == 6 and not any(bare for *_, bare in found)


def test_archives_beside_pictures_are_left_out_and_told(tmp_path: Path, cache: Path) -> None:
    put(tmp_path / "pets" / "a.png")
    packed(tmp_path / "pets" / "same.zip", tmp_path / "pets")
    found = Folder(tmp_path / "pets")
    assert [item.id for item in found.test()] == ["a"]
    assert found.remarks() == ["left out: 1 file (.zip)"]
    assert not (cache / "srbench" / "archives").exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_table_may_lie_with_the_pictures_as_archives_have_it(tmp_path: Path, zipped: bool) -> None:
    folder = tmp_path / "skin" / "ham"
    for place in range(10):
        put(folder / f"part_{place % 2 + 1}" / f"p{place}.png")
    lines = ["lesion_id,image_id,dx", *(f"L{place},p{place},nv" for place in range(10))]
    (folder / "meta.csv").write_text("\n".join(lines))
    path = packed(tmp_path / "ham.zip", tmp_path / "skin") if zipped else folder
    matrix = tmp_path / "m.yaml"
    matrix.write_text(
        f"name: m\ndatasets: [folder: {{preset: ham10000, path: {path}, table: meta.csv}}]\nprotocols: [x2-y]\n"
        "methods: [bicubic]\nmetrics: [psnr]\n"
    )
    params = read_matrix(matrix).datasets[0].params
    dataset = Folder(**params)
    items = [*dataset.train(), *dataset.test()]
    assert {(item.label, item.group) for item in items} == {("nv", f"L{place}") for place in range(10)}
    assert dataset.remarks() == []
    with pytest.raises(DatasetError, match=r"meter\.csv: cannot be read"):
        Folder(**params | {"table": tmp_path / "meter.csv"}).test()
    (tmp_path / "meta.csv").write_text("lesion_id,image_id,dx\nL0,p0,mel\n")  # the one that is named goes before
    with pytest.raises(DatasetError, match=rf"p\d\.png: is not in {re.escape(str(tmp_path / 'meta.csv'))}"):
        Folder(**params).test()


def test_an_archive_without_pictures_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("?")
    archive = packed(tmp_path / "texts.zip", tmp_path / "texts")
    with pytest.raises(DatasetError, match=r"texts\.zip: holds no picture .*; left out: 1 file \(\.txt\)"):
        Folder(archive).prepare(tmp_path)
    archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(DatasetError, match=r"texts\.zip: cannot be unpacked: File is not a zip file"):
        Folder(archive).prepare(tmp_path)
    with pytest.raises(DatasetMissing, match=r"none\.zip: there is no such folder"):
        Folder(tmp_path / "none.zip").prepare(tmp_path)


def test_coded_ids_name_no_archive(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path / "jones" / "mueller.png")
    archive = packed(tmp_path / "jones.zip", tmp_path / "jones")
    (item,) = Folder(archive, ids="coded").test()
    assert item.id == "image-0001" and "jones" not in caplog.text + str(item.hr)
    archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(DatasetError) as caught:
        Folder(archive, ids="coded").prepare(tmp_path)
    assert "jones" not in str(caught.value)


def test_pairs_may_be_an_archive(tmp_path: Path) -> None:
    put(tmp_path / "pairs/test/HR/a.png", 24)
    put(tmp_path / "pairs/test/LR/ax2.png", 12)
    archive = packed(tmp_path / "pairs.zip", tmp_path / "pairs", below="pairs")
    (item,), (other,) = Pairs(archive).test(), Pairs(tmp_path / "pairs").test()
    assert item.id == other.id == "a"
    np.testing.assert_array_equal(item.read_lr("bicubic", 2), other.read_lr("bicubic", 2))
    assert Pairs(archive).remarks() == []
