"""A small set of CT and MR, of files inside the wheels of other distributions."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from srbench_images.wheels import Wheel

from srbench import Dataset, DatasetMissing, Formats, Frame, Image, Item, Part, Terms, Values


def _in_format(path: Path) -> list[tuple[Frame, Part]]:
    """The pictures of a file that a format reads. Raises `DatasetMissing` where none does."""
    found = Formats().frames(path)
    if found is None:
        raise DatasetMissing(f"{path}: no format reads it; `srbench doctor` says what ails the plugins dicom and nifti")
    return found


def _without_header(path: Path) -> list[tuple[Frame, Part]]:
    """The picture of a file that holds nothing but the numbers of 256 x 256 pixels."""
    return [(Frame(path), Part(path, "256 x 256 >u2", partial(_read_without_header, path)))]


def _read_without_header(path: Path) -> Image:
    return np.frombuffer(gzip.decompress(path.read_bytes()), ">u2").astype(np.uint16).reshape(256, 256, 1)


class Patient(NamedTuple):
    """A patient, whose pictures one file holds.

    meant: the file's sha256. values: of its pictures. terms: who made it, and what they allow. frames: reads the file.
    """

    wheel: Wheel
    file: str
    meant: str
    modality: str
    values: Values
    terms: str
    frames: Callable[[Path], list[tuple[Frame, Part]]] = _in_format

    @property
    def name(self) -> str:
        """That of the file, without suffixes."""
        return self.file.partition(".")[0]

    def locate(self) -> Path:
        """The file. Raises `DatasetMissing` when it is not there, `DatasetError` when it differs."""
        return self.wheel.locate(self.file, self.meant)

    def items(self) -> list[Item]:
        """The pictures; of a volume that was taken again and again, those of the first time."""
        return [
            Item(
                "-".join(filter(None, (self.name, frame.key.partition(".")[0]))),
                part,
                label=self.modality,
                group=self.name,
                values=self.values,
                spacing=frame.spacing,
                spacing_unit=frame.spacing_unit,
            )
            for frame, part in self.frames(self.locate())
            if frame.facts.get("volume", "0") == "0"
        ]


_PYDICOM = Wheel("pydicom", "pydicom", "data/test_files", "3.0")
_NIBABEL = Wheel("nibabel", "nibabel", "tests/data", "5.4")
_MATPLOTLIB = Wheel("matplotlib", "matplotlib", "mpl-data/sample_data", "3.11")
_NEMA = "NEMA's samples of working group 4; no restriction that pydicom's author knows of; MIT"

# White in CT is what 12 bits of HU reach. MR has no scale: white is the greatest number of the patient's file.
TESTED = (
    Patient(
        _PYDICOM,
        "CT_small.dcm",
        "3dd31e5cc835b3f2cdd46c9da1982f59251e78518fefa8163d914631c66437d6",
        "CT",
        Values(-1024, 3071, unit="HU", window=(-160, 240)),  # usual for soft tissue; the header has no window
        _NEMA,
    ),
    Patient(
        _PYDICOM,
        "MR_small.dcm",
        "3f27d1c22f1a66e80d7bb7c911e8610fd0bb70325a76746a7adb1c0ddefcf2bb",
        "MR",
        Values(0, 2145, window=(-200, 1399)),
        _NEMA,
    ),
    Patient(
        _PYDICOM,
        "examples_overlay.dcm",
        "112539bc17c0e281987397e827dff9e99890109866d570f08761f83b8f55c277",
        "MR",
        Values(0, 1123, window=(55, 844)),
        "GDCM's samples, M. Malaterre and CREATIS; BSD-3-Clause",
    ),
)
TRAINED = (
    Patient(
        _NIBABEL,
        "example4d.nii.gz",
        "42097dfbab9d2a036b41ae5c97a359591cf2cf5c3f8dc6ca6455c0b8a7f22696",
        "MR",
        Values(0, 1162),
        "no source is stated; MIT, as all of nibabel",
    ),
    Patient(
        _MATPLOTLIB,
        "s1045.ima.gz",
        "32b424d64f62b7e71cb24d29fd53938ad5664d608055a67ab2b2af4369f8b89e",
        "MR",
        Values(0, 215),
        "no source is stated; Matplotlib's own licence",
        _without_header,
    ),
)


class Radiology(Dataset):
    """CT and MR of five patients, from files inside the wheels of pydicom, nibabel and Matplotlib.

    For trying things out, not for ranking methods: 3 test images of 3 patients, 25 training images of 2 others, in
    which there is no CT. The label is the modality, `CT` or `MR`, the group is the patient. CT is in HU, from -1024
    (black) to 3071; MR, which has no scale, from 0 to the greatest number of the patient's file. Files are known by
    their sha256.

    Tested on are a spine (`CT_small`) and an unnamed detail (`MR_small`) of NEMA's samples, for which pydicom (MIT)
    knows of no restriction, and an abdomen (`examples_overlay`) of GDCM's samples (BSD-3-Clause). Trained on are 24
    slices of a brain (`example4d`), by nibabel (MIT), and a head (`s1045`), by Matplotlib (its own licence); neither
    states a source.
    """

    terms: ClassVar = (
        Terms("NEMA's samples, in pydicom (MIT)", "pydicom knows of no restriction", of="spine and detail, tested on"),
        Terms("GDCM's samples, M. Malaterre and CREATIS, in pydicom", "BSD-3-Clause", of="abdomen, tested on"),
        Terms("nibabel, which states no source", "MIT, as all of nibabel", of="brain, trained on"),
        Terms("Matplotlib, which states no source", "Matplotlib's own", of="head, trained on"),
    )

    def prepare(self, root: Path) -> None:
        """Check the files by their sha256. Raises `DatasetMissing` or `DatasetError`; uses no network."""
        for patient in (*TRAINED, *TESTED):
            patient.locate()

    def train(self) -> list[Item]:
        """The slices of a brain, and a head."""
        return [item for patient in TRAINED for item in patient.items()]

    def test(self) -> list[Item]:
        """A spine, a detail and an abdomen."""
        return [item for patient in TESTED for item in patient.items()]

    def remarks(self) -> list[str]:
        """How few patients there are."""
        return [f"{len(TESTED)} patients are tested on: enough to try things out, too few to rank methods"]
