"""An HDU with SR in place of its picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from astropy.io import fits

from srbench import Image, Scale

from . import numbers, wcs

_OF_NUMBERS = ("BSCALE", "BZERO", "BLANK")
_SUMS = ("CHECKSUM", "DATASUM", "ZHECKSUM", "ZDATASUM")


def enlarged(hdu: Any, images: Iterator[Image], scale: Scale, history: str) -> Any:
    """The HDU of the same kind whose planes are the next of `images`, with coordinates that follow the scale."""
    header = hdu.header.copy()
    further = hdu.shape[:-2]
    planes = [numbers.to_stored(image, header) for image in islice(images, math.prod(further))]
    stored = np.stack(planes).reshape(*further, *planes[0].shape)
    scaling = {name: header[name] for name in _OF_NUMBERS if name in header}
    for name in (*scaling, *_SUMS):
        header.remove(name, ignore_missing=True)
    wcs.enlarge(header, float(scale))
    header.add_history(history)
    # Lossless for every type: by default, floats would be quantised.
    packing = {"compression_type": "GZIP_2", "quantize_level": 0.0} if isinstance(hdu, fits.CompImageHDU) else {}
    made = type(hdu)(stored, header, **packing)
    for name, value in scaling.items():  # only now: a new HDU takes its numbers to be meant as they are
        made.header[name] = value
    return made
