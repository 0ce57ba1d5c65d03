"""Records on disk. Immutable files, one folder a cell, are the truth; SQLite is a cache of them.

STORE/cells/<2 hex>/<key>/record.json      written last: a cell is done when this file exists
                         /scores.parquet   one row an image and metric
                         /images/ID.png    SR as scored
                         /log.txt
STORE/models/<2 hex>/<key>/                record.json, the method's files, history.csv, checkpoint/
STORE/index.sqlite                         a cache of the records
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Literal

import msgspec

from srbench.errors import SrbenchError

Status = Literal["ok", "skipped", "failed", "timeout", "out_of_memory", "killed"]
Shelf = Literal["cells", "models"]


class StoreError(SrbenchError):
    """A store that cannot be read or written; the message names the path."""


class MetricResult(msgspec.Struct, kw_only=True):
    """One metric of one cell.

    key: of the metric's plugin and parameters. value: the mean over images (for a set metric, its value), None unless
    ok. n: images in it. infinite: images left out of the mean because their score is infinite (identical images).
    """

    key: str
    status: Literal["ok", "skipped", "failed"] = "ok"
    reason: str = ""
    value: float | None = None
    n: int = 0
    infinite: int = 0
    unit: str = ""
    higher_is_better: bool = True
    per_image: bool = True


class Record(msgspec.Struct, kw_only=True):
    """What a cell (or the training of a model) left behind.

    reason: why it is not ok, in words. point: the cell's coordinates. ingredients: what its key is made of.
    cost: numbers by name: `train_seconds`, `train_steps`, `upscale_seconds`, `ms_per_megapixel` (of SR),
    `peak_memory_gb`, `parameters`. lr: whether the LR was `made`, `shipped`, or `mixed`. images: the SR files' names,
    by image id. labels: the images' labels. model: the key of the model it used. environment: where it ran.
    """

    key: str
    schema: int
    status: Status
    reason: str = ""
    point: dict[str, str | int | None] = {}
    ingredients: dict[str, Any] = {}
    metrics: dict[str, MetricResult] = {}
    cost: dict[str, float | None] = {}
    lr: str | None = None
    images: dict[str, str] = {}
    model: str | None = None
    environment: dict[str, Any] = {}
    notes: list[str] = []
    started: str = ""
    seconds: float = 0.0
    log_tail: str = ""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, even after a crash."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
