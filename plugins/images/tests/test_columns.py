"""A table somebody made, read by the columns that are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from srbench_images.columns import Row, read_columns, row_of

from srbench import DatasetError

HAM = "lesion_id,image_id,dx,dx_type\nHAM_1,ISIC_27,bkl,histo\nHAM_1,ISIC_30,bkl,histo\nHAM_2,ISIC_26,mel,histo\n"


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_picture_is_found_by_its_place_name_or_stem(tmp_path: Path, separator: str, encoding: str) -> None:
    path = table(tmp_path, HAM.replace(",", separator), encoding)
    rows = read_columns(path, {"file": "image_id", "label": "dx", "group": "lesion_id"})
    assert row_of(rows, Path("part 1/ISIC_27.jpg"), "ISIC_27") == Row("bkl", "HAM_1")
    assert row_of(rows, Path("ISIC_26.jpg"), "ISIC_26") == Row("mel", "HAM_2")
    assert row_of(rows, Path("ISIC_99.jpg"), "ISIC_99") is None


def test_of_files_of_one_name_the_place_decides(tmp_path: Path) -> None:
    rows = read_columns(table(tmp_path, "f,y\na/1.png,x\nb\\1.png,y\nc/2.png,z\n"), {"file": "f", "label": "y"})
    found = [row_of(rows, Path(place), Path(place).stem) for place in ("a/1.png", "b/1.png", "d/1.png", "d/2.png")]
    assert [row and row.label for row in found] == ["x", "y", None, "z"]


def test_several_columns_of_a_label_are_classes(tmp_path: Path) -> None:
    path = table(tmp_path, "image,MEL,NV,BCC\nISIC_1,1.0,0.0,0.0\nISIC_2,0,1,0\n")
    rows = read_columns(path, {"file": "image", "label": ["MEL", "NV", "BCC"]})
    assert {name: row.label for name, row in rows.items()} == {"ISIC_1": "MEL", "ISIC_2": "NV"}


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        (HAM, {"file": "image", "label": "dx"}, "has no column 'image'; there are 'lesion_id', 'image_id'"),
        (HAM, {"label": "dx"}, "which column names the `file`"),
        (HAM, {"file": "image_id", "lable": "dx"}, "`columns` names file, label, group, split, mask, not 'lable'"),
        ("f,y\na,1\na,2\n", {"file": "f", "label": "y"}, "table.csv:3: 'a' is there twice"),
        ("f,y\n,1\n", {"file": "f", "label": "y"}, "table.csv:2: names no file"),
        ("f,A,B\nx,1,1\n", {"file": "f", "label": ["A", "B"]}, "table.csv:2: has 2 of the classes A, B"),
        ("f,A,B\nx,yes,0\n", {"file": "f", "label": ["A", "B"]}, "table.csv:2: could not convert"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, columns, words: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read_columns(table(tmp_path, text), columns)
    assert words in str(caught.value)


def test_a_table_that_is_not_there_or_is_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"table\.csv: cannot be read"):
        read_columns(tmp_path / "table.csv", {"file": "f"})
    (tmp_path / "table.csv").write_bytes(b"f\n\xff\xfe\n")
    with pytest.raises(DatasetError, match=r"table\.csv: cannot be read"):
        read_columns(tmp_path / "table.csv", {"file": "f"})
