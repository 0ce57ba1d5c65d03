"""The pages made from a plan and its records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from srbench.runner.plan import Plan


def write_pages(plan: Plan, store_root: Path, out: Path) -> Path:
    """Write the leaderboard of a plan into the folder `out`; returns `out/index.html`.

    Reads only the plan's records, their files in the store, and (for HR pictures) the datasets. The same input gives
    the same bytes. Raises `StoreError` when a score file is damaged.
    """
    from srbench.leaderboard.pages import write_board

    return write_board(plan, store_root, out)


def write_index(folder: Path) -> Path:
    """Write `folder/index.html`, which lists every leaderboard in the folder (subfolders holding `board.json`)."""
    from srbench.leaderboard.boards import write_boards

    return write_boards(folder)
