"""What headers may promise, whatever the format: checked before anything is decoded."""

from __future__ import annotations

from pathlib import Path

from srbench.image.array import ImageError

MAX_PIXELS = 1024**3 // 12
"""A header that promises more pixels than this is refused before anything is decoded; Pillow's own limit, so that every
format has the same one."""
REFUSED = "refused unread. Cut it into smaller pictures."
ORIENTATION = 0x0112
"""The tag that says how the camera was held, in EXIF and in TIFF."""


def check_size(path: Path, width: int, height: int) -> None:
    """Raise `ImageError` for a header that promises no pixels, or more than `MAX_PIXELS`."""
    if width < 1 or height < 1:
        raise ImageError(f"{path}: its header says {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise ImageError(f"{path}: its header promises {width} x {height} pixels, more than {MAX_PIXELS:,}; {REFUSED}")
