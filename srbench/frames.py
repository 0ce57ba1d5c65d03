"""Records as tidy tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srbench.store import SCORES, MetricResult, Record, Store

if TYPE_CHECKING:
    import pandas as pd

CELL_COLUMNS = ("method", "dataset", "protocol", "trained_on", "seed", "status", "metric", "value", "n")
IMAGE_COLUMNS = (*CELL_COLUMNS[:6], "image", "metric", "value")


def cells_frame(records: Iterable[tuple[dict[str, Any], Record | None]], metrics: Iterable[str]) -> pd.DataFrame:
    """One row a cell and metric.

    records: pairs of a cell's point and its record; a cell that has none yet has the status `missing`. A metric
    without a value has a row too, with `n` 0. Where all images are identical to HR, the value is infinite.
    """
    import pandas as pd

    names = list(metrics)
    rows = []
    for point, record in records:
        status = "missing" if record is None else record.status
        for name in names:
            result = None if record is None else record.metrics.get(name)
            value = None if result is None else _value(result)
            rows.append({**point, "status": status, "metric": name, "value": value, "n": result.n if result else 0})
    frame = pd.DataFrame(rows, columns=list(CELL_COLUMNS))
    return frame.astype({"seed": "Int64", "value": "float64", "n": "int64"})


def _value(result: MetricResult) -> float | None:
    """The mean; infinite where every image is as good as can be, and there is none to take the mean of."""
    return math.inf if result.value is None and result.infinite and result.higher_is_better else result.value


def images_frame(records: Iterable[tuple[dict[str, Any], Record | None]], store: Store) -> pd.DataFrame:
    """One row an image and metric, of the cells that have scores."""
    import pandas as pd

    parts = []
    for point, record in records:
        if record is None:
            continue
        scores = read_scores(store, record.key)
        for column, value in {**point, "status": record.status}.items():
            scores[column] = value
        parts.append(scores[scores["image"].notna()])
    if not parts:
        return pd.DataFrame(columns=list(IMAGE_COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(IMAGE_COLUMNS)].astype({"seed": "Int64"})


def read_scores(store: Store, key: str) -> pd.DataFrame:
    """The scores of one cell: columns image (None for set metrics), metric, value; empty when there are none."""
    import pandas as pd

    path: Path = store.folder("cells", key) / SCORES
    if not path.exists():
        return pd.DataFrame({"image": [], "metric": [], "value": []})
    return pd.read_parquet(path)
