"""The page that lists all leaderboards of a folder."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import msgspec

from srbench.leaderboard.pages.site import STYLE, render, static
from srbench.leaderboard.site.folder import PublishError
from srbench.store.files import StoreError, write_atomically
from srbench.store.seal import UNREADABLE

INDEX = "index.html"
_MARKS = {INDEX: b'<meta name="generator" content="srbench ', STYLE: b"/* The style of srbench's pages. */"}
"""The beginnings by which the index's files are recognised."""


class ListedBoard(msgspec.Struct):
    """What the index says of a board."""

    title: str
    header: str = ""
    findings: list[str] = []


def write_boards(folder: Path) -> Path:
    """Write `folder/index.html` from the `board.json` of every subfolder; one that is damaged is listed as such."""
    check_boards(folder)
    boards = []
    for path in sorted(folder.glob("*/board.json")):
        board = _read(path)
        boards.append(
            {
                "href": f"{quote(path.parent.name)}/index.html",
                "title": board.title,
                "header": board.header,
                "finding": " ".join(board.findings),
            }
        )
    index = folder / INDEX
    context = {"title": "Leaderboards", "board": "srbench", "root": "", "date": "", "date_words": "", "boards": boards}
    try:
        write_atomically(folder / STYLE, static(STYLE))
        write_atomically(index, render("boards.html", context))
    except StoreError as error:
        raise PublishError(str(error)) from error
    return index


def check_boards(folder: Path) -> None:
    """Raise `PublishError` where the index or its style sheet would replace a file that srbench did not write."""
    for name, mark in _MARKS.items():
        path = folder / name
        if path.is_symlink() or (path.exists() and not _begins_with(path, mark)):
            raise PublishError(
                f"{path} is not of srbench, which lists its leaderboards there; move it away, or publish into another "
                "folder with --out"
            )


def _begins_with(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return mark in file.read(1000)
    except OSError:
        return False


def _read(path: Path) -> ListedBoard:
    try:
        return msgspec.json.decode(path.read_bytes(), type=ListedBoard)
    except (OSError, *UNREADABLE) as error:
        problem = f"Its board.json cannot be read ({error}); `srbench report` makes it anew."
        return ListedBoard(path.parent.name, findings=[problem])
