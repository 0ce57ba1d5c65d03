"""Hallucination maps: what became of each pixel, in colours that differ for colour-blind readers, too.

The colours are of Okabe and Ito, "Color universal design", 2008; they also differ in brightness. Distances are the
absolute error of what the protocol scores, as in error maps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from srbench.contract.protocol import Protocol
from srbench.leaderboard.gallery.errors import error_map
from srbench.pictures import Image, Values, class_map, memberships, shares

Classes = npt.NDArray[np.uint8]
COLOURS = ("#56b4e9", "#f0e442", "#d55e00", "#1a1a1a", "#808080")
"""Of improvement, omission, hallucination, of what does not differ, and of the border that is not scored."""
_UNSCORED = 4


def hallucination_map(
    sr: Image, hr: Image, baseline: Image, values: Values, protocol: Protocol
) -> tuple[Classes, tuple[float, float, float]]:
    """What became of each pixel, `(H, W)`, by its place in `COLOURS`; and the shares of the first three.

    baseline: LR upscaled, of the size of SR and HR.
    """
    pairs = ((baseline, hr), (sr, hr), (sr, baseline))
    to_hr, sr_to_hr, sr_to_baseline = (error_map(*pair, values, protocol) for pair in pairs)
    members = memberships(to_hr, sr_to_hr, sr_to_baseline)
    classes = np.full(members.shape[1:], _UNSCORED, np.uint8)
    protocol.without_border(classes)[:] = protocol.without_border(class_map(members))
    return classes, shares(members)


def write_hallucination(path: Path, classes: Classes) -> None:
    """Write a map as a picture."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(classes)
    picture.putpalette(b"".join(bytes.fromhex(colour[1:]) for colour in COLOURS))
    picture.save(path, compress_level=7)


def share_words(found: tuple[float, float, float] | None) -> str:
    """The shares of a map, in words; empty where there is none."""
    if found is None:
        return ""
    improved, left, invented = (f"{100 * share:.0f} %" for share in found)
    return f"{improved} improved, {left} left out, {invented} invented"


def hallucination_legend() -> list[tuple[str, str]]:
    """Each colour with what it stands for."""
    words = (
        "improved: nearer to HR",
        "left out: as in upscaled LR",
        "invented: as in neither",
        "no difference that counts",
        "the frame, which is not scored",
    )
    return list(zip(COLOURS, words, strict=True))
