"""Pictures on disk and in memory, in their native depth.

In memory a picture is a numpy array `(H, W, C)` with C 1 (grey) or 3 (RGB): `uint8`, `uint16`, `int16`, `uint32`,
`int32` or `float32`. What its numbers mean, its `Values` say: black and white are the ends of what integers can be, 0
and 1 of floats, or what the dataset declares (a 12-bit sensor: 0 to 4095; Hounsfield units: -1000 to 3000). NaN in
floats means that nothing was measured there.

A file is looked through before it is decoded, by the module of its format, which finds the picture and its orientation
and gives the decoder no more than what makes pixels: `png.py` its chunks, `jpeg.py` its segments, `chain.py` and
`tiff.py` the directory that is the picture; `pages.py` those of a TIFF with several. `netpbm.py` reads PBM, PGM, PPM
and PAM itself; `pillow.py` BMP, WebP and GIF. What is read and what is refused stands in docs/datasets.md.

Torch appears only in the two functions that cross over to tensors, so that looking at a dataset needs no torch.
"""

from srbench.pictures.array import LUMA, Image, ImageError, in_digits
from srbench.pictures.correctness import Norm, class_map, memberships, shares
from srbench.pictures.header import MAX_PIXELS
from srbench.pictures.measured import filled, measured, with_gaps
from srbench.pictures.names import has_picture_name, is_hidden, is_picture, left_out
from srbench.pictures.pages import TiffPage, tiff_pages
from srbench.pictures.reading import SUFFIXES, image_size, read_image, read_with_alpha
from srbench.pictures.resize import Borders, Kernel, resize, resize_picture, resize_to
from srbench.pictures.scale import Scale, enlarged, plain_scale, reduced, scale_of, under_middles
from srbench.pictures.tensors import to_image, to_tensor
from srbench.pictures.values import DEPTHS, Curve, Values
from srbench.pictures.writing import suffix_for, write_image

__all__ = [
    "DEPTHS",
    "LUMA",
    "MAX_PIXELS",
    "SUFFIXES",
    "Borders",
    "Curve",
    "Image",
    "ImageError",
    "Kernel",
    "Norm",
    "Scale",
    "TiffPage",
    "Values",
    "class_map",
    "enlarged",
    "filled",
    "has_picture_name",
    "image_size",
    "in_digits",
    "is_hidden",
    "is_picture",
    "left_out",
    "measured",
    "memberships",
    "plain_scale",
    "read_image",
    "read_with_alpha",
    "reduced",
    "resize",
    "resize_picture",
    "resize_to",
    "scale_of",
    "shares",
    "suffix_for",
    "tiff_pages",
    "to_image",
    "to_tensor",
    "under_middles",
    "with_gaps",
    "write_image",
]
