"""The format as srbench meets it: which files, which frames, which errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from srbench_dicom.files import Dicom

from srbench import Formats, ImageError


@pytest.mark.parametrize(
    ("name", "head", "known"),
    [
        ("IM000001", b"\0" * 128 + b"DICM", True),
        ("a.DCM", b"", True),
        ("a.dicom", b"", True),
        ("a.ima", b"", True),
        ("a.png", b"\x89PNG" + b"\0" * 200, False),
        ("DICM", b"DICM", False),
    ],
)
def test_a_file_is_known_by_its_suffix_or_by_what_stands_behind_its_preamble(
    name: str, head: bytes, known: bool
) -> None:
    assert Dicom().recognises(Path(name), head) is known


def test_srbench_finds_it_installed(shipped: Path) -> None:
    ((frame, picture),) = Formats().frames(shipped / "CT_small.dcm") or []
    assert (frame.key, frame.size, frame.spacing) == ("", (128, 128), (0.661468, 0.661468))
    assert picture.read().shape == (128, 128, 1)


@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-empty.dcm"])
def test_a_list_of_files_is_no_picture(shipped: Path, name: str) -> None:
    with pytest.raises(ImageError, match=f"{name}: is a DICOMDIR, a list of other files; name those, or the folder"):
        Dicom().frames(shipped / "dicomdirtests" / name)


def test_what_only_calls_itself_dicom_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(b"no" * 500)
    with pytest.raises(ImageError, match=r"a\.dcm: does not begin as DICOM files do"):
        Dicom().frames(path)
    path.unlink()
    with pytest.raises(ImageError, match=r"a\.dcm: cannot be read: No such file"):
        Dicom().frames(path)


def test_a_disk_that_cannot_be_written_is_no_fault_of_the_file(shipped: Path, tmp_path: Path) -> None:
    source = shipped / "CT_small.dcm"
    with pytest.raises(FileNotFoundError):
        Dicom().write(tmp_path / "gone" / "sr.dcm", source, [Dicom().read(Dicom().frames(source)[0])], 1, "bicubic")


def test_the_faults_of_files_are_not_printed(shipped: Path, recwarn: pytest.WarningsRecorder, capfd) -> None:
    dicom = Dicom()
    for path in sorted(shipped.glob("*.dcm")):
        try:
            dicom.read(dicom.frames(path)[0])
        except ImageError:
            continue
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")
