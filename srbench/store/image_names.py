"""STORE/names.csv: what images were called where they came from. It stays on the machine; pages are made without it."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from typing import NamedTuple

from srbench.store.files import write_atomically
from srbench.store.records import Store

NAMES = "names.csv"


class ImageName(NamedTuple):
    """An image whose id is not what it is called. name: of its file, printable."""

    dataset: str
    split: str
    id: str
    name: str


def write_names(store: Store, names: Collection[ImageName]) -> None:
    """Note the names; those that were noted before of other datasets' splits stay."""
    known = read_names(store)
    planned = {(one.dataset, one.split) for one in names}
    rows = sorted({*names, *(one for one in known if (one.dataset, one.split) not in planned)})
    if rows == known:
        return
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([ImageName._fields, *rows])
    write_atomically(store.root / NAMES, text.getvalue().encode())


def read_names(store: Store) -> list[ImageName]:
    """The names that are noted."""
    path = store.root / NAMES
    if not path.exists():
        return []
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    return [ImageName(*(row[column] or "" for column in ImageName._fields)) for row in rows]
