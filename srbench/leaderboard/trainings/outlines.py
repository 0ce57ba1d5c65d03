"""A picture with the outlines of a true mask and of the one that was found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from srbench.store.evidence import Mask, MaskShown

SIDE = 192
"""The longest side of a picture as it is drawn is the largest multiple of its own up to this, in pixels."""
# Blue and orange, which nobody takes for each other (Okabe and Ito 2008); the found outline is also broken.
TRUE, FOUND = (0, 114, 178), (230, 159, 0)
_DASH = 4


def with_outlines(shown: MaskShown) -> npt.NDArray[np.uint8]:
    """The picture enlarged, `(H, W, 3)` in 8 bits; the true mask's outline is whole, the found one's broken."""
    factor = max(1, SIDE // max(shown.true.shape))
    drawn = shown.picture.repeat(factor, 0).repeat(factor, 1).astype(np.uint8)
    true, found = (mask.repeat(factor, 0).repeat(factor, 1) for mask in (shown.true, shown.found))
    drawn[outline(true)] = TRUE
    rows, columns = np.indices(found.shape)
    drawn[outline(found) & ((rows + columns) // _DASH % 2 == 0)] = FOUND
    return drawn


def outline(mask: Mask) -> Mask:
    """The pixels of a mask `(H, W)` that touch one outside of it, or the picture's border."""
    inside = np.pad(mask, 1)
    surrounded = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    return mask & ~surrounded
