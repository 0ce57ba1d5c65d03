"""Items are what pydicom, nibabel and NumPy read of the same files; neither a patient nor a copy is on both sides."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from matplotlib.cbook import get_sample_data
from srbench_radiology.dataset import TESTED, TRAINED, Patient, Radiology, _in_format

from srbench import DatasetError, DatasetMissing, Formats, Item
from srbench.matrix import read_matrix
from srbench.pictures import Values
from srbench.pictures.likeness import alike
from srbench.runner.planning.picture_facts import facts_of

ITEMS = {item.id: item for item in (*Radiology().train(), *Radiology().test())}
PATIENTS = {patient.name: patient for patient in (*TRAINED, *TESTED)}
DICOM = [patient for patient in PATIENTS.values() if patient.file.endswith(".dcm")]
SECTION = re.search(
    r"^## CT and MR that need no download$(.*?)^## ",
    (Path(__file__).parents[3] / "docs" / "datasets.md").read_text(),
    re.DOTALL | re.MULTILINE,
)
LEAST = 48
"""Pixels of a side that the docs ask of a picture."""
MODALITIES = ("CT", "MR", "CR", "DX", "MG", "XA", "RF")
"""Those that the docs speak of."""


def pixels(item: Item) -> np.ndarray:
    return item.read_hr()[0][..., 0]


@pytest.mark.parametrize("patient", DICOM, ids=lambda patient: patient.name)
def test_a_dicom_file_gives_what_pydicom_reads(patient: Patient) -> None:
    data, item = pydicom.dcmread(patient.locate()), ITEMS[patient.name]
    expected = data.pixel_array * float(data.get("RescaleSlope", 1)) + float(data.get("RescaleIntercept", 0))
    np.testing.assert_array_equal(pixels(item), expected)
    assert item.label == data.Modality
    assert item.spacing == tuple(data.PixelSpacing)
    assert item.spacing_unit == "mm"


def test_the_volume_is_cut_as_radiologists_see_it_and_only_its_first_time_point_counts() -> None:
    patient = PATIENTS["example4d"]
    volume = nibabel.as_closest_canonical(nibabel.load(patient.locate()))
    points = np.asarray(volume.dataobj)  # towards right, front, top, in time
    assert points.shape[2:] == (24, 2)
    for number in range(24):
        item = ITEMS[f"example4d-{number:02d}"]
        np.testing.assert_array_equal(pixels(item), points[::-1, ::-1, number, 0].T)
        assert item.spacing == tuple(volume.header.get_zooms()[1::-1])
        assert (item.label, item.group) == ("MR", "example4d")


def test_the_file_without_a_header_is_a_head_of_256_pixels() -> None:
    item = ITEMS["s1045"]
    with get_sample_data("s1045.ima.gz") as file:
        np.testing.assert_array_equal(pixels(item), np.frombuffer(file.read(), ">u2").reshape(256, 256))
    assert item.spacing is None


@pytest.mark.parametrize("patient", PATIENTS.values(), ids=lambda patient: patient.name)
def test_ct_is_in_signed_hu_of_12_bits_and_mr_ends_at_its_brightest(patient: Patient) -> None:
    pictures = [pixels(item) for item in ITEMS.values() if item.group == patient.name]
    low, high = min(picture.min() for picture in pictures), max(picture.max() for picture in pictures)
    if patient.modality == "CT":
        assert low < 0
        assert patient.values == Values(-1024, -1024 + 2**12 - 1, unit="HU", window=(40 - 200, 40 + 200))
    else:
        assert low >= 0
        assert (patient.values.low, patient.values.high, patient.values.unit) == (0, high, "")


@pytest.mark.parametrize("patient", [one for one in DICOM if one.modality == "MR"], ids=lambda patient: patient.name)
def test_windows_are_the_first_of_the_header(patient: Patient) -> None:
    data = pydicom.dcmread(patient.locate())
    centre, width = (np.atleast_1d(np.array(data[name].value, float))[0] for name in ("WindowCenter", "WindowWidth"))
    # PS3.3 C.11.2.1.2: black and white of a linear window
    assert patient.values.window == (centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2)


def test_three_patients_are_tested_on_and_two_others_trained_on() -> None:
    dataset = Radiology()
    train, test = dataset.train(), dataset.test()
    assert (len(train), len(test)) == (25, 3)
    assert {item.group for item in train} == {"example4d", "s1045"}
    assert {item.group for item in test} == {"CT_small", "MR_small", "examples_overlay"}
    assert [item.label for item in test] == ["CT", "MR", "MR"]
    assert len({str(pydicom.dcmread(patient.locate()).PatientID) for patient in DICOM}) == len(DICOM)
    assert min(side for item in ITEMS.values() for side in pixels(item).shape) >= LEAST


def test_nothing_of_a_header_tells_whose_it_is() -> None:
    for patient in DICOM:
        data = pydicom.dcmread(patient.locate())
        told = {str(data[name].value) for name in ("PatientID", "PatientName", "StudyInstanceUID")}
        item = ITEMS[patient.name]
        assert not told & {item.id, item.group, item.name}


def thumbnails(items: list[Item]) -> list[bytes]:
    return [facts_of(item.read_hr()[0]).thumbnail for item in items]


def test_no_test_image_looks_like_another_or_like_a_training_image() -> None:
    train, test = thumbnails(Radiology().train()), thumbnails(Radiology().test())
    assert alike(test, train) == []
    assert alike(test) == []


def test_another_coding_of_a_test_image_would_be_found() -> None:
    (other,) = Formats().frames(PATIENTS["MR_small"].locate().with_name("MR_small_jpeg_ls_lossless.dcm")) or []
    tested = thumbnails([ITEMS["MR_small"]])
    assert len(alike(tested, [facts_of(other[1].read()).thumbnail])) == 1


def pictures_of_radiology() -> Iterator[Path]:
    """Files of CT, MR and X-ray in the wheels of pydicom and nibabel, of `LEAST` pixels a side."""
    folders = [Path(pydicom.__file__).parent / "data" / "test_files", Path(nibabel.__file__).parent]
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            is_dicom = file.read(132)[128:] == b"DICM"
            file.seek(0)
            if is_dicom:
                data = pydicom.dcmread(file, stop_before_pixels=True)
                sides = [data.get("Rows", 0), data.get("Columns", 0)] if data.get("Modality") in MODALITIES else [0]
            elif path.name.endswith((".nii", ".nii.gz")) and ".dconn." not in path.name:
                sides = sorted(nibabel.load(path).shape[:3])[1:]
            else:
                sides = [0]
        if min(sides) >= LEAST:
            yield path


@pytest.mark.filterwarnings("ignore:Expected explicit VR")  # of a file that is wrong on purpose
def test_every_file_of_a_sensible_size_is_used_or_the_docs_say_why_not() -> None:
    assert SECTION is not None
    found = {path.name for path in pictures_of_radiology()}
    assert {patient.file for patient in PATIENTS.values()} - found == {"s1045.ima.gz"}
    assert [name for name in sorted(found) if f"`{name}`" not in SECTION[1]] == []


def test_the_matrix_in_the_docs_can_be_read(tmp_path: Path) -> None:
    assert SECTION is not None
    (text,) = re.findall(r'```yaml title="radiology.yaml"\n(.*?)```', SECTION[1], re.DOTALL)
    (tmp_path / "radiology.yaml").write_text(text)
    assert [use.name for use in read_matrix(tmp_path / "radiology.yaml").datasets] == ["radiology"]


@pytest.mark.parametrize("patient", PATIENTS.values(), ids=lambda patient: patient.name)
def test_the_docs_say_on_what_terms_a_file_is_used(patient: Patient) -> None:
    assert SECTION is not None
    (row,) = [line for line in SECTION[1].splitlines() if line.startswith(f"| `{patient.file}` |")]
    assert patient.terms in row
    assert str(patient.values) in row


def test_a_wheel_with_other_files_is_another_set_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = PATIENTS["example4d"].locate().read_bytes()
    folder = tmp_path / "nibabel" / "tests" / "data"
    folder.mkdir(parents=True)
    (tmp_path / "nibabel" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nibabel")
    with pytest.raises(DatasetMissing, match=r"example4d\.nii\.gz: this version of nibabel does not carry it"):
        Radiology().prepare(tmp_path)
    (folder / "example4d.nii.gz").write_bytes(content + b"\0")
    with pytest.raises(DatasetError, match=r"example4d\.nii\.gz: this version of nibabel carries another picture"):
        Radiology().prepare(tmp_path)
    (folder / "example4d.nii.gz").write_bytes(content)
    Radiology().prepare(tmp_path)


def test_a_file_that_no_format_reads_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "brain.mnc").write_bytes(b"CDF\x01")
    with pytest.raises(DatasetMissing, match=r"brain\.mnc: no format reads it; `srbench doctor`"):
        _in_format(tmp_path / "brain.mnc")
