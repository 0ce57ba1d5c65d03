"""Rows to read the others by: measured numbers of HR, of bicubic, of real images; never over several datasets."""

from __future__ import annotations

from pathlib import Path

import pytest

from srbench.leaderboard.results.references import ReferenceRow, references
from srbench.leaderboard.results.results import Results
from srbench.leaderboard.results.values import Notes

from ..genboard import CEILING, TRAIN, make_generation_board
from ..toyboard import DETAILS, Board


@pytest.fixture(scope="module")
def results(board: Board) -> Results:
    return board.results


def rows(results: Results, datasets: list[str], notes: Notes) -> tuple[ReferenceRow, ...]:
    scope = results.scopes[0]
    cells = {
        entrant: [one for one in scope.results if one.entrant == entrant and one.slug.split("-")[0] in datasets]
        for entrant in scope.entrants()
    }
    return references(cells, results.metrics, datasets, notes, scope.task.wording)


def test_ceiling_and_floor_are_what_the_metric_measured_of_hr_and_of_bicubic(results: Results) -> None:
    notes = Notes()
    ceiling, floor = rows(results, ["blobs"], notes)
    place = results.metrics.index("fid")
    assert DETAILS.ceiling is not None and DETAILS.floor is not None
    assert (ceiling.name, ceiling.mark) == ("HR", "ceiling")
    assert (ceiling.values[place].number, ceiling.values[place].aside) == (DETAILS.ceiling.value, "[2.25, 2.75]")
    assert (floor.name, floor.mark) == ("bicubic", "floor")
    assert (floor.values[place].number, floor.values[place].aside) == (DETAILS.floor.value, "± 1.5")
    # Of the others nobody measured anything, and what HR would get by definition is not said.
    assert {value.number for row in (ceiling, floor) for value in row.values} == {None, 2.5, 61.0}
    assert ceiling.note == floor.note == 1 and "have no rank" in notes.texts[0]


def test_over_several_datasets_there_are_none(results: Results) -> None:
    assert rows(results, ["blobs", "waves"], Notes()) == ()


def test_real_images_stand_in_the_place_of_samples(tmp_path: Path) -> None:
    board = make_generation_board(tmp_path, seeds=1, samples=4)
    results = board.results
    notes = Notes()
    (row,) = rows(results, ["colour"], notes)
    assert (row.name, row.mark) == ("real images", "ceiling")
    known = zip(results.metrics, row.values, strict=True)
    assert {metric: (value.number, value.aside) for metric, value in known if value.number is not None} == {
        "fid-a": (CEILING, f"n {TRAIN}"),
        "fid-b": (CEILING, f"n {TRAIN}"),
    }
    assert notes.texts[row.note - 1].startswith("Real images, the ceiling, in place of samples")
