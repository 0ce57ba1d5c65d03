"""Made files, and those that pydicom brings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

Make = Callable[..., Path]


@pytest.fixture(scope="session")
def shipped() -> Path:
    """The folder of pydicom's own test files."""
    return Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a CT of these stored integers; what is None is left out. frames: compressed ones, in place of them."""

    def made(
        stored: Any = ((0, 1), (2, 4095)),
        name: str = "made.dcm",
        syntax: str = ExplicitVRLittleEndian,
        frames: list[bytes] | None = None,
        **elements: Any,
    ) -> Path:
        pixels = np.asarray(stored, "<u2") if not isinstance(stored, np.ndarray) else stored
        data = Dataset()
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, "1.2.3.4"
        data.StudyInstanceUID, data.SeriesInstanceUID, data.PatientID = "1.2.3", "1.2.3.5", "p-17"
        data.Modality, data.PhotometricInterpretation, data.SamplesPerPixel = "CT", "MONOCHROME2", 1
        data.Rows, data.Columns = pixels.shape[-2:]
        data.BitsAllocated, data.BitsStored = 8 * pixels.itemsize, min(12, 8 * pixels.itemsize)
        data.PixelRepresentation = int(pixels.dtype.kind == "i")
        data.PixelData = pixels.tobytes() if frames is None else encapsulate(frames)
        for keyword, value in elements.items():
            if value is None:
                del data[keyword]
            else:
                setattr(data, keyword, value)
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = syntax
        data.file_meta.MediaStorageSOPClassUID = data.get("SOPClassUID", CTImageStorage)
        data.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
        if "PixelData" in data:
            data["PixelData"].VR = "OB" if frames is not None or data.BitsAllocated == 8 else "OW"
        if data.get("HighBit") is None and "BitsStored" in data:
            data.HighBit = max(data.BitsStored - 1, 0)
        path = tmp_path / name
        data.save_as(path, enforce_file_format=True)
        return path

    return made
