"""DICOM files: pictures of medicine, with what their numbers mean and how large their pixels are."""

import srbench
from srbench import Entry


@srbench.hookimpl
def srbench_formats() -> list[Entry]:
    """The format `dicom`."""
    return [Entry("dicom", "srbench_dicom.files:Dicom", "DICOM: CT, MR, X-ray, ultrasound and others, frame by frame")]
