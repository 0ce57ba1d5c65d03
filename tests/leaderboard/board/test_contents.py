"""What pages tell of a matrix, found by name and told in one line."""

from __future__ import annotations

import msgspec
import pytest

from srbench.leaderboard.board.contents import Board, BoardCell, BoardDataset, BoardMethod, BoardProtocol, BoardSplit
from srbench.store.cell import Cell

TOLD = "x4, bicubic LR, Y channel, 4 px border, native depth"


def test_lr_that_came_with_a_dataset_takes_the_place_of_the_degradation() -> None:
    protocol = BoardProtocol("x4-y", 2, "super-resolution", TOLD, degradation="bicubic")
    assert protocol.describe() == TOLD
    assert protocol.describe("LR that came with camera") == TOLD.replace("bicubic LR", "LR that came with camera")


@pytest.mark.parametrize(("trained_on", "seed"), [(None, None), ("t91", 0)])
def test_a_cell_is_called_as_in_its_record(trained_on: str | None, seed: int | None) -> None:
    cell = Cell("set5", "x4-y", "srcnn", trained_on, seed)
    shown = BoardCell("set5", "x4-y", "srcnn", trained_on, seed, cell.key)
    assert (shown.label, shown.point()) == (cell.label, cell.point())


def test_methods_and_protocols_are_found_by_name_and_survive_json() -> None:
    methods = [BoardMethod(name, f"Summary of {name}", parameters=(("depth", "3"),)) for name in ("a", "b")]
    protocol = BoardProtocol("x4-y", 2, "super-resolution", TOLD)
    board = Board(name="m", title="M", task="super-resolution", path="m.yaml", methods=methods, protocols=[protocol])
    assert board.method("b") is methods[1] and board.protocol("x4-y") is protocol
    assert msgspec.json.decode(msgspec.json.encode(board), type=Board) == board


def test_splits_survive_json_and_those_that_an_earlier_srbench_told_in_a_line_are_read() -> None:
    split = BoardSplit("test", "2 test images", 2, 2, (4, 6), (8, 8), (1, 3), ("uint8",), {"bicubic, x4": 2})
    dataset = BoardDataset("d", splits=(split, "36 training images"))
    assert msgspec.json.decode(msgspec.json.encode(dataset), type=BoardDataset) == dataset
    assert [*map(str, dataset.splits)] == ["2 test images", "36 training images"]
