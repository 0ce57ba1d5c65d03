"""Whole pictures, as lossless tiles that pages fetch when they come into view: as many as there is room for on a board.

All pictures of an image are there, or none, so that they can be compared everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from srbench.leaderboard.gallery.display import Shown, png

TILE = 512
"""The longest side of a tile, in pixels; `static/looking/frame.js` lays them."""


class Room:
    """What whole pictures may still take, in bytes. Once an image found no room, none does."""

    def __init__(self, left: float) -> None:
        self.left = left
        self._full = False

    def write(self, pictures: Iterable[tuple[str, Shown]], side: int, out: Path) -> list[tuple[str, ...]]:
        """Write the tiles of all pictures, row by row, and give their places; none, where there is no room for all.

        pictures: each with what its tiles' places begin with, in `out`. side: the longest of HR; a smaller
        picture, as LR is, stays in one piece.
        """
        if self._full:
            return []
        pieces = [list(_tiles(name, picture, side)) for name, picture in pictures]
        size = sum(len(content) for tiles in pieces for _, content in tiles)
        if size > self.left:
            self._full = True
            return []
        self.left -= size
        for place, content in (tile for tiles in pieces for tile in tiles):
            (out / place).write_bytes(content)
        return [tuple(place for place, _ in tiles) for tiles in pieces]


def _tiles(name: str, picture: Shown, side: int) -> Iterable[tuple[str, bytes]]:
    height, width = picture.shape[:2]
    if max(height, width) < side:
        yield f"{name}-0.png", png(picture)
        return
    corners = [(top, left) for top in range(0, height, TILE) for left in range(0, width, TILE)]
    for place, (top, left) in enumerate(corners):
        yield f"{name}-{place}.png", png(picture[top : top + TILE, left : left + TILE])
