"""HR and LR of a cell's test split kept in the store, for its pages."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence

from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.store.records import Record, Store
from srbench.store.references import Reference, References


def keep_references(store: Store, record: Record, protocol: Protocol, items: Sequence[Item]) -> None:
    """Keep what SR was compared with, and what methods were given, unless another cell of the split did.

    A fault goes to the log: it costs pages their HR, and no cell its result.
    """
    try:
        References.of(store.root, record.ingredients).keep(_references(protocol, items))
    except Exception:
        traceback.print_exc()


def _references(protocol: Protocol, items: Sequence[Item]) -> Iterator[tuple[str, Reference]]:
    for item in items:
        hr, peak = item.read_hr()
        if protocol.task == "generation":
            yield item.id, Reference(hr, peak, label=item.label)
        else:
            lr = protocol.lr(hr, peak, item.id, protocol.shipped_lr(item))
            yield item.id, Reference(*protocol.reference(hr, peak), lr, item.label)
