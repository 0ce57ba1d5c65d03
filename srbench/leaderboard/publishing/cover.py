"""The cover of a board: the picture by which it is known among others."""

from __future__ import annotations

from pathlib import Path

import msgspec

COVER = "cover.png"
SIDE = 160
"""Of the square that is cut, in pixels as they are: nothing is resized."""


class Cover(msgspec.Struct, frozen=True):
    """A cover. href: its place in the board's folder. alt: what it shows. drawn: it is a figure, no picture."""

    href: str
    alt: str
    drawn: bool = False


def write_cover(shown: Cover, pictures: Path, folder: Path) -> Cover | None:
    """Cut the middle of a picture, `SIDE` pixels square or as much as there is, and write it into the board's folder.

    shown: the whole picture, which lies in `pictures`. None where it cannot be read.
    """
    from PIL import Image

    try:
        with Image.open(pictures / shown.href) as picture:
            width, height = picture.size
            across, down = min(width, SIDE), min(height, SIDE)
            left, top = (width - across) // 2, (height - down) // 2
            picture.crop((left, top, left + across, top + down)).save(folder / COVER, compress_level=7)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return msgspec.structs.replace(shown, href=COVER)
