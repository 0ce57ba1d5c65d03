"""`published`: values that papers print, which stand on pages beside what was measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from srbench.contract.protocol import Protocol
from srbench.errors import SrbenchError, nearest
from srbench.matrix.entries import Named
from srbench.matrix.fields import Fields
from srbench.matrix.nodes import KeyValue, Node, shorten

KEYS = ("method", "dataset", "protocol", "source", "table")


@dataclass(frozen=True)
class PublishedValues:
    """A row of a paper's table. source: the paper. table: where in it. values: as they are printed, by metric."""

    method: str
    dataset: str
    protocol: str
    source: str
    table: str
    values: Mapping[str, str]


class PublishedReader:
    """Reads the rows against what the rest of the file names. Faults go to `fields`.

    in_doubt: which of `datasets`, `protocols` and `metrics` have entries that could not be read: a row may name these.
    """

    def __init__(
        self,
        fields: Fields,
        datasets: Sequence[Named],
        protocols: Sequence[Protocol],
        metrics: Sequence[Named],
        in_doubt: Collection[str] = (),
    ) -> None:
        self._fields, self._in_doubt = fields, in_doubt
        self._datasets = [named.name for named in datasets]
        self._protocols = [protocol.name for protocol in protocols]
        self._metrics = {named.name: named for named in metrics}

    def rows(self, node: Node) -> tuple[PublishedValues, ...]:
        """The rows of the list that are as they should be."""
        found: dict[tuple[str, str, str], Node] = {}
        rows = []
        for item in self._fields.items(node, "rows, each a mapping"):
            row = self._row(item)
            if row is None:
                continue
            before = found.setdefault((row.method, row.dataset, row.protocol), item)
            if before is not item:
                self._fields.fault(
                    item, f"{shorten(row.method)!r} of {row.dataset} is there twice, first at line {before.line}"
                )
            rows.append(row)
        return tuple(rows)

    def _row(self, node: Node) -> PublishedValues | None:
        doubtful = "metrics" in self._in_doubt
        asked = node.value if doubtful and isinstance(node.value, dict) else {}
        valid = dict.fromkeys((*KEYS, *self._metrics, *asked))
        keys = self._fields.keys(node, tuple(valid), "a published row: a mapping")
        if keys is None:
            return None
        for key in ("method", "source"):
            if key not in keys:
                self._fields.fault(node, f"a published row needs the key {key!r}")
        values = {name: self._value(name, pair[1]) for name, pair in keys.items() if name in self._metrics}
        if not values and not doubtful:
            self._fields.fault(node, f"a published row needs the value of a metric: {', '.join(self._metrics)}")
        texts = {
            key: self._fields.line(keys[key][1], f"`{key}`") if key in keys else "" for key in ("method", "source")
        }
        return PublishedValues(
            texts["method"],
            self._named(node, keys, "dataset", self._datasets),
            self._named(node, keys, "protocol", self._protocols),
            texts["source"],
            keys["table"][1].text.strip() if "table" in keys and self._is_scalar(keys["table"][1]) else "",
            values,
        )

    def _is_scalar(self, node: Node) -> bool:
        if isinstance(node.value, list | dict) or not node.text.strip() or not node.text.isprintable():
            self._fields.fault(node, "`table`: expected a number or one line of text")
            return False
        return True

    def _named(self, node: Node, keys: Mapping[str, KeyValue], key: str, names: Sequence[str]) -> str:
        """The dataset or protocol of a row: one of the matrix; the only one, where there is but one."""
        if key in keys:
            place = keys[key][1]
            if place.text in names and not isinstance(place.value, list | dict):
                return place.text
            if f"{key}s" in self._in_doubt:
                return place.text
            self._fields.fault(
                place, f"`{key}`: {shorten(place.text)!r} is none of `{key}s`.{nearest(place.text, names)}"
            )
        elif len(names) != 1 and f"{key}s" not in self._in_doubt:
            self._fields.fault(node, f"a published row needs the key {key!r}: one of {', '.join(names)}")
        return names[0] if names else ""

    def _value(self, metric: str, node: Node) -> str:
        """A value of a metric as it is written, within the metric's range."""
        number = self._fields.number(node, f"`{metric}`")
        if number is None:
            return ""
        try:
            low, high = self._metrics[metric].thing.registered.load().range
        except SrbenchError:  # told where the metric is named
            low, high = number, number
        if not low <= number <= high:
            told = f"{shorten(node.text)} is none of its values, which are from {low:g} to {high:g}"
            self._fields.fault(node, f"`{metric}`: {told}")
        return f"{number:g}" if node.text.startswith("0") and node.text[1:2] in ("x", "o") else node.text
