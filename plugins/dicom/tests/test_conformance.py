from pathlib import Path

import pydicom

from srbench.testing import check_formats

SHIPPED = Path(pydicom.__file__).parent / "data" / "test_files"
SORTS = (
    "CT_small",
    "693_J2KI",
    "MR_small_RLE",
    "MR_small_bigendian",
    "MR_small_jpeg_ls_lossless",
    "JPGExtended",
    "SC_rgb_jpeg_gdcm",
    "SC_rgb_small_odd_jpeg",
    "SC_rgb_rle_2frame",
    "SC_ybr_full_422_uncompressed",
    "image_dfl",
)

test_formats = check_formats(
    "dicom",
    files=[*(SHIPPED / f"{name}.dcm" for name in SORTS), SHIPPED / "dicomdirtests" / "77654033" / "CR1" / "6154"],
)
