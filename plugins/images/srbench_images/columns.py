"""A table beside pictures: the class, group, split, mask and subgroups of each, in the columns somebody gave it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TextIO

from srbench import DatasetError

Columns = Mapping[str, str | Sequence[str]]
_KNOWN = ("file", "label", "group", "split", "mask")


@dataclass(frozen=True)
class Row:
    """What a table says of a picture; empty where it says nothing. attributes: the cells of further columns by name."""

    label: str = ""
    group: str = ""
    split: str = ""
    mask: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def read_columns(path: Path, columns: Columns, further: Sequence[str] = ()) -> dict[str, Row]:
    """The rows of a table by the file that each is about: place, name, and name without suffix.

    columns: what is in which column: `file` (needed), `label`, `group`, `split`, `mask`. Several columns for `label`
    are classes, of which each row has a number above 0.5 in one. further: columns that are taken as they are, where
    the table has them. Separators are commas, semicolons or tabs. Raises `DatasetError` with the line that is wrong.
    """
    for name in columns:
        if name not in _KNOWN:
            raise DatasetError(f"`columns` names {', '.join(_KNOWN)}, not {name!r}")
    if "file" not in columns:
        raise DatasetError(f"{path}: `columns` has to say which column names the `file`")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter=_separator(file))
            _check(path, columns, rows.fieldnames or [])
            found: dict[str, Row] = {}
            doubtful: set[str] = set()
            for row in rows:
                where = f"{path}:{rows.line_num}"
                name = str(row[str(columns["file"])] or "").strip()
                if not name:
                    raise DatasetError(f"{where}: names no file")
                told = {one: cell for one in further if (cell := _cell(where, row, one))}
                label, group, split, mask = (_cell(where, row, columns.get(one, "")) for one in _KNOWN[1:])
                made = Row(label, group, split, mask, told)
                place, *shorter = _keys(name)
                if found.get(place, made) != made and place not in doubtful:
                    raise DatasetError(f"{where}: {name!r} is there twice, and not with the same facts")
                found[place] = made
                for key in shorter:  # which may be those of other files, too
                    if found.setdefault(key, made) != made:
                        doubtful.add(key)
            return {key: row for key, row in found.items() if key not in doubtful}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from None


def column_names(path: Path) -> list[str]:
    """The names of a table's columns; none where it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=_separator(file)).fieldnames or [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def row_of(rows: Mapping[str, Row], place: Path, stem: str) -> Row | None:
    """The row about a picture, by its file's place; None where there is none."""
    return next((rows[key] for key in (place.as_posix(), place.name, stem) if key in rows), None)


def _separator(file: TextIO) -> str:
    """What stands between the cells of a table, by its first line; the file is where it was."""
    head = file.readline()
    file.seek(0)
    return max(",;\t", key=head.count)


def _keys(name: str) -> list[str]:
    path = PurePosixPath(name.replace("\\", "/"))
    return list(dict.fromkeys([path.as_posix(), path.name, path.stem if path.suffix else path.name]))


def _check(path: Path, columns: Columns, held: Sequence[str]) -> None:
    wanted = [one for name in columns.values() for one in ([name] if isinstance(name, str) else name)]
    for column in wanted:
        if column not in held:
            raise DatasetError(
                f"{path}: has no column {column!r}; there are {', '.join(map(repr, held))}. What a preset names is "
                "replaced under `columns`, key by key, or left out by null"
            )


def _cell(where: str, row: Mapping[str, str | None], column: str | Sequence[str]) -> str:
    if isinstance(column, str):
        return (row.get(column) or "").strip() if column else ""
    try:
        classes = [name for name in column if float(row[name] or 0) > 0.5]
    except ValueError as error:
        raise DatasetError(f"{where}: {error}; several columns of a label hold 0 or 1") from None
    if len(classes) != 1:
        raise DatasetError(f"{where}: has {len(classes)} of the classes {', '.join(column)}; it should have one")
    return classes[0]
