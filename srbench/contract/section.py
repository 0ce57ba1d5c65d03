"""What a section is: something that a plugin adds to the pages of a board."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from srbench.store.frames import Frames


class Passage(Struct, frozen=True):
    """What a section says: a heading, paragraphs, a table and a figure, each of which may be left out but the heading.

    Texts are shown as they are, but what stands between backticks as code. heads, rows: of the table; numbers are
    printed with four digits. figure: an SVG document, shown as a picture; alt: what it shows, in words. `ValueError`
    for rows of another length than the heads, and for a figure without words.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str | int | float | None, ...], ...] = ()
    figure: str = ""
    alt: str = ""

    def __post_init__(self) -> None:
        """The table and the figure, looked at."""
        for row in self.rows:
            if len(row) != len(self.heads):
                raise ValueError(f"a row of {self.heading!r} has {len(row)} cells; its table has {len(self.heads)}")
        if self.figure and not self.alt:
            raise ValueError(f"the figure of {self.heading!r} has no words; say in `alt` what it shows")


class Section(ABC):  # noqa: B024 - a section may be of boards, of methods, or of both
    """Something that a plugin adds to the pages of a board, below their tables. Its parameters are those of `__init__`.

    A run asks it once, when its cells are done, and keeps what it says with the results: whoever makes the pages needs
    no plugin. results: of the matrix's cells, metrics by the names that the matrix gives them.
    """

    def board(self, results: Frames) -> Passage | None:
        """Return the passage for the page of the board, or None where there is nothing to say."""
        return None

    def method(self, results: Frames, method: str) -> Passage | None:
        """Return the passage for the page of the method of this name, or None where there is nothing to say."""
        return None
