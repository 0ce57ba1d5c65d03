"""A publication that a plugin stands on: what pages tell of it, and BibTeX is made from."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_ARXIV = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7}")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
OTHERS = "others"


class Paper(msgspec.Struct, frozen=True):
    """A publication to be cited.

    authors: surnames, or names with the surname first: `Lim`, `Lim, Bee`; a last one `others` stands for those who are
    not named. year: of publication. conference, journal: where it appeared; at most one of the two. arxiv: the number
    alone, `1707.02921`. doi: `10.1109/83.661182`, without an address before it. What is not known is left out.
    """

    authors: tuple[str, ...]
    title: str
    year: int
    conference: str = ""
    journal: str = ""
    arxiv: str = ""
    doi: str = ""

    def __str__(self) -> str:
        """`Lim, Son, “Enhanced deep residual networks”, CVPR workshops 2017 (arXiv 1707.02921)`."""
        names = ", ".join("et al." if name == OTHERS else name.partition(",")[0] for name in self.authors)
        numbers = [f"arXiv {self.arxiv}"] * bool(self.arxiv) + [f"doi {self.doi}"] * bool(self.doi)
        where = f"{self.conference or self.journal} {self.year}".lstrip()
        return f"{names}, “{self.title}”, {where}" + (f" ({', '.join(numbers)})" if numbers else "")

    def faults(self) -> Iterator[str]:
        """What is wrong with its form, in words; nothing where it can be cited."""
        if not self.authors or not all(name.strip() for name in self.authors) or self.authors[0] == OTHERS:
            yield "authors names nobody"
        if OTHERS in self.authors[:-1]:
            yield f"{OTHERS!r} is not the last of its authors"
        if not self.title.strip() or self.title.rstrip().endswith("."):
            yield "its title is empty, or ends with a full stop"
        if not 1600 <= self.year <= 2200:
            yield f"its year is {self.year}"
        if self.conference and self.journal:
            yield "it has a conference and a journal"
        if self.arxiv and not _ARXIV.fullmatch(self.arxiv):
            yield f"its arXiv number is {self.arxiv!r}; write it as 1707.02921"
        if self.doi and not _DOI.fullmatch(self.doi):
            yield f"its DOI is {self.doi!r}; write it as 10.1109/83.661182"
