"""NIfTI volumes as slices."""

import srbench


@srbench.hookimpl
def srbench_formats() -> list[srbench.Entry]:
    """Slices of `.nii` and `.nii.gz`."""
    return [srbench.Entry("nifti", "srbench_nifti.nifti:Nifti", "Slices of NIfTI volumes (.nii, .nii.gz)")]
