"""The pages made from a plan and its records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from srbench.leaderboard.pages.folder import BoardFolder
    from srbench.matrix import Matrix
    from srbench.runner.planning.plan import Plan

LEADERBOARDS = Path("leaderboards")


@dataclass(frozen=True)
class Published:
    """A leaderboard on disk.

    index: its first page. troubles: what of the plan it does not show, a line each. named: the datasets whose pictures
    it calls by the names of their files.
    """

    index: Path
    troubles: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def remarks(self) -> list[str]:
        """What whoever publishes it should know, a line each."""
        if not self.named:
            return []
        return [f"names of picture files are shown on the pages (of {', '.join(self.named)})"]


def publish(plan: Plan, store_root: Path, out: Path | None = None, *, anew: bool = True) -> Published:
    """Write the leaderboard into `out`, or into `leaderboards/NAME` and list it in `leaderboards/index.html`.

    Without `anew`, pages made from just these records by just this srbench are left alone. Reads only the plan's
    records, their files in the store, and (for HR pictures) the datasets; the same input gives the same bytes. Raises
    `PublishError`, with nothing changed, where files of others are in the way.
    """
    from srbench.leaderboard.pages.board import write_board
    from srbench.leaderboard.pages.boards import check_boards
    from srbench.leaderboard.pages.downloads import made_from

    board, listed = board_folder(plan.matrix, out), out is None
    folder = board.path
    if listed:
        check_boards(LEADERBOARDS)
    if not anew and board.is_whole(made_from(plan, listed)):
        return Published(folder / "index.html", (), _named(plan))
    troubles = write_board(plan, store_root, folder, listed)
    if listed:
        write_index(LEADERBOARDS)
    return Published(folder / "index.html", tuple(troubles), _named(plan))


def board_folder(matrix: Matrix, out: Path | None) -> BoardFolder:
    """Where the board of a matrix goes. Raises `PublishError` where that is not free for it."""
    from srbench.leaderboard.pages.folder import BoardFolder

    folder = BoardFolder(out or LEADERBOARDS / matrix.name, matrix)
    folder.check()
    return folder


def _named(plan: Plan) -> tuple[str, ...]:
    """The datasets whose images have ids made of names, of those that are shown."""
    shown = (cell.dataset for cell in plan.cells if cell.record is not None and cell.record.images)
    return tuple(dict.fromkeys(use.name for use in shown if use.params.get("ids") != "coded"))


def write_index(folder: Path) -> Path:
    """Write `folder/index.html`, which lists every leaderboard in the folder (subfolders holding `board.json`)."""
    from srbench.leaderboard.pages.boards import write_boards

    return write_boards(folder)
