"""Rows of papers: at the place of their value, and in nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from srbench.leaderboard.board.contents import BoardPublished
from srbench.leaderboard.findings.lead import findings
from srbench.leaderboard.results.published import PublishedRow
from srbench.leaderboard.results.results import Results
from srbench.leaderboard.tables.ranked import Row, Table, build_table

from ..toyboard import Made, results_of


def made(*rows: BoardPublished, datasets: str = "d") -> Results:
    """Methods whose means are 30, 28 and 26 dB, with an error of 3, 2 and 1; and rows of papers."""
    cells = [
        Made(
            dataset,
            name,
            {
                "psnr": {f"im{place}": value + place % 3 - 1.0 for place in range(9)},
                "mae": {f"im{place}": (value - 24) / 2 + place % 3 / 10 - 0.1 for place in range(9)},
            },
        )
        for dataset in datasets
        for name, value in (("best", 30.0), ("middle", 28.0), ("last", 26.0))
    ]
    results = results_of(cells)
    board = msgspec.structs.replace(results.board, published=[*rows])
    return Results(board, results.all)


def table(*rows: BoardPublished, dataset: str | None = None, datasets: str = "d") -> Table:
    results = made(*rows, datasets=datasets)
    return build_table(results.scopes[0], results.metrics, dataset)


def row(name: str, dataset: str = "d", protocol: str = "x4-y", **values: str) -> BoardPublished:
    return BoardPublished(name, dataset, protocol, "A. Uthor 2020, table 3", values)


def names(of: Table) -> list[str]:
    return [one.entrant.name if isinstance(one, Row) else one.method for one in of.lines]


def test_they_stand_where_their_value_puts_them() -> None:
    found = table(row("low", psnr="25.0"), row("high", psnr="31"), row("fine", psnr="28.50"), row("good", psnr="29"))
    assert names(found) == ["high", "best", "good", "fine", "middle", "last", "low"]
    assert [str(one.rank) for one in found.rows] == ["1", "2", "3"]


def test_the_place_is_that_of_each_metric_and_its_direction() -> None:
    found = table(row("paper", psnr="27", mae="0.5"))
    (paper,) = found.published
    order = found.standings["mae"].entrants
    assert [entrant.name for entrant in order] == ["last", "middle", "best"]
    assert paper.places["psnr"] == pytest.approx(1.5) and paper.places["mae"] == pytest.approx(-0.5)


def test_without_a_value_of_the_metric_that_ranks_they_stand_below_the_ranked() -> None:
    assert names(table(row("paper", mae="0.5"))) == ["best", "middle", "last", "paper"]


def test_they_are_in_tables_of_their_dataset_and_protocol_alone() -> None:
    rows = row("here", psnr="29"), row("there", "e", psnr="29"), row("other", protocol="x2-y", psnr="29")
    assert [one.method for one in table(*rows, datasets="de", dataset="d").published] == ["here"]
    assert table(*rows, datasets="de").published == ()


def test_nothing_that_is_said_or_ranked_knows_of_them() -> None:
    rows = row("paper", psnr="99"), row("bicubic", psnr="1")
    bare, beside = table(), table(*rows)
    assert findings(bare, [bare], "psnr") == findings(beside, [beside], "psnr")
    assert bare.rows == beside.rows and [*bare.gaps] == [*beside.gaps]
    (note,) = beside.notes
    assert note.startswith("As printed in the paper") and bare.notes == ()
    assert all(isinstance(one, PublishedRow) and one.note == 1 for one in beside.published)


def test_they_are_in_the_data_of_tables_and_in_no_scores(tmp_path: Path) -> None:
    import json

    from srbench.leaderboard.pages.downloads import write_board_json, write_scores
    from srbench.leaderboard.words.privacy import Privacy

    results = made(row("paper", psnr="29.10"))
    shown = build_table(results.scopes[0], results.metrics, "d")
    write_board_json(results, [shown], tmp_path / "board.json", {"title": "T"}, Privacy())
    (told,) = json.loads((tmp_path / "board.json").read_text())["tables"]
    assert told["published"] == [{"method": "paper", "source": "A. Uthor 2020, table 3", "metrics": {"psnr": 29.1}}]
    assert [one["method"] for one in told["rows"]] == ["best", "middle", "last"]
    write_scores(results, tmp_path / "scores.csv")
    assert "paper" not in (tmp_path / "scores.csv").read_text()


def test_they_are_in_the_tables_for_papers_as_they_are_printed() -> None:
    from srbench.leaderboard.paper.grid import grid
    from srbench.leaderboard.paper.markdown import markdown

    printed = grid(table(row("paper", psnr="29.10"), dataset="d"), "")
    (line,) = printed.references
    assert [entry.text for entry in line][:2] == ["published", "paper (A. Uthor 2020, table 3)"]
    assert "29.10" in [entry.text for entry in line] and len(line) == len(printed.heads)
    assert "29.10" in markdown(printed)
