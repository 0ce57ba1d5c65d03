"""The page of a method: how it did and what that looks like, its cells and costs; then what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srbench.leaderboard.board.contents import Board, BoardMethod
from srbench.leaderboard.methods.cells import cell_tables
from srbench.leaderboard.methods.standing import Standing, told
from srbench.leaderboard.results.results import Results, unique_slugs
from srbench.leaderboard.trainings.pages import Group, notes_of


def method_slugs(board: Board) -> dict[str, str]:
    """What the page of each method is called, by its name."""
    methods = [method.name for method in board.methods]
    return dict(zip(methods, unique_slugs(methods), strict=True))


def method_context(
    method: BoardMethod, results: Results, trainings: Sequence[Group], found: Sequence[Standing] = ()
) -> dict[str, Any]:
    """What `methods/page.html` shows of a method. trainings, found: its own, the latter on each dataset."""
    own = results.of_method(method.name)
    titles = {one.column.title for one in found if one.column is not None}
    return {
        "title": method.name,
        "method": method.name,
        "slot": own[0].entrant.slot if own else 0,
        "summary": method.summary,
        "standings": found,
        "told": list(told(found)),
        "metric": titles.pop() if len(titles) == 1 else "",
        "several_scopes": len({one.where for one in found}) > 1,
        "several_entrants": len({one.entrant for one in found}) > 1,
        "documentation": method.documentation,
        "papers": [str(paper) for paper in method.papers],
        "origin": method.origin,
        "parameters": method.parameters,
        "groups": cell_tables(method.name, results),
        "notes": notes_of(method.name, results, trainings),
        "trainings": trainings,
        "sections": [passage for name, passage in results.board.sections if name == method.name],
    }
