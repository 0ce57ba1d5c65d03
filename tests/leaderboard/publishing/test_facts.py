"""The facts that boards are sorted by are those of the matrix."""

from __future__ import annotations

import msgspec

from srbench.leaderboard.publishing.facts import Facts, facts_of

from ..toyboard import Board


def test_scales_datasets_and_budget_are_the_matrixs(board: Board) -> None:
    described = msgspec.structs.replace(board.described, fields=["textures"])
    assert facts_of(described) == Facts(("textures",), ("x4", "x2"), ("blobs", "waves"), "300 steps")
