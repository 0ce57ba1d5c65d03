"""The pages made from a plan and its records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from srbench.runner.plan import Plan

LEADERBOARDS = Path("leaderboards")


def publish(plan: Plan, store_root: Path, out: Path | None = None, *, anew: bool = True) -> Path:
    """Write the leaderboard into `out`, or into `leaderboards/NAME` and list it in `leaderboards/index.html`.

    Returns the leaderboard's `index.html`. Without `anew`, pages made from just these records by just this srbench
    are left alone.
    """
    from srbench.leaderboard.downloads import made_from, read_made_from

    folder = out or LEADERBOARDS / plan.matrix.name
    index, listed = folder / "index.html", out is None
    if anew or not index.exists() or read_made_from(folder / "board.json") != made_from(plan, listed):
        write_pages(plan, store_root, folder, listed=listed)
        if listed:
            write_index(LEADERBOARDS)
    return index


def write_pages(plan: Plan, store_root: Path, out: Path, *, listed: bool = False) -> Path:
    """Write the leaderboard of a plan into the folder `out`; returns `out/index.html`.

    listed: the folder around `out` has an index of leaderboards (`write_index`), and the page links to it. Reads
    only the plan's records, their files in the store, and (for HR pictures) the datasets. The same input gives the
    same bytes. Raises `StoreError` when a score file is damaged.
    """
    from srbench.leaderboard.pages import write_board

    return write_board(plan, store_root, out, listed)


def write_index(folder: Path) -> Path:
    """Write `folder/index.html`, which lists every leaderboard in the folder (subfolders holding `board.json`)."""
    from srbench.leaderboard.boards import write_boards

    return write_boards(folder)
