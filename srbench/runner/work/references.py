"""HR and LR of a cell's test split kept in the store, for its pages."""

from __future__ import annotations

import traceback
from collections.abc import Iterable

from srbench.store.record import Record
from srbench.store.records import Store
from srbench.store.references import Reference, References


def keep_references(store: Store, record: Record, images: Iterable[tuple[str, Reference]]) -> None:
    """Keep what SR was compared with, and what methods were given, unless another cell of the split did.

    A fault goes to the log: it costs pages their HR, and no cell its result.
    """
    try:
        References.of(store.root, record.ingredients).keep(images)
    except Exception:
        traceback.print_exc()
