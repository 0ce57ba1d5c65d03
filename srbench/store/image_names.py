"""What images were called where they came from: noted beside the user's cache, never in a store or on a page.

A store may be copied, shared and merged; a name that tells a patient may not. A plan notes the names anew, so that
nothing is lost with the cache.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from srbench.store.cell import digest
from srbench.store.files import write_atomically
from srbench.store.records import Store
from srbench.store.user_folder import made_user_cache, user_cache


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
    place = names_file(store)
    made_user_cache()
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(place, text.getvalue().encode())


def read_names(store: Store) -> list[ImageName]:
    """The names that are noted."""
    path = names_file(store)
    if not path.exists():
        return []
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    return [ImageName(*(row[column] or "" for column in ImageName._fields)) for row in rows]


def names_file(store: Store) -> Path:
    """The table of a store, by where that lies."""
    return user_cache() / "names" / f"{digest([str(store.root.resolve())])[:16]}.csv"
