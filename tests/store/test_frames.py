"""Tables of records: what stands in a cell's row, and scores that are not those of the record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from bench_in_process import emptied

from srbench.store.files import StoreError, write_table
from srbench.store.frames import CELL_COLUMNS, IMAGE_COLUMNS, cells_frame, images_frame, read_scores
from srbench.store.record import SCORES, MetricResult, Record
from srbench.store.records import Store

POINT: dict[str, Any] = {"dataset": "set5", "protocol": "x4", "method": "m", "trained_on": None, "seed": None}
ROWS = [("a", "k1", 30.0), ("b", "k1", 32.0), ("c", "k1", math.inf), ("a", "other", 7.0), (None, "k2", 0.5)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def psnr(value: float | None = 31.0, n: int = 2, infinite: int = 1, groups: int = 0) -> MetricResult:
    return MetricResult(key="k1", name="psnr", value=value, n=n, infinite=infinite, groups=groups)


def record(**metrics: MetricResult) -> Record:
    images = {name: f"{name}.png" for name in "abc"}
    return Record(key="ab" * 32, schema=1, status="ok", point=POINT, metrics=metrics, images=images)


def save(store: Store, rows: Sequence[tuple[Any, Any, Any]] = ROWS) -> Path:
    path = emptied(store, "cells", "ab" * 32) / SCORES
    write_table(
        path, pa.table(dict(zip(("image", "metric", "value"), map(list, zip(*rows, strict=True)), strict=True)))
    )
    return path


def test_a_cell_has_a_row_for_every_metric_even_without_a_value() -> None:
    failed = MetricResult(key="k3", status="failed", reason="x")
    one = record(psnr=psnr(), fid=failed)
    frame = cells_frame([(POINT, one), ({**POINT, "seed": 3}, None)], ["psnr", "fid", "never"])
    assert tuple(frame.columns) == CELL_COLUMNS
    assert frame["value"].dropna().to_dict() == {0: 31.0}
    assert frame["n"].tolist() == [2, 0, 0, 0, 0, 0]
    assert frame["status"].tolist() == ["ok"] * 3 + ["missing"] * 3
    assert frame["key"].isna().tolist() == [False] * 3 + [True] * 3
    assert frame["seed"].isna().tolist() == [True] * 3 + [False] * 3 and frame["seed"].iloc[5] == 3


def test_where_all_images_are_identical_to_hr_the_value_is_infinite_and_only_there() -> None:
    best = psnr(None, 0, infinite=3)
    worst = MetricResult(key="k", value=None, infinite=3, higher_is_better=False)
    none = MetricResult(key="k", status="skipped")
    frame = cells_frame([(POINT, record(psnr=best, worst=worst, none=none))], ["psnr", "worst", "none"])
    assert frame["value"].iloc[0] == math.inf and frame["value"].iloc[1:].isna().all()


def test_tables_of_nothing_have_their_columns(store: Store) -> None:
    assert tuple(cells_frame([], ["psnr"]).columns) == CELL_COLUMNS
    assert tuple(images_frame([], store).columns) == IMAGE_COLUMNS
    skipped = Record(key="cd" * 32, schema=1, status="skipped")
    assert len(images_frame([(POINT, skipped), (POINT, None), (POINT, record())], store)) == 0


def test_scores_are_called_as_the_record_calls_them_and_others_left_out(store: Store) -> None:
    save(store)
    one = record(
        peak=psnr(), fid=MetricResult(key="k2", value=0.5, per_image=False), no=MetricResult(key="x", status="failed")
    )
    assert read_scores(store, one) == {"peak": {"a": 30, "b": 32, "c": math.inf}, "fid": {None: 0.5}}
    table = images_frame([(POINT, one)], store)  # a set metric has no image
    assert tuple(table.columns) == IMAGE_COLUMNS
    assert table["label"].isna().all()
    labelled = msgspec.structs.replace(one, labels={"a": "cat", "c": "dog"})
    assert images_frame([(POINT, labelled)], store)["label"].fillna("").tolist() == ["cat", "", "dog"]
    assert table[["image", "metric", "value"]].values.tolist() == [
        ["a", "peak", 30],
        ["b", "peak", 32],
        ["c", "peak", math.inf],
    ]
    assert set(table["key"]) == {one.key}


@pytest.mark.parametrize(
    ("result", "rows", "problem"),
    [
        (psnr(), ROWS[:2], "has 2 of 3 images"),
        (psnr(), [*ROWS, ("a", "k1", 30.0)], "has 4 of 3 images"),
        (psnr(), [ROWS[0], ROWS[0], ROWS[2]], "is of other images"),
        (psnr(), [*ROWS[1:3], ("d", "k1", 30.0)], "is of other images"),
        (psnr(), [*ROWS[1:3], ("a", "k1", math.nan)], "holds values that are no scores"),
        (psnr(), [*ROWS[1:3], ("a", "k1", 1e200)], "holds values that are no scores"),
        (psnr(), [*ROWS[1:3], ("a", "k1", math.inf)], "does not hold the values of its record"),
        (psnr(31.001), ROWS, "has the mean 31, its record 31.001"),
        (MetricResult(key="k2", value=0.6, per_image=False), ROWS, "does not hold the value of its record"),
        (MetricResult(key="k4", value=0.6, per_image=False), ROWS, "does not hold the value of its record"),
    ],
)  # fmt: skip
def test_a_table_that_is_not_the_record_s_is_damaged(
    store: Store, result: MetricResult, rows: list[tuple[Any, Any, Any]], problem: str
) -> None:
    path = save(store, rows)
    with pytest.raises(StoreError, match=rf"{path} {problem}.* \((psnr|m)\); run the matrix again"):
        read_scores(store, record(m=result))


def test_the_mean_is_over_groups_where_the_metric_s_was(store: Store) -> None:
    save(store, [("a", "k1", 30.0), ("b", "k1", 32.0), ("c", "k1", 40.0)])
    one = record(psnr=psnr(35.5, n=3, infinite=0, groups=2))
    one.groups = {"a": "p", "b": "p"}
    assert len(read_scores(store, one)["psnr"]) == 3
    one.metrics["psnr"] = psnr(34.0, n=3, infinite=0)  # of a metric that took no account of them
    assert len(read_scores(store, one)["psnr"]) == 3


@pytest.mark.parametrize("content", [b"", b"PAR1 and then no more"])
def test_a_file_that_cannot_be_read_or_is_gone_is_named(store: Store, content: bytes) -> None:
    path = save(store)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=rf"{path} cannot be read \(.+\); run the matrix again"):
        read_scores(store, record(psnr=psnr()))
    path.unlink()
    with pytest.raises(StoreError, match=f"{path} is not there"):
        read_scores(store, record(psnr=psnr()))


def test_a_table_without_a_column_or_of_words_is_named(store: Store) -> None:
    path = emptied(store, "cells", "ab" * 32) / SCORES
    for columns in ({"image": ["a"], "metric": ["k1"]}, {"image": ["a"], "metric": ["k1"], "value": ["x"]}):
        write_table(path, pa.table(columns))
        with pytest.raises(StoreError, match="cannot be read"):
            read_scores(store, record(psnr=psnr()))
