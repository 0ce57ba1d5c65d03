"""What can be merged: a store, or a board that was published."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa

from srbench.leaderboard.pages.document import RECORDS, read_records
from srbench.leaderboard.results.results import Result
from srbench.store.records import Store
from srbench.store.votes import keep_session, unnumbered

_SCORES = pa.schema({"image": pa.string(), "metric": pa.string(), "value": pa.float64()})


@contextmanager
def opened(place: Path) -> Iterator[Store]:
    """The store at a place; for a board (its folder, or its `records.jsonl`) one made of its records meanwhile.

    A board holds records, scores and what people said, and of SR only what its files hash to. Raises
    `PublishError` where it cannot be read.
    """
    records = place / RECORDS if place.is_dir() else place
    if not records.is_file():
        yield Store(place)
        return
    with tempfile.TemporaryDirectory(prefix="srbench-") as folder:
        store = Store(Path(folder))
        for shelf in ("cells", "models"):
            (store.root / shelf).mkdir()
        document = read_records(records)
        for result in document.results.all:
            _write(store, result)
        for session in unnumbered(document.votes):
            keep_session(store, session)
        yield store


def _write(store: Store, result: Result) -> None:
    """Write the record of a cell, unless it has none or is damaged, without files that boards do not hold."""
    if result.record is None or result.damage:
        return
    metrics, ceiling = (
        {one.key: one for one in found.values()} for found in (result.record.metrics, result.record.ceiling)
    )
    files = {name: known for name, known in result.record.files.items() if "/" in name}
    record = msgspec.structs.replace(result.record, metrics=metrics, ceiling=ceiling, files=files)
    rows = [
        {"image": image, "metric": result.record.metrics[name].key, "value": value}
        for name, scores in result.scores.items()
        for image, value in scores.items()
    ]
    if rows:
        store.write_with_scores(record, pa.Table.from_pylist(rows, _SCORES))
    else:
        store.write("cells", record)
