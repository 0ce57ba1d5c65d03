"""What headers may promise, whatever the format: checked before anything is decoded."""

from __future__ import annotations

MAX_PIXELS = 2 * (1024**3 // 12)
"""A header that promises more pixels than this is refused before anything is decoded; where Pillow refuses, too, so
that every format has the same limit."""
REFUSED = "refused unread. Cut it into smaller pictures."


class Refused(Exception):
    """Why a file is not read, in words that follow its name."""


def check_size(width: int, height: int) -> None:
    """Raise `Refused` for a header that promises no pixels, or more than `MAX_PIXELS`."""
    if width < 1 or height < 1:
        raise Refused(f"its header says {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise Refused(f"its header promises {width} x {height} pixels, more than {MAX_PIXELS:,}; {REFUSED}")


def check_frames(frames: int) -> None:
    """Raise `Refused` for a file that holds several pictures."""
    if frames > 1:
        raise Refused(f"holds {frames} frames; save each as a picture of its own")
