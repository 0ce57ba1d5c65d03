from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import skimage
import tifffile

from srbench.testing import check_formats

SHIPPED = Path(skimage.__file__).parent / "data"
FOLDER = TemporaryDirectory()


def made(name: str, data: npt.NDArray[Any], **options: Any) -> Path:
    path = Path(FOLDER.name) / name
    tifffile.imwrite(path, data, **options)
    return path


NUMBERS = np.random.default_rng(3).integers(0, 4095, (2, 3, 24, 20)).astype(np.uint16)
OME = {
    "axes": "CZYX",
    "PhysicalSizeX": 0.25,
    "PhysicalSizeY": 0.5,
    "SignificantBits": 12,
    "Channel": {"Name": ["a", "b"]},
}

test_formats = check_formats(
    "tiff",
    files=[
        SHIPPED / "multipage.tif",
        SHIPPED / "multipage_rgb.tif",
        made("c.ome.tif", NUMBERS, metadata=OME, compression="zlib"),
        made("alone.ome.tif", NUMBERS[0, 0], metadata={"axes": "YX"}),
        made("imagej.tif", NUMBERS, imagej=True, metadata={"axes": "ZCYX", "unit": "um"}, resolution=(4, 3)),
        made("inverted.tif", NUMBERS[0], photometric="miniswhite", resolution=(7, 3), resolutionunit="CENTIMETER"),
        made("signed.tif", NUMBERS[0].astype(np.int16) - 2000, photometric="minisblack", tile=(16, 16)),
        made("real.tif", NUMBERS[0] / 7, photometric="minisblack", bigtiff=True, compression="lzw", predictor=True),
    ],
)
