"""A DICOMDIR: what it lists, and what becomes of it as a dataset and when it is upscaled."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from click.testing import CliRunner
from pydicom.fileset import FileSet
from srbench_dicom.files import Dicom
from srbench_dicom.index import listed_files
from srbench_images.folder import Folder

from srbench import DatasetError, Formats, ImageError, IndexFile
from srbench.cli import cli


@pytest.fixture
def medium(make: Callable[..., Path], tmp_path: Path) -> Path:
    """What pydicom writes of five slices of two patients: names without suffixes, in folders, and a DICOMDIR."""
    files = FileSet()
    for place in range(5):
        files.add(
            make(
                [[place, 1], [2, 4095]],
                name=f"{place}.dcm",
                SOPInstanceUID=f"1.2.3.4.{place}",
                StudyInstanceUID=f"1.2.{place % 2}",
                SeriesInstanceUID=f"1.2.{place % 2}.5",
                PatientID=f"p-{place % 2}",
                PatientName=f"p-{place % 2}",
                StudyDate="20200101",
                StudyTime="000000",
                StudyID="1",
                SeriesNumber=1,
                InstanceNumber=place,
            )
        )
    files.write(tmp_path / "medium")
    return tmp_path / "medium"


def found(path: Path) -> set[Path]:
    """The files that a folder's dataset took pictures of."""
    return {item.hr.path for item in Folder(path, ids="names", groups="none").test()}


def pictures(medium: Path) -> set[Path]:
    return {path for path in medium.rglob("*") if path.is_file() and path.name != "DICOMDIR"}


def test_the_files_are_those_that_pydicom_finds(shipped: Path) -> None:
    folder = shipped / "dicomdirtests"
    for name in ("DICOMDIR", "DICOMDIR-reordered", "TINY_ALPHA/DICOMDIR"):
        expected = {Path(one.path) for one in FileSet(folder / name)}
        listed = listed_files(folder / name)
        assert expected and {path for path in listed if path.exists()} == expected


def test_a_list_of_nothing_lists_nothing(shipped: Path) -> None:
    assert listed_files(shipped / "dicomdirtests" / "DICOMDIR-empty.dcm") == []


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-empty.dcm"])
def test_it_is_known_by_its_kind_whatever_it_is_called(shipped: Path, tmp_path: Path, name: str) -> None:
    shutil.copy(shipped / "dicomdirtests" / name, tmp_path / "IM0")
    with pytest.raises(IndexFile, match="IM0: lists other files, and holds no picture"):
        Formats().frames(tmp_path / "IM0")
    assert Dicom().listed(shipped / "CT_small.dcm", (shipped / "CT_small.dcm").read_bytes()[:1024]) is None


def test_of_a_folder_it_is_no_picture_and_its_files_are(medium: Path) -> None:
    dataset = Folder(medium)
    items = dataset.test()
    assert len(items) == 5 and dataset.remarks() == []
    assert {item.group for item in items} == {"group-001", "group-002"}  # the two patients of the headers
    assert found(medium) == pictures(medium)


def test_named_itself_it_stands_for_its_files_alone(medium: Path) -> None:
    listed = pictures(medium)
    shutil.copy(next(iter(listed)), medium / "OTHER")
    assert found(medium / "DICOMDIR") == listed
    assert found(medium) == listed | {medium / "OTHER"}
    assert len(Folder(medium / "DICOMDIR", files="PT000000/**/*").test()) == 3


def test_files_that_are_not_there_are_counted_as_left_out(medium: Path) -> None:
    for path in sorted(pictures(medium))[:2]:
        path.unlink()
    for path in (medium, medium / "DICOMDIR"):
        dataset = Folder(path)
        assert len(dataset.test()) == 3
        assert dataset.remarks() == ["left out: 2 files: listed by a DICOMDIR or its like, and not there"]
    for path in pictures(medium):
        path.unlink()
    with pytest.raises(DatasetError, match=r"holds no picture .*left out: 5 files: listed by a DICOMDIR"):
        Folder(medium, ids="names").test()


def test_a_medium_that_a_system_shows_in_lower_case_is_read(medium: Path) -> None:
    for path in sorted(medium.rglob("*"), key=lambda one: -len(one.parts)):
        path.rename(path.with_name(path.name.lower()))
    assert found(medium / "dicomdir") == pictures(medium) - {medium / "dicomdir"}


def test_records_that_are_not_in_use_are_passed_over(medium: Path) -> None:
    data = pydicom.dcmread(medium / "DICOMDIR")
    record = next(one for one in data.DirectoryRecordSequence if "ReferencedFileID" in one)
    record.RecordInUseFlag = 0
    data.save_as(medium / "DICOMDIR")
    assert len(listed_files(medium / "DICOMDIR")) == 4


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize("place", [["..", "X"], ["A/../../B"], "/etc/passwd", ["A", "."]])
def test_a_place_outside_its_folder_is_told_as_damage(medium: Path, place: str | list[str]) -> None:
    data = pydicom.dcmread(medium / "DICOMDIR")
    next(one for one in data.DirectoryRecordSequence if "ReferencedFileID" in one).ReferencedFileID = place
    data.save_as(medium / "DICOMDIR")
    with pytest.raises(ImageError, match="DICOMDIR: lists a file that does not lie below its folder"):
        Formats().of(medium / "DICOMDIR")
    dataset = Folder(medium)
    assert len(dataset.test()) == 5
    assert dataset.remarks() == ["left out: 1 file: lists a file that does not lie below its folder; it is damaged"]


def test_another_file_stands_for_no_others(medium: Path) -> None:
    with pytest.raises(DatasetError, match="it is neither a zip nor a tar archive"):
        Folder(next(iter(pictures(medium)))).test()


@pytest.mark.parametrize("named", [".", "DICOMDIR"])
def test_its_files_are_upscaled_and_missing_ones_told(medium: Path, tmp_path: Path, named: str) -> None:
    arguments = ["upscale", "nearest", str(medium / named), "--scale", "2", "--out"]
    done = CliRunner().invoke(cli, [*arguments, str(tmp_path / "sr")])
    assert done.exit_code == 0 and not done.stderr
    made = {path.relative_to(tmp_path / "sr") for path in (tmp_path / "sr").rglob("*") if path.is_file()}
    assert made == {path.relative_to(medium) for path in pictures(medium)}
    gone = min(pictures(medium))
    gone.unlink()
    done = CliRunner().invoke(cli, [*arguments, str(tmp_path / "again")])
    assert done.exit_code == 1
    assert f"{gone}: cannot be read" in done.stderr and "4 upscaled, 1 failed" in done.stderr
