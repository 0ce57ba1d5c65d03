"""CT and MR that need no download: what lies in the wheels of pydicom, nibabel and Matplotlib."""

import srbench


@srbench.hookimpl
def srbench_datasets() -> list[srbench.Entry]:
    """The dataset `radiology`."""
    return [srbench.Entry("radiology", "srbench_radiology.dataset:Radiology", "CT and MR, labelled; needs no download")]
