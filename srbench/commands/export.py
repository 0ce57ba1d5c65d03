"""Tables as files of other programs."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from srbench.leaderboard.board.contents import Board


def encode(frame: pd.DataFrame, form: str) -> bytes:
    """A tidy frame as `csv`, `parquet` or `json`.

    JSON has no infinity: there an infinite value is the text `inf` or `-inf`, and null means that there is no value.
    """
    if form == "csv":
        return frame.to_csv(index=False, lineterminator="\n").encode()
    if form == "json":
        spelled = frame.astype({"value": object}).replace({"value": {math.inf: "inf", -math.inf: "-inf"}})
        return (spelled.to_json(orient="records", indent=1) + "\n").encode()
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def for_papers(board: Board, store: Path, form: str) -> bytes:
    """What the page of a board offers to papers: its ranked tables as `latex` or `markdown`, or its `bibtex`."""
    from srbench.leaderboard.pages.board import views_of
    from srbench.leaderboard.pages.document import decoded, results_in
    from srbench.leaderboard.pages.paper import cited, paper_tables

    document = decoded(results_in(board, store).lines())
    board = document.results.board
    data = document.fingerprint
    if form == "bibtex":
        return cited(board, data, document.date).bibtex.encode()
    tables = paper_tables(views_of(document), board, data)
    return "\n".join(table.latex if form == "latex" else table.markdown for table in tables).encode()
