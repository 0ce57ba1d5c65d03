"""Records as cells leave them, for tests that need some."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import pyarrow as pa

from srbench.store.cell import digest
from srbench.store.files import sha256_of
from srbench.store.lease import Holder, Leases, Process
from srbench.store.record import MetricResult, Record, Status
from srbench.store.records import Store

SCORES = pa.schema({"image": pa.string(), "metric": pa.string(), "value": pa.float64()})


def made_record(key: str = "ab" * 32, method: str = "bicubic", started: str = "2026-01-01") -> Record:
    """A record of a cell that went well."""
    point = {"dataset": "set5", "protocol": "x4-y", "method": method, "trained_on": None, "seed": None}
    return Record(key=key, schema=1, status="ok", point=point, started=started)


def made_cell(
    store: Store,
    name: str,
    sr: bytes = b"SR",
    metrics: Mapping[str, float] = MappingProxyType({"psnr": 30.0}),
    **fields: Any,
) -> Record:
    """A cell of two images in a store, whole: pictures of these bytes, their scores around each mean, log, record."""
    ingredients = {"method": {"name": name}}
    key = digest(ingredients)
    folder = store.folder("cells", key)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "images").mkdir(parents=True)
    for image in ("a", "b"):
        (folder / f"images/{image}.png").write_bytes(sr + image.encode())
    (folder / "log.txt").write_text(f"log of {name}")
    rows = [
        {"image": image, "metric": metric, "value": mean + off}
        for metric, mean in metrics.items()
        for image, off in (("a", -1.0), ("b", 1.0))
    ]
    record = Record(
        key=key,
        schema=2,
        status="ok",
        point={"method": name},
        ingredients=ingredients,
        images={"a": "a.png", "b": "b.png"},
        files=store.hashes("cells", key, ["images/a.png", "images/b.png"]),
        metrics={metric: MetricResult(key=metric, name=metric, value=mean, n=2) for metric, mean in metrics.items()},
    )
    record = msgspec.structs.replace(record, **fields)
    store.write_with_scores(record, pa.Table.from_pylist(rows, SCORES))
    found = store.read("cells", key)
    assert found is not None
    return found


def made_failure(store: Store, name: str, status: Status = "failed") -> Record:
    """A cell that did not go well, in a store, with its log."""
    ingredients = {"method": {"name": name}}
    key = digest(ingredients)
    record = Record(key=key, schema=2, status=status, reason="why", point={"method": name}, ingredients=ingredients)
    shutil.rmtree(store.folder("cells", key), ignore_errors=True)
    store.write("cells", record)
    (store.folder("cells", key) / "log.txt").write_text(f"log of {name}")
    return record


def made_model(store: Store, name: str, weights: bytes = b"weights", **fields: Any) -> Record:
    """A model in a store, with a log."""
    ingredients = {"model": name}
    key = digest(ingredients)
    folder = store.folder("models", key)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights").write_bytes(weights)
    (folder / "log.txt").write_text(f"log of {name}")
    files = store.hashes("models", key, ["weights"])
    record = Record(key=key, schema=2, status="ok", point={"model": name}, ingredients=ingredients, files=files)
    record = msgspec.structs.replace(record, **fields)
    store.write("models", record)
    return record


def leave_lease(root: Path, name: str, process: Process | None = None, alone: bool = False) -> Path:
    """The lease of a process, on a machine of which nobody here knows anything unless told otherwise."""
    path = Leases(root).path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = Holder(process or Process("elsewhere", "another kernel", 1, 1), "a run", alone)
    path.write_bytes(msgspec.json.encode(holder))
    return path


def contents(store: Store) -> dict[str, str]:
    """The sha256 of every file of a store but its cache and what tells of those at work, by place."""
    files = {path.relative_to(store.root).as_posix(): path for path in store.root.rglob("*") if path.is_file()}
    passed_over = ("index.sqlite", "runs/")
    return {place: sha256_of(path) for place, path in files.items() if not place.startswith(passed_over)}
