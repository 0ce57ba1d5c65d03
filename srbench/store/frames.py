"""Records as tidy tables."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import msgspec

from srbench.statistics.scores import is_score
from srbench.statistics.units import unit_means
from srbench.store.file_memory import remembered
from srbench.store.files import StoreError, content_of
from srbench.store.record import SCORES, MetricResult, Record
from srbench.store.records import Store

if TYPE_CHECKING:
    import pandas as pd

CELL_COLUMNS = ("method", "dataset", "protocol", "trained_on", "seed", "status", "metric", "value", "n", "key")
IMAGE_COLUMNS = (*CELL_COLUMNS[:6], "image", "label", "metric", "value", "key")
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Frames:
    """Results as tidy pandas frames: one row a cell and metric; one row an image and metric."""

    cells: pd.DataFrame
    images: pd.DataFrame


def cells_frame(records: Iterable[tuple[dict[str, Any], Record | None]], metrics: Iterable[str]) -> pd.DataFrame:
    """One row a cell and metric.

    records: pairs of a cell's point and its record, metrics by name; a cell that has none yet has the status `missing`.
    A metric without a value has a row too, with `n` 0. Where all images are identical to HR, the value is infinite.
    """
    import pandas as pd

    names = list(metrics)
    rows = []
    for point, record in records:
        status = "missing" if record is None else record.status
        key = {"key": None if record is None else record.key}
        for name in names:
            result = None if record is None else record.metrics.get(name)
            value = None if result is None else _value(result)
            rows.append(
                {**point, "status": status, "metric": name, "value": value, "n": result.n if result else 0, **key}
            )
    frame = pd.DataFrame(rows, columns=list(CELL_COLUMNS))
    return frame.astype({"seed": "Int64", "value": "float64", "n": "int64"})


def _value(result: MetricResult) -> float | None:
    """The mean; infinite where every image is as good as can be, and there is none to take the mean of."""
    return math.inf if result.value is None and result.infinite and result.higher_is_better else result.value


def images_frame(records: Iterable[tuple[dict[str, Any], Record | None]], store: Store) -> pd.DataFrame:
    """One row an image and metric, of the cells that have scores; `records` as in `cells_frame`.

    An image without a label has None there. Raises `StoreError` for a damaged table.
    """
    import pandas as pd

    rows = []
    for point, record in records:
        if record is None or record.status != "ok":
            continue
        place = [{**point, "status": record.status}[name] for name in IMAGE_COLUMNS[:6]]
        for metric, scores in read_scores(store, record).items():
            rows += [
                (*place, image, record.labels.get(image), metric, value, record.key)
                for image, value in scores.items()
                if image is not None
            ]
    return pd.DataFrame(rows, columns=list(IMAGE_COLUMNS)).astype({"seed": "Int64"})


def read_scores(store: Store, record: Record) -> dict[str, dict[str | None, float]]:
    """The scores of one cell by metric and image (None for a set metric's one value).

    Of the metrics in the record that are ok, called as they are there: the table itself calls them by their keys.
    Raises `StoreError` when the table cannot be read or is not the one that the record speaks of.
    """
    path = store.folder("cells", record.key) / SCORES
    wanted = {name: result for name, result in record.metrics.items() if result.status == "ok"}
    if not wanted:
        return {}
    try:
        table = remembered(path, "scores", partial(_table, path), _Table)
    except FileNotFoundError:
        raise StoreError(f"{path} is not there; run the matrix again") from None
    except Exception as error:  # pyarrow has many exceptions; whichever it is, the file is the culprit
        problem = str(error) or type(error).__name__
        raise StoreError(f"{path} cannot be read ({problem}); run the matrix again") from error
    if record.files.get(SCORES) not in (None, table.sha256):
        raise StoreError(f"{path} is not the file that was written; run the matrix again")
    found = {}
    for name, result in wanted.items():
        own = table.rows.get(result.key, [])
        found[name] = dict(own)
        problem = _disagreement(result, [image for image, _ in own], [value for _, value in own], record)
        if problem:
            raise StoreError(f"{path} {problem} ({result.name or name}); run the matrix again")
    return found


class _Table(msgspec.Struct):
    """A table of scores: the sha256 of its file, and image and value by the metric's key."""

    sha256: str
    rows: dict[str, list[tuple[str | None, float]]]


def _table(path: Path) -> _Table:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    content = content_of(path)
    rows: dict[str, list[tuple[str | None, float]]] = {}
    file = ParquetFile(pa.BufferReader(content))
    table = file.read(columns=["image", "metric", "value"], use_threads=False).to_pydict()
    for image, key, value in zip(table["image"], table["metric"], table["value"], strict=True):
        rows.setdefault(key, []).append((image, float(value)))
    return _Table(hashlib.sha256(content).hexdigest(), rows)


def _disagreement(result: MetricResult, images: list[Any], values: list[float], record: Record) -> str:
    """What is wrong with the rows of a metric whose result is known; empty when nothing is."""
    if not all(map(is_score, values)):
        return "holds values that are no scores"
    if not result.per_image:
        there = len(values) == 1 and (result.value is None or math.isclose(values[0], result.value, rel_tol=TOLERANCE))
        return "" if there else "does not hold the value of its record"
    expected = result.n + result.infinite
    if len(values) != expected:
        return f"has {len(values)} of {expected} images"
    if len(set(images)) != len(images) or not set(images) <= {*record.images}:
        return "is of other images than its record"
    finite = {image: value for image, value in zip(images, values, strict=True) if math.isfinite(value)}
    if len(finite) != result.n:
        return "does not hold the values of its record"
    means = unit_means(finite, record.groups if result.groups else {})
    if means and result.value is not None:
        mean = fmean(means)
        if not math.isclose(mean, result.value, rel_tol=TOLERANCE, abs_tol=TOLERANCE * max(map(abs, means))):
            return f"has the mean {mean:.6g}, its record {result.value:.6g}"
    return ""
