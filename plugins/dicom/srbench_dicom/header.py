"""What the header of a DICOM file says of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag

from srbench.pictures import ImageError, Values

from .refusals import inflated, refuse
from .rescale import Rescale

SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
"""Where the distance of pixels stands: in the patient, at the detector, on the film."""
FACTS = (
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "SeriesDescription",
    "ImageType",
    "BodyPartExamined",
    "ImageLaterality",
    "ViewPosition",
    "PresentationIntentType",
    "ConvolutionKernel",
    "SliceThickness",
    "PhotometricInterpretation",
    "BitsStored",
    "LossyImageCompression",
)
_PIXELS = {0x7FE00010: "", 0x7FE00008: "float", 0x7FE00009: "double"}
_LARGE = "1 MB"
"""Elements larger than this are read when they are asked for."""
_UNSPECIFIED = {"US", "UNSPECIFIED", "NORMALIZED"}


class Header:
    """A header that tells of pictures that can be used; `ImageError` where it does not.

    data: all elements before the pixels.
    """

    def __init__(self, path: Path) -> None:
        found: list[int] = []

        def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
            found.extend([tag] if tag in _PIXELS else [])
            return bool(found)

        with path.open("rb") as file:
            if file.read(132)[128:132] != b"DICM":
                raise ImageError("does not begin as DICOM files do (DICM behind 128 bytes); leave it out")
            size = inflated(path)
            file.seek(0)
            self.data: Dataset = read_partial(file, stop_when=at_pixels, defer_size=_LARGE)
            room = size or path.stat().st_size - file.tell()
        refuse(self.data, _PIXELS[found[0]] if found else None, room)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of every frame."""
        return int(self.data.Rows), int(self.data.Columns)

    @property
    def frames(self) -> int:
        """How many there are."""
        return int(self.data.get("NumberOfFrames") or 1)

    @property
    def photometric(self) -> str:
        """How brightness and colour are coded: `MONOCHROME2`, `RGB`, `PALETTE COLOR` and others."""
        return str(self.data.PhotometricInterpretation)

    @property
    def grey(self) -> bool:
        """Whether the pictures have one channel, and numbers of a modality."""
        return self.photometric.startswith("MONOCHROME")

    @property
    def syntax(self) -> uid.UID:
        """How pixels are compressed."""
        return uid.UID(self.data.file_meta.TransferSyntaxUID)

    @property
    def group(self) -> str | None:
        """The patient, or else the study, or the file, by its identifier."""
        names = ("PatientID", "StudyInstanceUID", "SOPInstanceUID")
        return next((str(self.data[name].value) for name in names if self.data.get(name)), None)

    @property
    def facts(self) -> dict[str, str]:
        """What a person may choose by."""
        found = {name: "\\".join(str(one) for one in all_of(self.data.get(name) or "")) for name in FACTS}
        return {name: text for name, text in found.items() if text}

    def spacing(self, index: int) -> tuple[float, float] | None:
        """The distance of pixels in mm, down and across."""
        measures = part(self.data, index, "PixelMeasuresSequence")
        for name in SPACINGS:
            if measures.get(name):
                down, across = (float(value) for value in measures[name].value)
                if not (0 < down < float("inf") and 0 < across < float("inf")):
                    raise ImageError(f"has pixels that lie {down:g} x {across:g} mm apart ({name}); correct the header")
                return down, across
        return None

    def rescale(self, index: int) -> Rescale:
        """How the numbers of a frame are stored; bright where the picture is bright."""
        if self.photometric == "PALETTE COLOR":
            return Rescale(1, 0, int(self.data.RedPaletteColorLookupTableDescriptor[2]))
        bits, signed = int(self.data.BitsStored), bool(self.data.PixelRepresentation)
        if not self.grey:
            return Rescale(1, 0, bits)
        found = part(self.data, index, "PixelValueTransformationSequence")
        slope, intercept = (
            float(default if found.get(name) in (None, "") else found[name].value)
            for name, default in (("RescaleSlope", 1), ("RescaleIntercept", 0))
        )
        if not (0 < abs(slope) < float("inf") and abs(intercept) < float("inf")):
            raise ImageError(f"has RescaleSlope {slope:g} and RescaleIntercept {intercept:g}; correct the header")
        rescale = Rescale(slope, intercept, bits, signed)
        return rescale.inverted() if self.photometric == "MONOCHROME1" else rescale

    def values(self, index: int) -> Values | None:
        """Black and white of a frame, by the bits that are stored.

        None where those are all 16: then most pictures have fewer, and nobody says which.
        """
        rescale = self.rescale(index)
        if rescale.bits >= 16 and self.photometric != "PALETTE COLOR":  # what a palette gives fills its range
            return None
        low, high = rescale.range
        if not self.grey:
            return Values(low, high)
        return Values(low, high, unit=self._unit(index), window=self._window(index, low + high))

    def _unit(self, index: int) -> str:
        if self.photometric == "MONOCHROME1":  # what is the other way round is no measure of anything
            return ""
        modality = str(self.data.get("Modality") or "")
        told = part(self.data, index, "PixelValueTransformationSequence").get("RescaleType")
        unit = str(told or (self.data.get("Units") if modality == "PT" else "HU" if modality == "CT" else "") or "")
        return "" if unit in _UNSPECIFIED else unit

    def _window(self, index: int, both_ends: float) -> tuple[float, float] | None:
        """The first window (PS3.3 C.11.2.1.2), in numbers that are bright where the picture is."""
        found = part(self.data, index, "FrameVOILUTSequence")
        centre, width = (_first(found.get(name)) for name in ("WindowCenter", "WindowWidth"))
        if centre is None or width is None:
            return None
        if str(found.get("VOILUTFunction") or "LINEAR") == "LINEAR":
            centre, width = centre - 0.5, width - 1
        low, high = centre - width / 2, centre + width / 2
        if self.photometric == "MONOCHROME1":
            low, high = both_ends - high, both_ends - low
        return (low, high) if low < high else None


def part(data: Dataset, index: int, sequence: str) -> Dataset:
    """The elements that a frame has in a functional group, its own or that of all frames.

    All of `data` where there are no such groups, as in all but the enhanced kinds of files.
    """
    groups = data.get("PerFrameFunctionalGroupsSequence") or []
    shared = data.get("SharedFunctionalGroupsSequence") or []
    for one in (*groups[index : index + 1], *shared):
        if one.get(sequence):
            return one[sequence].value[0]  # type: ignore[no-any-return]
    return data


def read_header(path: Path) -> Header:
    """The header of a file; that of the file before is kept, since frames of one file are read one after the other."""
    state = path.stat()
    return _header(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _header(path: Path, changed: int, size: int) -> Header:
    return Header(path)


def _first(value: Any) -> float | None:
    first = next(iter(all_of(value)), None)
    return None if first in (None, "") else float(first)


def all_of(value: Any) -> Sequence[Any]:
    """The values of an element that may have one or several."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
