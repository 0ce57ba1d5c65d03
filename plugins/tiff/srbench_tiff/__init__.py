"""Stacks of TIFF."""

import srbench


@srbench.hookimpl
def srbench_formats() -> list[srbench.Entry]:
    """Pages of TIFFs that hold several, ImageJ's hyperstacks, and OME-TIFF."""
    return [
        srbench.Entry(
            "tiff", "srbench_tiff.tiff:Tiff", "Pages of TIFF with several, ImageJ hyperstacks, OME-TIFF (.tif)"
        )
    ]
