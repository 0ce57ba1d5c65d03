"""What the index of boards can be narrowed by, and what it says a board rests on."""

from __future__ import annotations

import msgspec

from srbench.leaderboard.board.contents import Board


class Facts(msgspec.Struct, frozen=True):
    """fields: what its pictures are of. scales: `x4`; none of generation. budget: of its trainings, in words."""

    fields: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    budget: str = ""


def facts_of(board: Board) -> Facts:
    """The facts of a board."""
    scales = dict.fromkeys(f"x{one.scale}" for one in board.protocols if one.size is None)
    return Facts(tuple(board.fields), tuple(scales), tuple(board.tested), board.budget)
