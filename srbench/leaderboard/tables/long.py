"""Tables of many rows: the page holds the first of them, and a script the rest, which is loaded when it is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

IN_PAGE = 500
"""How many rows of a table a page holds."""


@dataclass(frozen=True)
class LongHead:
    """The head of a column. holds: what the column is made of. higher: whether higher is better; None: neither is."""

    label: str
    holds: Literal["name", "text", "number"] = "number"
    order: Literal["ascending", "descending"] = "ascending"
    higher: bool | None = None


@dataclass(frozen=True)
class LongCell:
    """What stands in a place. sort: what rows are put in order by, where that is not the text. href: where it leads.
    aside: what stands below it.
    """

    text: str
    sort: str | float | None = None
    href: str = ""
    aside: str = ""

    def packed(self) -> str | list[str | float | None]:
        """The cell as `rows.js` reads it: its text or, in a list, text, order, address and what stands below."""
        parts: list[str | float | None] = [self.text, self.sort, self.href, self.aside]
        while len(parts) > 2 and not parts[-1]:
            parts.pop()
        return self.text if parts == [self.text, None] else parts


@dataclass(frozen=True)
class LongTable:
    """A table of as many rows as there are. id: in its page. late: the file of the rows that are not in the page, seen
    from the page; all: the file that holds what is in the table, for readers without script.
    """

    id: str
    caption: str
    heads: tuple[LongHead, ...]
    rows: Sequence[tuple[LongCell, ...]]
    late: str
    all: str

    @property
    def in_page(self) -> Sequence[tuple[LongCell, ...]]:
        """The rows that the page holds."""
        return self.rows[:IN_PAGE]

    @property
    def is_long(self) -> bool:
        """Whether there are rows that the page does not hold."""
        return len(self.rows) > IN_PAGE

    @property
    def rest(self) -> list[list[str | list[str | float | None]]]:
        """The rows that the page does not hold, packed."""
        return [[cell.packed() for cell in row] for row in self.rows[IN_PAGE:]]
