"""The page that lists all leaderboards of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import msgspec

from srbench.leaderboard.pages.site import STYLE, render, static
from srbench.leaderboard.publishing.cover import Cover
from srbench.leaderboard.publishing.facts import Facts
from srbench.leaderboard.site.folder import LISTING, PublishError
from srbench.store.files import StoreError, write_atomically
from srbench.store.records import PUBLISHED
from srbench.store.seal import UNREADABLE

INDEX, SCRIPT = "index.html", "boards.js"
_MARKS = {
    INDEX: b'<meta name="generator" content="srbench ',
    STYLE: b"/* The style of srbench's pages. */",
    SCRIPT: b"// The script of srbench's index",
}
"""The beginnings by which the index's files are recognised."""


class ListedBoard(msgspec.Struct, frozen=True):
    """What the `board.json` of a board says that the index shows."""

    title: str
    header: str = ""
    date: str = ""
    findings: list[str] = []
    badge: str = ""
    facts: Facts = Facts()
    cover: Cover | None = None


def write_boards(folder: Path) -> Path:
    """Write `folder/index.html` from the `board.json` of every subfolder; one that is damaged is listed as such.

    The latest results come first.
    """
    check_boards(folder)
    found = [(path.parent.name, read_listed(path.parent)) for path in sorted(folder.glob("*/board.json"))]
    found.sort(key=lambda one: one[1].date, reverse=True)
    context = {
        "title": "Leaderboards",
        "board": "srbench",
        "root": "",
        "date": "",
        "date_words": "",
        "boards": [_line(name, board) for name, board in found],
        "fields": _all(board.facts.fields for _, board in found),
        "scales": _all(board.facts.scales for _, board in found),
        "datasets": _all(board.facts.datasets for _, board in found),
    }
    index = folder / INDEX
    try:
        for name in (STYLE, SCRIPT):
            write_atomically(folder / name, static(name))
        write_atomically(index, render("boards.html", context))
    except StoreError as error:
        raise PublishError(str(error)) from error
    return index


def _all(values: Iterable[Iterable[str]]) -> list[str]:
    return sorted({value for some in values for value in some})


def _line(name: str, board: ListedBoard) -> dict[str, Any]:
    facts, cover = board.facts, board.cover
    place = PurePosixPath(cover.href if cover else "")
    if cover is not None and (place.is_absolute() or ".." in place.parts):
        cover = None  # which leads out of the board's folder: nobody wrote that but a stranger
    rests = [", ".join(facts.datasets), ", ".join(facts.fields), facts.budget and f"trained for {facts.budget}"]
    return {
        "href": f"{quote(name)}/index.html",
        "title": board.title,
        "header": board.header,
        "findings": board.findings,
        "rests": " · ".join(filter(None, rests)),
        "facts": {"field": facts.fields, "scale": facts.scales, "dataset": facts.datasets},
        "cover": cover and {"href": f"{quote(name)}/{quote(cover.href)}", "alt": cover.alt, "drawn": cover.drawn},
    }


def check_boards(folder: Path) -> None:
    """Raise `PublishError` where the index or its style sheet would replace a file that is none of an index."""
    if any((folder / name).exists() for name in (LISTING, PUBLISHED)):
        raise PublishError(
            f"{folder} holds a board, whose page an index of boards would replace; name the folder around it with --out"
        )
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


def read_listed(board: Path) -> ListedBoard:
    """What the `board.json` in a board's folder says; that it cannot be read, where it cannot."""
    try:
        return msgspec.json.decode((board / "board.json").read_bytes(), type=ListedBoard)
    except (OSError, *UNREADABLE) as error:
        problem = f"Its board.json cannot be read ({error}); `srbench report` makes it anew."
        return ListedBoard(board.name, findings=[problem])
