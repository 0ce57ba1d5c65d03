"""FITS pictures of telescopes."""

import srbench


@srbench.hookimpl
def srbench_formats() -> list[srbench.Entry]:
    """Images, planes of cubes, and tile-compressed images of FITS files."""
    return [
        srbench.Entry("fits", "srbench_fits.fits:Fits", "FITS images and planes of cubes (.fits, .fits.gz, .fits.fz)")
    ]
