"""Contact sheets: many small pictures in one file, pixel for pixel, with transparent gaps between them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from srbench.leaderboard.gallery.pictures import check_place

COLUMNS = 8
GAP = 1
"""Between pictures, in their own pixels."""
SHOWN_SIDE = 64
"""What a picture is enlarged to on the page, about, by a whole factor; in CSS pixels."""

Pixels = npt.NDArray[np.uint8]


class Sheet(msgspec.Struct, frozen=True):
    """A written sheet. href: from the board's folder. width, height: as shown, in CSS pixels."""

    href: str
    width: int
    height: int
    count: int

    def __post_init__(self) -> None:
        """A place outside the board's folder is a `ValueError`."""
        check_place(self.href)


def contact_sheet(pictures: Sequence[Pixels], columns: int = COLUMNS) -> Pixels:
    """The pictures, all of one height and width, row by row: `(H, W, 2)` grey and alpha, or `(H, W, 4)` RGB and alpha.

    Where one of them has colour, the grey ones are drawn in colour.
    """
    height, width = pictures[0].shape[:2]
    channels = max(picture.shape[2] for picture in pictures)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels + 1), np.uint8)
    for place, picture in enumerate(pictures):
        top, left = (place // columns) * (height + GAP), (place % columns) * (width + GAP)
        sheet[top : top + height, left : left + width, :channels] = picture
        sheet[top : top + height, left : left + width, channels] = 255
    return sheet


def zoom(side: int) -> int:
    """The whole factor by which pictures of so many pixels are enlarged."""
    return max(1, round(SHOWN_SIDE / side))
