"""The page that lists all leaderboards of a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from srbench.leaderboard.site import STYLE, write_page, write_static
from srbench.store import StoreError


def write_boards(folder: Path) -> Path:
    """Write `folder/index.html` from the `board.json` of every subfolder."""
    boards = []
    for path in sorted(folder.glob("*/board.json")):
        board = _read(path)
        boards.append(
            {
                "href": f"{quote(path.parent.name)}/index.html",
                "title": str(board.get("title", path.parent.name)),
                "header": str(board.get("header", "")),
                "finding": " ".join(str(sentence) for sentence in board.get("findings", [])),
            }
        )
    write_static(folder, STYLE)
    index = folder / "index.html"
    context = {"title": "Leaderboards", "board": "srbench", "root": "", "date": "", "date_words": "", "boards": boards}
    write_page(index, "boards.html", context)
    return index


def _read(path: Path) -> dict[str, Any]:
    try:
        board = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); `srbench report` makes it anew") from error
    if not isinstance(board, dict):
        raise StoreError(f"{path}: is no board; `srbench report` makes it anew")
    return board
