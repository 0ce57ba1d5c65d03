"""How large a site is, held against what GitHub takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from srbench.leaderboard.words.numerals import listing

Pictures = Literal["all", "few", "none"]
PICTURES: tuple[Pictures, ...] = get_args(Pictures)
"""How many pictures a board shows."""
SITE, FILE = 10**9, 100 * 2**20
"""The most of a site on GitHub Pages, and of a file in a repository, in bytes.

https://docs.github.com/pages/getting-started-with-github-pages/github-pages-limits"""


@dataclass(frozen=True)
class Size:
    """The size of a site, in bytes. large: its files that are too large, by their places in it."""

    whole: int
    large: Mapping[str, int]

    @classmethod
    def of(cls, site: Path) -> Size:
        """The size of a folder, whatever lies in it."""
        found = sorted(path for path in site.rglob("*") if path.is_file() and not path.is_symlink())
        files = {path.relative_to(site).as_posix(): path.stat().st_size for path in found}
        return cls(sum(files.values()), {name: size for name, size in files.items() if size > FILE})

    def warnings(self, shown: Pictures, costs: Mapping[Pictures, int]) -> Iterator[str]:
        """What GitHub will not take, and what can be done. shown: how many pictures; costs: their bytes, by choice."""
        saved = [
            f"--pictures {other} saves {megabytes(costs[shown] - size)}"
            for other, size in costs.items()
            if size < costs[shown]
        ]
        choices = f"; of this board {listing(saved)}" if saved else ""
        if self.whole > SITE:
            yield (
                f"the site has {megabytes(self.whole)}, and GitHub Pages takes {megabytes(SITE)}{choices}; boards that "
                "nobody needs can be removed: delete their folders, and publish again"
            )
        for name, size in self.large.items():
            yield f"{name} has {megabytes(size)}, and GitHub takes files of {megabytes(FILE)}: split the matrix"


def megabytes(size: int) -> str:
    """`12.3 MB`."""
    return f"{size / 1e6:,.1f} MB"
