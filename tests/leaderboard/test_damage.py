"""What is damaged costs its own row; everything else is published, and the next run sees it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench_in_process import emptied

from srbench.leaderboard import publish
from srbench.leaderboard.pages import details
from srbench.leaderboard.results.results import Result, finite_mean
from srbench.leaderboard.words.dates import moment_words
from srbench.store.files import StoreError
from srbench.store.frames import read_scores
from srbench.store.record import MetricResult, Record
from srbench.store.records import Store

from .markup import parse
from .toyboard import KEYS, Board


@pytest.fixture
def small(make: Callable[..., Board]) -> Board:
    return make(datasets=("blobs",), protocols=1, seeds=1, methods=("bicubic", "lanczos", "$x^2$"))


def scores(board: Board, method: str) -> Path:
    (record,) = [p.record for p in board.plan.cells if p.cell.method == method]
    assert record is not None
    return Store(board.store).folder("cells", record.key) / "scores.parquet"


def change(path: Path, where: str, value: float) -> None:
    frame = pd.read_parquet(path)
    frame.loc[(frame["metric"] == KEYS[where]), "value"] = value
    frame.to_parquet(path)


def without_rows(path: Path) -> None:
    pd.read_parquet(path).iloc[2:].to_parquet(path)


def cut_picture(path: Path) -> None:
    picture = path.parent / "images" / "im0.png"
    picture.write_bytes(picture.read_bytes()[:-40])


TABLES = {
    "empty": lambda path: path.write_bytes(b""),
    "no parquet": lambda path: path.write_bytes(b"PAR1 and no more"),
    "missing": Path.unlink,
    "no rows": lambda path: pd.read_parquet(path).iloc[:0].to_parquet(path),
    "other columns": lambda path: pd.DataFrame({"a": [1]}).to_parquet(path),
    "rows lacking": without_rows,
    "not a number": lambda path: change(path, "psnr", math.nan),
    "beyond all bounds": lambda path: change(path, "psnr", 1e308),
    "another mean than the record's": lambda path: change(path, "ssim", 0.99),
    "another value of the set": lambda path: change(path, "fid", 1.0),
}


def test_every_damage_of_a_table_costs_its_cell_alone(small: Board) -> None:
    path = scores(small, "lanczos")
    whole = path.read_bytes()
    before = small.results
    for damage in TABLES.values():
        path.write_bytes(whole)
        damage(path)
        after = small.results
        assert [result.status for result in after.all if result.entrant.method == "lanczos"] == ["damaged"]
        others = [[r for r in results.all if r.entrant.method != "lanczos"] for results in (before, after)]
        assert others[0] == others[1]


def test_damaged_cells_are_shown_as_such_and_named(small: Board, tmp_path: Path) -> None:
    change(scores(small, "lanczos"), "psnr", 1e308)
    cut_picture(scores(small, "bicubic"))
    published = publish(small.described, small.store, tmp_path)
    assert sorted(trouble.partition(":")[0] for trouble in published.troubles) == [
        "blobs/x4-y/bicubic is damaged",
        "blobs/x4-y/lanczos is damaged",
    ]
    assert all("run the matrix again" in trouble for trouble in published.troubles)
    board = json.loads((tmp_path / "board.json").read_text(encoding="utf-8"))
    status = {cell["method"]: cell["status"] for cell in board["cells"]}
    assert status["lanczos"] == status["bicubic"] == "damaged" and status["$x^2$"] == "ok"
    ranks = {row["method"]: row["rank"] for row in board["tables"][0]["rows"]}
    assert ranks["lanczos"] is None and ranks["bicubic"] is None and ranks["$x^2$"]
    for page in (published.index, *(tmp_path / "cells").glob("*lanczos*"), *(tmp_path / "cells").glob("*bicubic*")):
        assert "damaged: " in parse(page).text


def test_pages_with_damage_are_made_again_until_there_is_none(small: Board, tmp_path: Path) -> None:
    path = scores(small, "lanczos")
    whole = path.read_bytes()
    path.write_bytes(b"")
    assert publish(small.described, small.store, tmp_path).troubles
    path.write_bytes(whole)
    assert not publish(small.described, small.store, tmp_path, anew=False).troubles
    before = (tmp_path / "index.html").stat().st_mtime_ns
    assert not publish(small.described, small.store, tmp_path, anew=False).troubles
    assert (tmp_path / "index.html").stat().st_mtime_ns == before
    (tmp_path / "index.html").unlink()
    assert publish(small.described, small.store, tmp_path, anew=False).index.is_file()


def test_a_page_that_cannot_be_made_costs_that_page_alone(
    small: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = details.cell_context

    def broken(result: Result, *rest: object) -> object:
        if result.entrant.method == "lanczos":
            raise ZeroDivisionError("no way <b>")
        return original(result, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(details, "cell_context", broken)
    (trouble,) = publish(small.described, small.store, tmp_path).troubles
    assert trouble == "The page of blobs/x4-y/lanczos could not be made (ZeroDivisionError: no way <b>)."
    (page,) = (tmp_path / "cells").glob("*lanczos*.html")
    assert trouble in parse(page).text
    assert len(list((tmp_path / "cells").glob("*.html"))) == len(small.plan.cells)


def test_only_a_table_that_agrees_with_its_record_is_read(tmp_path: Path) -> None:
    """The mean over groups of the groups' means."""
    values = {"a1": 30.0, "a2": 32.0, "b1": 20.0, "c": math.inf}
    mean = np.mean([np.mean([30.0, 32.0]), 20.0])
    result = MetricResult(key="k1", value=float(mean), n=3, groups=2, infinite=1)
    groups = {"a1": "a", "a2": "a", "b1": "b"}
    images = {name: f"{name}.png" for name in values}
    record = Record(key="ab", schema=2, status="ok", metrics={"psnr": result}, images=images, groups=groups)
    store = Store(tmp_path)
    folder = emptied(store, "cells", "ab")
    rows = [(image, "k1", value) for image, value in values.items()] + [("a1", "of another matrix", 1e308)]
    pd.DataFrame(rows, columns=["image", "metric", "value"]).to_parquet(folder / "scores.parquet")
    assert read_scores(store, record) == {"psnr": values}
    result.value = float(np.mean([30.0, 32.0, 20.0]))
    with pytest.raises(StoreError, match=r"has the mean 25.5, its record 27.3333 \(psnr\)"):
        read_scores(store, record)
    result.value, record.images = float(mean), dict.fromkeys(["a1", "a2", "b1", "d"], "x.png")
    with pytest.raises(StoreError, match="other images"):
        read_scores(store, record)


def test_means_of_the_largest_numbers_do_not_raise() -> None:
    assert finite_mean([1e308] * 3) == pytest.approx(1e308)
    assert finite_mean([1.0, 2.0, 4.0]) == math.fsum([1.0, 2.0, 4.0]) / 3


def test_when_a_cell_was_started_is_said_in_words() -> None:
    assert moment_words("2026-11-28T01:05:59.123+02:00") == "27 Nov 2026, 23:05 UTC"
    assert moment_words("2026-11-28T01:05:59") == "28 Nov 2026, 01:05"
    assert moment_words("some day") == "some day"


def test_who_publishes_is_told_that_names_of_files_are_shown(small: Board, tmp_path: Path) -> None:
    (remark,) = publish(small.described, small.store, tmp_path).remarks
    assert remark == "names of picture files are shown on the pages (of blobs)"
    small.plan = replace(small.plan, coded=frozenset({"blobs"}))
    assert publish(small.described, small.store, tmp_path).remarks == ()
