"""No level is lost on the way from a folder to LR, SR, scores, the store and files of the same format.

HR is a plane of n x n numbers, each there once in a square of 2 x 2 pixels: low + n row + column. Its mean over 2 x 2
pixels is the plane itself, its nearest neighbour HR again, and cubic convolution, which is exact for planes away from
the border (Keys 1981), gives low + n (row / 2 - 1 / 4) + column / 2 - 1 / 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from bench_in_process import InProcess, plan
from click.testing import CliRunner
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from srbench.cli import cli
from srbench.pictures import Image, read_image, write_image
from srbench.store.record import MetricResult
from srbench.store.references import Reference, References

BORDER = 4


def ct(signed: bool) -> Callable[[Path, Image], None]:
    """Writes Hounsfield units as they are, in signed integers of 16 bits, or in 12 bits from -1024 on."""

    def write(path: Path, numbers: Image) -> None:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
        meta.MediaStorageSOPInstanceUID = "1.2.3.4"
        data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID, data.Modality = CTImageStorage, "1.2.3.4", "CT"
        data.Rows, data.Columns, _ = numbers.shape
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored = 16, 16 if signed else 12
        data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(signed)
        data.RescaleSlope, data.RescaleIntercept = 1, 0 if signed else -1024
        data.PixelData = (numbers - int(data.RescaleIntercept)).astype("<i2").tobytes()
        data["PixelData"].VR = "OW"
        data.save_as(path, enforce_file_format=True)

    return write


def dicom_numbers(path: Path) -> Image:
    data = pydicom.dcmread(path)
    numbers = data.pixel_array.astype(np.int64) * int(data.RescaleSlope) + int(data.RescaleIntercept)
    return numbers.astype(np.int16)[..., None]


@dataclass(frozen=True)
class Kind:
    """Files of pictures with n x n levels from `low` on. settings: what is said of them where the dataset is named."""

    suffix: str
    dtype: npt.DTypeLike
    low: int
    n: int
    write: Callable[[Path, Image], None] = write_image
    read: Callable[[Path], Image] = read_image
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def high(self) -> int:
        return self.low + self.n**2 - 1

    @property
    def plane(self) -> Image:
        return np.arange(self.low, self.high + 1).reshape(self.n, self.n, 1).astype(self.dtype)

    @property
    def blocks(self) -> Image:
        return self.plane.repeat(2, 0).repeat(2, 1)

    @property
    def cubic(self) -> Image:
        """What cubic convolution makes of the plane, rounded, but for the border."""
        row, column = np.arange(2 * self.n)[:, None], np.arange(2 * self.n)
        numbers = self.low + self.n * (row / 2 - 1 / 4) + column / 2 - 1 / 4
        return inner(np.floor(numbers + 0.5)[..., None]).astype(self.dtype)


KINDS = {
    "png": Kind(".png", np.uint16, 0, 256),
    "tiff": Kind(".tiff", np.int16, -32768, 256),
    "ct": Kind(".dcm", np.int16, -1024, 64, ct(signed=False), dicom_numbers),
    "signed-ct": Kind(".dcm", np.int16, -2048, 64, ct(signed=True), dicom_numbers, {"range": [-2048, 2047]}),
}


def inner(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return image[BORDER:-BORDER, BORDER:-BORDER]


@dataclass(frozen=True)
class Kept:
    """What the store holds of a cell: its SR and its score."""

    sr: Image
    psnr: MetricResult
    reference: Reference


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with HR of every kind in folders of their names, and LR beside these."""
    folder = tmp_path_factory.mktemp("levels")
    for name, kind in KINDS.items():
        (folder / name).mkdir()
        kind.write(folder / name / f"hr{kind.suffix}", kind.blocks)
        kind.write(folder / f"{name}{kind.suffix}", kind.plane)
    return folder


@pytest.fixture(scope="module")
def kept(root: Path) -> dict[tuple[str, str], Kept]:
    """What cells left, by kind and method."""
    bench = InProcess(
        root,
        datasets=[
            {"use": "folder", "as": name, "path": str(root / name), **kind.settings} for name, kind in KINDS.items()
        ],
        protocols=[{"as": "halved", "scale": 2, "channel": "gray", "border": BORDER, "degradation": "area"}],
        methods=["nearest", "bicubic"],
    )
    planned = plan(bench)
    assert planned.warnings == []
    found = {}
    for cell in planned.cells:
        record = bench.do(cell.evaluation())
        assert record.status == "ok", record.reason
        ((image, file),) = record.images.items()
        reference = References.of(bench.store.root, record.ingredients).read(image)
        assert reference is not None
        sr = read_image(bench.store.folder("cells", record.key) / "images" / file)
        (result,) = record.metrics.values()
        found[record.point["dataset"], record.point["method"]] = Kept(sr, result, reference)
    return found


@pytest.mark.parametrize("name", KINDS)
def test_hr_lr_sr_and_scores_have_every_level(kept: dict[tuple[str, str], Kept], name: str) -> None:
    kind, nearest, bicubic = KINDS[name], kept[name, "nearest"], kept[name, "bicubic"]
    hr, lr, values = bicubic.reference.hr, bicubic.reference.lr, bicubic.reference.values
    assert lr is not None and (values.low, values.high) == (kind.low, kind.high)
    pairs = ((hr, kind.blocks), (lr, kind.plane), (nearest.sr, kind.blocks), (inner(bicubic.sr), kind.cubic))
    for found, expected in pairs:
        assert found.dtype == kind.dtype
        assert np.array_equal(found, expected)
    assert np.array_equal(np.unique(bicubic.sr), kind.plane.ravel())
    assert nearest.psnr.infinite == 1
    assert bicubic.psnr.value == pytest.approx(20 * math.log10((kind.high - kind.low) / (kind.n / 4)), abs=1e-9)


@pytest.mark.parametrize("name", KINDS)
def test_files_that_are_upscaled_keep_their_format_and_every_level(
    root: Path, kept: dict[tuple[str, str], Kept], name: str
) -> None:
    kind = KINDS[name]
    file = f"{name}{kind.suffix}"
    for method in ("nearest", "bicubic"):
        out = root / f"sr-{method}"
        done = CliRunner().invoke(cli, ["upscale", method, str(root / file), "--out", str(out), "--scale", "2"])
        assert done.exit_code == 0, done.stderr
        found = kind.read(out / file)
        assert found.dtype == kind.dtype
        assert np.array_equal(found, kept[name, method].sr)
