"""A derived image: larger, with the numbers of its source, in the same place, and nobody's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, SecondaryCaptureImageStorage
from pydicom.valuerep import format_number_as_ds

from srbench.pictures import Image, ImageError, Scale, enlarged

from .header import SPACINGS, Header, part
from .kept import EMPTY, another_uid, kept


def derived(source: Header, images: Sequence[Image], scale: Scale, made_by: str) -> bytes:
    """The file of SR of all frames of a file, uncompressed; equal ingredients give equal bytes.

    Raises `ImageError` where there are more or fewer images than frames, or images of another size.
    """
    expected = {(enlarged(source.size[0], scale), enlarged(source.size[1], scale))}
    if len(images) != source.frames or {image.shape[:2] for image in images} != expected:
        found = ", ".join(sorted({f"{image.shape[1]} x {image.shape[0]}" for image in images}))
        (height, width), *_ = expected
        raise ImageError(
            f"has {source.frames} frames, whose x{scale} has {width} x {height} pixels; there are {len(images)} images "
            f"({found})"
        )
    made = kept(source.data)
    _say_what_it_is(made, source.data, scale, made_by)
    _place(made, source, scale)
    _put_pixels(made, source, images)
    pixels = hashlib.sha256(made.PixelData).hexdigest()
    made.SOPInstanceUID = another_uid(source.data.get("SOPInstanceUID"), scale, made_by, pixels)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta = meta
    file = BytesIO()
    made.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _say_what_it_is(made: Dataset, source: Dataset, scale: Scale, made_by: str) -> None:
    """A derived image, of nobody, in a study and a series that it shares with what was derived of the same ones."""
    for name in EMPTY:
        if name not in made:
            setattr(made, name, "")
    made.SOPClassUID = made.get("SOPClassUID") or SecondaryCaptureImageStorage
    if "AcquisitionContextSequence" in source:  # required of X-ray images; what is in it may be anything
        made.AcquisitionContextSequence = []
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientIdentityRemoved = "YES"
    made.DeidentificationMethod = "Only what describes the picture was copied"
    kind = list(source.get("ImageType") or [])
    # The second value of PET and of enhanced files is always PRIMARY.
    fixed = made.SOPClassUID == PositronEmissionTomographyImageStorage or "SharedFunctionalGroupsSequence" in source
    made.ImageType = ["DERIVED", "PRIMARY" if fixed else "SECONDARY", *kind[2:]]
    for one in _everywhere(made):
        if "FrameType" in one:
            one.FrameType = ["DERIVED", *list(one.FrameType)[1:]]
    made.DerivationDescription = f"Super-resolved {scale} times in each direction by {made_by}"[:1024]
    made.DerivationCodeSequence = [_coded(codes.DCM.SpatialResampling)]
    made.SeriesDescription = f"SR x{scale} {made_by}"[:64]
    made.StudyInstanceUID = another_uid(source.get("StudyInstanceUID"))
    made.SeriesInstanceUID = another_uid(source.get("SeriesInstanceUID"), scale, made_by)


def _coded(code: object) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning, *_ = code  # type: ignore[misc]
    return item


def _place(made: Dataset, source: Header, scale: Scale) -> None:
    """Smaller pixels; the middle of the first one moves so that its corner stays where it was."""
    placed = set()
    for index in range(source.frames):
        position = part(made, index, "PlanePositionSequence")
        orientation = part(made, index, "PlaneOrientationSequence").get("ImageOrientationPatient")
        spacing = part(source.data, index, "PixelMeasuresSequence").get("PixelSpacing")
        if id(position) in placed or not (position.get("ImagePositionPatient") and orientation and spacing):
            continue
        placed.add(id(position))
        across, down = np.reshape([float(value) for value in orientation], (2, 3))
        first = np.array([float(value) for value in position.ImagePositionPatient])
        corner = first - (down * float(spacing[0]) + across * float(spacing[1])) / 2
        position.ImagePositionPatient = _decimals(corner + (first - corner) / float(scale))
    for one in _everywhere(made):
        for name in SPACINGS:
            if one.get(name):
                setattr(one, name, _decimals(np.array([float(value) for value in one[name].value]) / float(scale)))


def _everywhere(data: Dataset) -> list[Dataset]:
    """A data set and all that are in it."""
    inner = [item for one in data if one.VR == "SQ" for item in one.value]
    return [data, *(found for item in inner for found in _everywhere(item))]


def _decimals(numbers: np.ndarray) -> list[str]:
    return [format_number_as_ds(float(number)) for number in numbers]


def _put_pixels(made: Dataset, source: Header, images: Sequence[Image]) -> None:
    height, width, channels = images[0].shape
    made.Rows, made.Columns, made.SamplesPerPixel = height, width, channels
    if source.grey:
        made.PhotometricInterpretation = source.photometric
        for name in ("BitsAllocated", "BitsStored", "PixelRepresentation"):
            setattr(made, name, source.data[name].value)
    else:
        made.PhotometricInterpretation, made.PlanarConfiguration, made.PixelRepresentation = "RGB", 0, 0
        made.BitsAllocated = 8 * images[0].dtype.itemsize
        made.BitsStored = source.rescale(0).bits
    made.HighBit = made.BitsStored - 1
    if "NumberOfFrames" in source.data:
        made.NumberOfFrames = len(images)
    kind = f"<{'i' if made.PixelRepresentation else 'u'}{made.BitsAllocated // 8}"
    data = b"".join(source.rescale(index).stored(image).astype(kind).tobytes() for index, image in enumerate(images))
    made.add_new("PixelData", "OB" if made.BitsAllocated == 8 else "OW", data + b"\0" * (len(data) % 2))
