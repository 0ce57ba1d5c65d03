"""`items.csv` beside folders of pictures: what is known of each image besides its pixels."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from srbench import DatasetError, Values

TABLE = "items.csv"
_KNOWN = frozenset(
    {"id", "split", "label", "group", "region", "low", "high", "curve", "knee", "pivot", "unit"}
    | {"hr", "lr", "mask", "hr_height", "hr_width", "lr_height", "lr_width", "lr_from"}
)
"""The columns that have a meaning, and those that `srbench prepare` writes."""


@dataclass(frozen=True)
class Facts:
    """What a table says of an image; None where it says nothing. As in `srbench.Item`. others: the other columns."""

    label: str | None = None
    group: str | None = None
    region: tuple[int, int, int, int] | None = None
    values: Values | None = None
    others: Mapping[str, str] = field(default_factory=dict)


def read_table(path: Path) -> dict[tuple[str, str], Facts]:
    """The facts of each image, by its split and its name (that of HR's file, without suffix).

    The columns `id` and `split` say which image it is. `label`, `group`, `region` (top, left, height and width, with
    spaces between), `low` and `high`, `curve`, `knee`, `pivot` and `unit` may be there or not; others are taken as they
    are. Raises `DatasetError` with the line that is wrong.
    """
    found: dict[tuple[str, str], Facts] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"id", "split"} - set(rows.fieldnames or ())
            if missing:
                raise DatasetError(
                    f"{path}: the first line should name the columns, {' and '.join(sorted(missing))} too"
                )
            for row in rows:
                where = row["split"] or "", row["id"] or ""
                if where in found:
                    raise DatasetError(f"{path}:{rows.line_num}: {where[1]!r} of {where[0]!r} is there twice")
                try:
                    found[where] = _facts(row)
                except ValueError as error:
                    raise DatasetError(f"{path}:{rows.line_num}: {error}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from None
    return found


def _facts(row: Mapping[str, str | None]) -> Facts:
    label, group, region = (row.get(name) or None for name in ("label", "group", "region"))
    others = {name: value for name, value in row.items() if name and name not in _KNOWN and value}
    return Facts(label, group, None if region is None else _region(region), _values(row), others)


def _region(text: str) -> tuple[int, int, int, int]:
    try:
        top, left, height, width = map(int, text.split())
    except ValueError:
        raise ValueError(f"a region is top, left, height and width, such as 0 0 120 96, not {text!r}") from None
    return top, left, height, width


def _values(row: Mapping[str, str | None]) -> Values | None:
    low, high = row.get("low"), row.get("high")
    if not low and not high:
        return None
    if not low or not high:
        raise ValueError("black and white (low and high) are there both or not at all")
    values = Values(float(low), float(high), unit=row.get("unit") or "")
    curve = row.get("curve") or "linear"
    if curve == "linear":
        return values
    if curve != "asinh":
        raise ValueError(f"the curve {curve!r} is neither linear nor asinh")
    return replace(values, curve="asinh", knee=float(row.get("knee") or 1), pivot=float(row.get("pivot") or 0))
